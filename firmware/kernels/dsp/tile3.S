// Three rows of inputs times pairs of output channels (README.md, 'dsp').
//
// A packed weight is 256 * w1 + w0. P sums inputs times packed weights, S inputs times w0; then
// (P - S) / 256 is the sum for w1, exactly as long as it is below 2^23: for 511 inputs. So at
// least every 448 inputs the sums for w1 are put aside (T).
#include "asm.h"

    .syntax unified
    .thumb
    .section .text.nn_tile3, "ax", %progbits

// On the stack, as in the struct
    .equ ACTS, 0
    .equ ZEROS, 4       // six, for the sums
    .equ ENTRY, 28
    .equ ROUND_DONE, 32 // what comes after a round of the loop
    .equ ZERO, 36
    .equ STEP, 40
    .equ WEIGHTS_END, 44
    .equ STOP, 48       // where the inputs of this part end,
    .equ PART_DONE, 52  // and what comes then
    .equ FIRST_STOP, 56
    .equ ACTS_END, 60
    .equ OUTPUTS, 64
    .equ T, 68
    .equ FRAME, 80

// In the struct, behind those
    .equ GROUPS, 88

    .equ BLOCK, 16      // groups in a round of the loop
    .equ PART, 112      // groups in a part: 448 inputs
    .equ GROUP_CODE, 17 * 4
    .equ GROUP_ACTS, 24

// r0 inputs, r1 weights, r2 r3 packed weights, r5-r7 inputs, r8-r10 P, r11 r12 r4 S, lr outputs
.macro multiply weight
    smlad r8, r5, \weight, r8
    smlad r9, r6, \weight, r9
    smlad r10, r7, \weight, r10
    sxtb16.w \weight, \weight
    smlad r11, r5, \weight, r11
    smlad r12, r6, \weight, r12
    smlad r4, r7, \weight, r4
.endm

.macro put_aside sum low at
    ldr r2, [sp, #T + \at]
    sub \sum, \sum, \low
    add r2, r2, \sum, asr #7
    str r2, [sp, #T + \at]
    mov \sum, \low
.endm

// r0 the struct; it becomes the frame
    .global nn_tile3_begin
    .type nn_tile3_begin, %function
    .thumb_func
    .balign 4
nn_tile3_begin:
    push {r4-r7, lr}
    ldr r1, [r0, #ACTS]
    ldr r2, [r0, #GROUPS]
    ldr r3, [r0, #ZERO]
    mov r4, #GROUP_ACTS
    mla r12, r2, r4, r1
    str r12, [r0, #ACTS_END]
    code_address r5, finish0
    code_address r6, outputs0
    cmn r3, #128
    bne 1f
    code_address r5, finish1
    code_address r6, outputs1
1:  str r6, [r0, #OUTPUTS]
    sub r3, r2, #1                  // the groups of the first round: 1 to BLOCK
    and r3, r3, #BLOCK - 1
    add r3, r3, #1
    code_address r6, round_end
    mov r7, #GROUP_CODE
    mls r6, r3, r7, r6
    str r6, [r0, #ENTRY]
    cmp r2, #BLOCK
    bls 3f                          // one round
    cmp r2, #PART
    bls 2f
    add r3, r3, #PART - BLOCK
    mla r12, r3, r4, r1
    code_address r5, aside
2:  str r12, [r0, #FIRST_STOP]
    str r12, [r0, #STOP]
    str r5, [r0, #PART_DONE]
    code_address r5, next_round
3:  str r5, [r0, #ROUND_DONE]
    pop {r4-r7, pc}
    .size nn_tile3_begin, . - nn_tile3_begin

    .global nn_tile3
    .type nn_tile3, %function
    .thumb_func
    .balign 4
nn_tile3:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    mov r1, sp
    ldmia r0!, {r2-r11}
    stmia r1!, {r2-r11}
    ldmia r0!, {r2-r11}
    stmia r1, {r2-r11}
    ldrd r1, lr, [r0]               // WEIGHTS and OUT

pair:
    ldmia sp, {r0, r4, r8-r12, pc}  // ACTS, ZEROS, ENTRY

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
    ldr pc, [sp, #ROUND_DONE]

    .balign 4
next_round:
    ldr r2, [sp, #STOP]
    cmp r0, r2
    bne round
    ldr pc, [sp, #PART_DONE]

.macro ending relu
    .balign 4
finish\relu:
    ldmia r1!, {r0, r2, r3, r5-r7}  // doubled biases, multiplier and scale of each
    sub r8, r8, r11
    sub r9, r9, r12
    sub r10, r10, r4
    add r8, r2, r8, asr #7
    add r9, r2, r9, asr #7
    add r10, r2, r10, asr #7
outputs\relu:                          // r8-r10: doubled sums of the second channel
    add r11, r0, r11, lsl #1
    add r12, r0, r12, lsl #1
    add r4, r0, r4, lsl #1
    ldrd r0, r2, [sp, #ZERO]
    requantise r12, r3, r5, r0, \relu
    strb r12, [lr, r2]
    requantise r4, r3, r5, r0, \relu
    strb r4, [lr, r2, lsl #1]
    requantise r11, r3, r5, r0, \relu
    strb r11, [lr], #1
    requantise r9, r6, r7, r0, \relu
    strb r9, [lr, r2]
    requantise r10, r6, r7, r0, \relu
    strb r10, [lr, r2, lsl #1]
    requantise r8, r6, r7, r0, \relu
    strb r8, [lr], #1
    ldr r2, [sp, #WEIGHTS_END]
    cmp r1, r2
    bne pair
    add sp, sp, #FRAME
    pop {r4-r11, pc}
.endm
    ending 0
    ending 1

    .balign 4
aside:
    put_aside r8, r11, 0
    put_aside r9, r12, 4
    put_aside r10, r4, 8
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
    mov r2, #0
    ldr r8, [sp, #T]
    ldrd r9, r10, [sp, #T + 4]
    str r2, [sp, #T]
    str r2, [sp, #T + 4]
    str r2, [sp, #T + 8]
    ldmia r1!, {r0, r2, r3, r5-r7}
    add r8, r8, r2
    add r9, r9, r2
    add r10, r10, r2
    ldr pc, [sp, #OUTPUTS]
    .size nn_tile3, . - nn_tile3
