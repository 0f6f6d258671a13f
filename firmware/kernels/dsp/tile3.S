// Three rows of inputs times pairs of output channels (README.md, 'dsp').
//
// A packed weight is 256 * w1 + w0. P sums inputs times packed weights, S inputs times w0; then
// (P - S) / 256 is the sum for w1, exactly as long as it is below 2^23: for 511 inputs. So at
// least every 448 inputs the sums for w1 are put aside (T).
    .syntax unified
    .thumb
    .section .text.nn_tile3, "ax", %progbits

// On the stack
    .equ ACTS, 0
    .equ ZEROS, 4       // six, for the sums
    .equ ENTRY, 28
    .equ STOP, 32       // where the inputs of this part end,
    .equ HANDLER, 36    // and what comes then
    .equ ZERO, 40
    .equ OUT, 44
    .equ OFFSET1, 48
    .equ OFFSET2, 52
    .equ WEIGHTS_END, 56
    .equ FIRST_STOP, 60
    .equ ACTS_END, 64
    .equ T, 68
    .equ FRAME, 84

    .equ BLOCK, 16      // groups in a round of the loop
    .equ PART, 112      // groups in a part: 448 inputs
    .equ GROUP_CODE, 17 * 4
    .equ GROUP_ACTS, 24

// r0 inputs, r1 weights, r2 r3 packed weights, r4 w0, r5-r7 inputs, r8-r10 P, r11 r12 lr S
.macro multiply weight
    sxtb16.w r4, \weight
    smlad r8, r5, \weight, r8
    smlad r11, r5, r4, r11
    smlad r9, r6, \weight, r9
    smlad r12, r6, r4, r12
    smlad r10, r7, \weight, r10
    smlad lr, r7, r4, lr
.endm

.macro put_aside sum low at
    ldr r2, [sp, #T + \at]
    sub \sum, \sum, \low
    add r2, r2, \sum, asr #7
    str r2, [sp, #T + \at]
    mov \sum, \low
.endm

.macro requantise sum
    smmulr \sum, \sum, r2
    add \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, r3, r4
    ssat \sum, #8, \sum
.endm

    .global nn_tile3
    .type nn_tile3, %function
    .thumb_func
    .balign 4
nn_tile3:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    ldmia r0!, {r1-r4}              // weights, their end, inputs, groups
    str r2, [sp, #WEIGHTS_END]
    str r3, [sp, #ACTS]
    ldmia r0, {r5-r8}
    strd r5, r6, [sp, #ZERO]
    strd r7, r8, [sp, #OFFSET1]
    mov r5, #GROUP_ACTS
    mla r6, r4, r5, r3
    str r6, [sp, #ACTS_END]
    sub r7, r4, #1                  // the groups of the first round: 1 to BLOCK
    and r7, r7, #BLOCK - 1
    add r7, r7, #1
    adr.w r8, round_end
    mov r9, #GROUP_CODE
    mls r8, r7, r9, r8
    orr r8, r8, #1
    str r8, [sp, #ENTRY]
    adr.w r9, finish
    cmp r4, #PART
    bls 1f
    add r7, r7, #PART - BLOCK
    mla r6, r7, r5, r3
    adr.w r9, aside
1:  orr r9, r9, #1
    str r6, [sp, #FIRST_STOP]
    str r6, [sp, #STOP]
    str r9, [sp, #HANDLER]
    mov r2, #0
    str r2, [sp, #T]
    str r2, [sp, #T + 4]
    str r2, [sp, #T + 8]
    mov r3, #0
    strd r2, r3, [sp, #ZEROS]
    strd r2, r3, [sp, #ZEROS + 8]
    strd r2, r3, [sp, #ZEROS + 16]

pair:
    ldmia sp, {r0, r8-r12, lr}      // ACTS and ZEROS
    ldr pc, [sp, #ENTRY]

    .balign 4
round:
.rept BLOCK
    ldmia.w r1!, {r2, r3}
    ldmia.w r0!, {r5, r6, r7}
    multiply r2
    ldmia.w r0!, {r5, r6, r7}
    multiply r3
.endr
round_end:
    .if round_end - round != BLOCK * GROUP_CODE
    .error "a group of the loop has another size than GROUP_CODE"
    .endif
    ldr r2, [sp, #STOP]
    cmp r0, r2
    bne round
    ldr pc, [sp, #HANDLER]

    .balign 4
finish:
    sub r8, r8, r11
    sub r9, r9, r12
    sub r10, r10, lr
    ldmia r1!, {r2, r3}             // doubled biases
    add r8, r3, r8, asr #7
    add r9, r3, r9, asr #7
    add r10, r3, r10, asr #7
outputs:                            // r8-r10: doubled sums of the second channel
    add r11, r2, r11, lsl #1
    add r12, r2, r12, lsl #1
    add lr, r2, lr, lsl #1
    ldmia r1!, {r2, r3}             // multiplier, scale
    ldrd r4, r5, [sp, #ZERO]
    ldrd r6, r7, [sp, #OFFSET1]
    requantise r11
    strb r11, [r5]
    requantise r12
    strb r12, [r5, r6]
    requantise lr
    strb lr, [r5, r7]
    ldmia r1!, {r2, r3}
    requantise r8
    strb r8, [r5, #1]!
    requantise r9
    strb r9, [r5, r6]
    requantise r10
    strb r10, [r5, r7]
    add r5, r5, #1
    str r5, [sp, #OUT]
    ldr r2, [sp, #WEIGHTS_END]
    cmp r1, r2
    bne pair
    add sp, sp, #FRAME
    pop {r4-r11, pc}

    .balign 4
aside:
    put_aside r8, r11, 0
    put_aside r9, r12, 4
    put_aside r10, lr, 8
    ldr r2, [sp, #STOP]
    ldr r3, [sp, #ACTS_END]
    cmp r2, r3
    beq last
    add r2, r2, #PART * GROUP_ACTS
    cmp r2, r3
    it hi
    movhi r2, r3
    str r2, [sp, #STOP]
    b round
last:
    ldr r2, [sp, #FIRST_STOP]
    str r2, [sp, #STOP]
    ldmia r1!, {r2, r3}
    ldr r8, [sp, #T]
    ldr r9, [sp, #T + 4]
    ldr r10, [sp, #T + 8]
    add r8, r8, r3
    add r9, r9, r3
    add r10, r10, r3
    mov r3, #0
    str r3, [sp, #T]
    str r3, [sp, #T + 4]
    str r3, [sp, #T + 8]
    b outputs
    .size nn_tile3, . - nn_tile3
