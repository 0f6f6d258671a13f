// One row of inputs times pairs of output channels: tile3.S says how.
    .syntax unified
    .thumb
    .section .text.nn_tile1, "ax", %progbits

// On the stack
    .equ ACTS, 0
    .equ ZEROS, 4       // two, for the sums
    .equ ENTRY, 12
    .equ EVEN_ENTRY, 16
    .equ STOP, 20
    .equ HANDLER, 24
    .equ ZERO, 28
    .equ WEIGHTS_END, 32
    .equ FIRST_STOP, 36
    .equ ACTS_END, 40
    .equ T, 44
    .equ FRAME, 52

    .equ BLOCK, 32      // groups in a round, two of them in a unit of code
    .equ PART, 96       // groups in a part: 384 inputs
    .equ UNIT_CODE, 14 * 4
    .equ GROUP_ACTS, 8

// r0 inputs, r1 weights, r2-r5 packed weights, r6-r9 inputs, r10 w0, r11 P, r12 S, lr outputs
.macro multiply weight act
    sxtb16.w r10, \weight
    smlad r11, \act, \weight, r11
    smlad r12, \act, r10, r12
.endm

.macro requantise sum multiplier scale
    smmulr \sum, \sum, \multiplier
    add \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, \scale, r6
    ssat \sum, #8, \sum
.endm

    .global nn_tile1
    .type nn_tile1, %function
    .thumb_func
    .balign 4
nn_tile1:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    ldmia r0!, {r1-r4}              // weights, their end, inputs, groups
    str r2, [sp, #WEIGHTS_END]
    str r3, [sp, #ACTS]
    ldrd r5, lr, [r0]               // zero, outputs
    str r5, [sp, #ZERO]
    add r6, r3, r4, lsl #3
    str r6, [sp, #ACTS_END]
    sub r7, r4, #1                  // the groups of the first round: 1 to BLOCK
    and r7, r7, #BLOCK - 1
    add r7, r7, #1
    adr.w r8, round_end
    mov r9, #UNIT_CODE
    lsr r10, r7, #1
    mls r8, r10, r9, r8
    orr r8, r8, #1
    str r8, [sp, #EVEN_ENTRY]
    lsls r10, r7, #31
    beq 1f
    adr.w r8, odd_group
    orr r8, r8, #1
1:  str r8, [sp, #ENTRY]
    adr.w r9, finish
    cmp r4, #PART
    bls 2f
    add r7, r7, #PART - BLOCK
    add r6, r3, r7, lsl #3
    adr.w r9, aside
2:  orr r9, r9, #1
    str r6, [sp, #FIRST_STOP]
    str r6, [sp, #STOP]
    str r9, [sp, #HANDLER]
    mov r2, #0
    str r2, [sp, #T]
    mov r3, #0
    strd r2, r3, [sp, #ZEROS]

pair:
    ldmia sp, {r0, r11, r12, pc}    // ACTS, ZEROS, ENTRY

    .balign 4
odd_group:
    ldmia r1!, {r2, r3}
    ldmia r0!, {r6, r7}
    multiply r2, r6
    multiply r3, r7
    ldr pc, [sp, #EVEN_ENTRY]

    .balign 4
round:
.rept BLOCK / 2
    ldmia.w r1!, {r2-r5}
    ldmia.w r0!, {r6-r9}
    multiply r2, r6
    multiply r3, r7
    multiply r4, r8
    multiply r5, r9
.endr
round_end:
    .if round_end - round != BLOCK / 2 * UNIT_CODE
    .error "a unit of the loop has another size than UNIT_CODE"
    .endif
    ldr r2, [sp, #STOP]
    cmp r0, r2
    bne round
    ldr pc, [sp, #HANDLER]

    .balign 4
finish:
    sub r11, r11, r12
    ldmia r1!, {r0, r2-r5, r8}      // doubled biases, multiplier and scale of each
    add r11, r2, r11, asr #7
outputs:
    add r12, r0, r12, lsl #1
    ldr r6, [sp, #ZERO]
    requantise r12, r3, r4
    strb r12, [lr], #1
    requantise r11, r5, r8
    strb r11, [lr], #1
    ldr r2, [sp, #WEIGHTS_END]
    cmp r1, r2
    bne pair
    add sp, sp, #FRAME
    pop {r4-r11, pc}

    .balign 4
aside:
    ldr r2, [sp, #T]
    sub r11, r11, r12
    add r2, r2, r11, asr #7
    mov r11, r12
    ldr r3, [sp, #STOP]
    ldr r4, [sp, #ACTS_END]
    cmp r3, r4
    beq last
    str r2, [sp, #T]
    add r3, r3, #PART * GROUP_ACTS
    cmp r3, r4
    it hi
    movhi r3, r4
    str r3, [sp, #STOP]
    b round
last:
    mov r11, r2
    ldr r2, [sp, #FIRST_STOP]
    str r2, [sp, #STOP]
    mov r2, #0
    str r2, [sp, #T]
    ldmia r1!, {r0, r2-r5, r8}
    add r11, r11, r2
    b outputs
    .size nn_tile1, . - nn_tile1
