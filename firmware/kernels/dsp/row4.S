// Depthwise outputs of four channels, one pixel after the other.
#include "asm.h"

    .syntax unified
    .thumb
    .section .text.nn_row4, "ax", %progbits

// On the stack
    .equ IN, 0
    .equ WEIGHTS, 4
    .equ BIAS2, 8
    .equ ENTRY, 24          // where a kernel row begins; in the struct its columns
    .equ IN_STEP, 28
    .equ OUT_STEP, 32
    .equ STRIDE, 36
    .equ ZERO, 40           // and the outputs' address, multipliers and scales
    .equ OUT, 44
    .equ WEIGHTS_END, 80
    .equ PIXELS, 84
    .equ FRAME, 88

    .equ TAPS_3X3, 9 * 8    // bytes of weights
    .equ PAIRS, 4           // of a kernel row's columns
    .equ PAIR_CODE, 10 * 4

// r0 inputs, r1 weights, r2-r5 sums, r6-r9 inputs of two columns, r10 r11 r12 lr their weights
.macro pair
    ldmia.w r0!, {r6-r9}
    ldmia.w r1!, {r10-r12, lr}
    smlabb r2, r6, r10, r2
    smlabb r3, r7, r11, r3
    smlatt r4, r6, r10, r4
    smlatt r5, r7, r11, r5
    smlabb r2, r8, r12, r2
    smlabb r3, r9, lr, r3
    smlatt r4, r8, r12, r4
    smlatt r5, r9, lr, r5
.endm

.macro single
    ldmia.w r0!, {r6, r7}
    ldmia.w r1!, {r10, r11}
    smlabb r2, r6, r10, r2
    smlabb r3, r7, r11, r3
    smlatt r4, r6, r10, r4
    smlatt r5, r7, r11, r5
.endm

.macro next_row
    ldr r6, [sp, #IN_STEP]
    ldr r7, [sp, #WEIGHTS_END]
    add r0, r0, r6
    cmp r1, r7
    beq outputs
    ldr pc, [sp, #ENTRY]
.endm

.macro output sum multiplier scale at relu
    requantise \sum, \multiplier, \scale, r0, \relu
    strb \sum, [r1, #\at]
.endm

.macro outputs4 relu
    output r2, r6, r7, 0, \relu
    output r3, r8, r9, 1, \relu
    output r4, r10, r11, 2, \relu
    output r5, r12, lr, 3, \relu
.endm

    .global nn_row4
    .type nn_row4, %function
    .thumb_func
    .balign 4
nn_row4:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    mov r1, sp
    ldmia r0!, {r2-r12}
    stmia r1!, {r2-r12}
    ldmia r0, {r2-r12}
    stmia r1, {r2-r12}
    ldr r2, [sp, #ENTRY]
    adr.w r3, even
    lsrs r2, r2, #1
    it cs
    adrcs.w r3, odd
    mov r4, #PAIR_CODE
    mls r3, r2, r4, r3
    ldr r4, [sp, #WEIGHTS]
    ldr r5, [sp, #WEIGHTS_END]
    sub r5, r5, r4
    cmp r2, #1
    it eq
    cmpeq r5, #TAPS_3X3
    bne 1f
    adr.w r3, three
1:  orr r3, r3, #1
    str r3, [sp, #ENTRY]
pixel:
    ldmia sp, {r0-r5, pc}           // IN, WEIGHTS, BIAS2, ENTRY

    .balign 4
.rept PAIRS
    pair
.endr
even:
    next_row

    .balign 4
.rept PAIRS
    pair
.endr
odd:
    single
    next_row

    .balign 4
three:                          // 3x3, the most usual one, row after row
    pair
    single
.rept 2
    ldr r6, [sp, #IN_STEP]
    add r0, r0, r6
    pair
    single
.endr

outputs:
    add r0, sp, #ZERO
    ldmia r0, {r0, r1, r6-r12, lr}
    cmn r0, #128
    beq 1f
    outputs4 0
    b 2f
1:  outputs4 1
2:  ldrd r6, r7, [sp, #OUT_STEP]    // and STRIDE
    ldr r8, [sp, #PIXELS]
    ldr r0, [sp, #IN]
    add r1, r1, r6
    str r1, [sp, #OUT]
    add r0, r0, r7
    str r0, [sp, #IN]
    subs r8, r8, #1
    str r8, [sp, #PIXELS]
    bne pixel
    add sp, sp, #FRAME
    pop {r4-r11, pc}
    .size nn_row4, . - nn_row4

    .section .text.nn_widen4, "ax", %progbits
    .global nn_widen4
    .type nn_widen4, %function
    .thumb_func
    .balign 4
nn_widen4:
    push {r4, r5, r6, lr}
    lsrs r2, r2, #1
    bcc 2f
    ldr r4, [r0]
    add r0, r0, r1
    sxtb16 r5, r4, ror #8
    sxtb16 r4, r4
    stmia r3!, {r4, r5}
    cmp r2, #0
    beq 3f
2:  ldr r4, [r0]
    ldr r6, [r0, r1]
    add r0, r0, r1, lsl #1
    sxtb16 r5, r4, ror #8
    sxtb16 r4, r4
    sxtb16 r12, r6, ror #8
    sxtb16 r6, r6
    stmia r3!, {r4, r5, r6, r12}
    subs r2, r2, #1
    bne 2b
3:  pop {r4, r5, r6, pc}
    .size nn_widen4, . - nn_widen4
