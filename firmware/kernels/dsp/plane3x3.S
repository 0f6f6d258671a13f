// A channel's plane, 2x2 outputs at a time, from the top down; an odd last row 1x2, an odd first
// or last column 2x1.
#include "asm.h"

    .syntax unified
    .thumb
    .section .text.nn_plane3x3, "ax", %progbits

// On the stack: six words of weights, then
    .equ BIAS, 24
    .equ LAST, 28       // the inputs' address when one row of outputs is left
    .equ CONSTANTS, LAST
    .equ MULTIPLIER, 32 // scale, zero
    .equ OUT, 44        // less SLOPE for each byte of the inputs' address
    .equ PIXEL, 48
    .equ SLOPE, 52      // bytes of outputs for a byte of inputs: a quarter of a row
    .equ IN, 56
    .equ COLUMN, 60
    .equ ROWS, 64
    .equ COLUMNS, 68
    .equ OUT_TOP, 72
    .equ EDGE, 76
    .equ EDGE_BIAS, 80
    .equ FRAME, 84

// r0 left inputs, r1 right inputs, r2 r3 inputs of two rows
// r4-r6 (w0, w1), r7-r9 (w1, w2), r10 r11 upper outputs, r12 lr lower outputs
// The bias comes in lr; the first products add it.
.macro tile columns rows
    ldmia sp, {r4-r9, lr}
    ldrd r2, r3, [r0], #8
    smlad r10, r2, r4, lr
    smlad r10, r3, r5, r10
    .if \columns == 2
    smlabt r11, r4, r2, lr
    smlabt r11, r5, r3, r11
    .endif
    .if \rows == 2
    smlad r12, r3, r4, lr
    .if \columns == 2
    smlabt lr, r4, r3, lr
    .endif
    .endif
    last_rows r0, \rows
    smlad r10, r2, r6, r10
    .if \columns == 2
    smlabt r11, r6, r2, r11
    .endif
    .if \rows == 2
    smlad r12, r2, r5, r12
    smlad r12, r3, r6, r12
    .if \columns == 2
    smlabt lr, r5, r2, lr
    smlabt lr, r6, r3, lr
    .endif
    .endif
    ldrd r2, r3, [r1], #8
    smlatb r10, r7, r2, r10
    smlatb r10, r8, r3, r10
    .if \columns == 2
    smlad r11, r2, r7, r11
    smlad r11, r3, r8, r11
    .endif
    .if \rows == 2
    smlatb r12, r7, r3, r12
    .if \columns == 2
    smlad lr, r3, r7, lr
    .endif
    .endif
    last_rows r1, \rows
    smlatb r10, r9, r2, r10
    .if \columns == 2
    smlad r11, r2, r9, r11
    .endif
    .if \rows == 2
    smlatb r12, r8, r2, r12
    smlatb r12, r9, r3, r12
    .if \columns == 2
    smlad lr, r2, r8, lr
    smlad lr, r3, r9, lr
    .endif
    .endif
    outputs \columns, \rows
.endm

// One column whose left inputs are outside: the bias has them.
.macro edge_tile rows
    ldmia sp, {r4-r9, lr}
    ldrd r2, r3, [r0], #8
    smlad r10, r2, r7, lr
    smlad r10, r3, r8, r10
    .if \rows == 2
    smlad r12, r3, r7, lr
    .endif
    last_rows r0, \rows
    smlad r10, r2, r9, r10
    .if \rows == 2
    smlad r12, r2, r8, r12
    smlad r12, r3, r9, r12
    .endif
    outputs 1, \rows
.endm

.macro outputs columns rows
    add r2, sp, #CONSTANTS
    ldmia r2, {r2-r8}               // last, multiplier, scale, zero, out, pixel, slope
    mla r6, r0, r8, r6
    output r10, r11, \columns
    .if \rows == 2
    add r6, r6, r8, lsl #2
    output r12, lr, \columns
    cmp r0, r2
    .endif
.endm

// The third row of inputs, and the fourth where it is needed
.macro last_rows at rows
    .if \rows == 2
    ldrd r2, r3, [\at]
    .else
    ldr r2, [\at]
    .endif
.endm

.macro output left right columns
    requantise \left, r3, r4, r5, relu
    strb \left, [r6]
    .if \columns == 2
    requantise \right, r3, r4, r5, relu
    strb \right, [r6, r7]
    .endif
.endm

// For the inputs at r0: LAST (and in r2) and OUT; r3 is OUT_TOP
.macro begin_column
    ldr r2, [sp, #ROWS]
    ldr r3, [sp, #OUT_TOP]
    ldr r5, [sp, #SLOPE]
    add r6, r0, #8                  // as they are when outputs are stored
    mls r6, r6, r5, r3
    str r6, [sp, #OUT]
    add r2, r0, r2, lsl #2
    sub r2, r2, #4
    str r2, [sp, #LAST]
.endm

.macro bias_of_edge
    ldr r2, [sp, #BIAS]
    ldr r3, [sp, #EDGE_BIAS]
    str r3, [sp, #BIAS]
    str r2, [sp, #EDGE_BIAS]
.endm

.macro function name
    .global \name
    .type \name, %function
    .thumb_func
    .balign 4
\name:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    mov r1, sp
    ldmia r0!, {r2-r10}
    stmia r1!, {r2-r10}
    ldmia r0, {r2-r12, lr}
    stmia r1, {r2-r12, lr}
    ldr r2, [sp, #EDGE]
    cmp r2, #0
    beq column\@

    bias_of_edge
    ldr r0, [sp, #IN]
    begin_column
    ldr r6, [sp, #PIXEL]
    add r3, r3, r6
    str r3, [sp, #OUT_TOP]
    cmp r0, r2
    beq 2f
1:  edge_tile 2
    blo 1b
    bne 3f
2:  edge_tile 1
3:  bias_of_edge
    ldr r4, [sp, #COLUMNS]
    subs r4, r4, #1
    str r4, [sp, #COLUMNS]
    beq done\@

column\@:
    ldrd r0, r1, [sp, #IN]
    add r1, r0, r1
    str r1, [sp, #IN]
    begin_column
    ldr r4, [sp, #COLUMNS]
    cmp r4, #1
    beq narrow\@
    ldr r6, [sp, #PIXEL]
    add r3, r3, r6, lsl #1
    str r3, [sp, #OUT_TOP]
    sub r4, r4, #2
    str r4, [sp, #COLUMNS]
    cmp r0, r2
    beq 2f
1:  tile 2, 2
    blo 1b
    bne 3f
2:  tile 2, 1
3:  ldr r4, [sp, #COLUMNS]
    cmp r4, #0
    bne column\@
    b done\@

narrow\@:
    cmp r0, r2
    beq 2f
1:  tile 1, 2
    blo 1b
    bne done\@
2:  tile 1, 1

done\@:
    add sp, sp, #FRAME
    pop {r4-r11, pc}
    .size \name, . - \name
.endm

    .set relu, 0
    function nn_plane3x3
    .set relu, 1
    function nn_plane3x3_relu
