// A channel's plane, 2x2 outputs at a time, from the top down; an odd last column 2x1. An odd
// last row is reached by doing the row above it again.
    .syntax unified
    .thumb
    .section .text.nn_depthwise3x3, "ax", %progbits

// On the stack: nn_plane3x3_t, then
    .equ CONSTANTS, 28
    .equ OUT, 40
    .equ PIXEL, 44
    .equ ROW, 48
    .equ IN, 52
    .equ COLUMN, 56
    .equ ROWS, 60
    .equ COLUMNS, 64
    .equ LAST, 68       // the inputs' address when one row of outputs is left
    .equ OUT_TOP, 72
    .equ FRAME, 76

// r0 left inputs, r1 right inputs, r2 r3 inputs of two rows
// r4-r6 (w0, w1), r7-r9 (w1, w2), r10 r11 upper outputs, r12 lr lower outputs
// The bias comes in lr; the first products add it.
.macro left_first wide
    smlad r10, r2, r4, lr
    smlad r12, r3, r4, lr
    .if \wide
    smlabt r11, r4, r2, lr
    smlabt lr, r4, r3, lr
    .endif
    smlad r10, r3, r5, r10
    .if \wide
    smlabt r11, r5, r3, r11
    .endif
.endm

.macro tile wide
    ldmia sp, {r4-r9, lr}
    ldrd r2, r3, [r0], #8
    left_first \wide
    ldrd r2, r3, [r0]
    smlad r10, r2, r6, r10
    smlad r12, r2, r5, r12
    smlad r12, r3, r6, r12
    .if \wide
    smlabt r11, r6, r2, r11
    smlabt lr, r5, r2, lr
    smlabt lr, r6, r3, lr
    .endif
    ldrd r2, r3, [r1], #8
    smlatb r10, r7, r2, r10
    smlatb r10, r8, r3, r10
    smlatb r12, r7, r3, r12
    .if \wide
    smlad r11, r2, r7, r11
    smlad r11, r3, r8, r11
    smlad lr, r3, r7, lr
    .endif
    ldrd r2, r3, [r1]
    smlatb r10, r9, r2, r10
    smlatb r12, r8, r2, r12
    smlatb r12, r9, r3, r12
    .if \wide
    smlad r11, r2, r9, r11
    smlad lr, r2, r8, lr
    smlad lr, r3, r9, lr
    .endif
    add r2, sp, #CONSTANTS
    ldmia r2, {r3-r8}               // multiplier, scale, zero, out, pixel, row
    requantise r10
    strb r10, [r6]
    .if \wide
    requantise r11
    strb r11, [r6, r7]
    .endif
    add r6, r6, r8
    requantise r12
    strb r12, [r6]
    .if \wide
    requantise lr
    strb lr, [r6, r7]
    .endif
    add r6, r6, r8
    str r6, [sp, #OUT]
    ldr r2, [sp, #LAST]
    cmp r0, r2
.endm

.macro requantise sum
    smmulr \sum, \sum, r3
    add \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, r4, r5
    ssat \sum, #8, \sum
.endm

// Up one row, for the odd last one
.macro step_back
    ldr r2, [sp, #ROW]
    sub r6, r6, r2
    str r6, [sp, #OUT]
    sub r0, r0, #4
    sub r1, r1, #4
.endm

    .global nn_depthwise3x3
    .type nn_depthwise3x3, %function
    .thumb_func
    .balign 4
nn_depthwise3x3:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    mov r1, sp
    ldmia r0!, {r2-r10}
    stmia r1!, {r2-r10}
    ldmia r0, {r2-r9}
    stmia r1, {r2-r9}

column:
    ldr r0, [sp, #IN]
    ldr r1, [sp, #COLUMN]
    ldr r2, [sp, #ROWS]
    ldr r3, [sp, #OUT]
    ldr r4, [sp, #COLUMNS]
    add r2, r0, r2, lsl #2
    sub r2, r2, #4
    add r1, r0, r1
    str r2, [sp, #LAST]
    str r1, [sp, #IN]
    str r3, [sp, #OUT_TOP]
    cmp r4, #1
    beq narrow

wide:
    tile 1
    blo wide
    bne 1f
    step_back
    b wide
1:  ldr r2, [sp, #OUT_TOP]
    ldr r3, [sp, #PIXEL]
    ldr r4, [sp, #COLUMNS]
    add r2, r2, r3, lsl #1
    str r2, [sp, #OUT]
    subs r4, r4, #2
    str r4, [sp, #COLUMNS]
    bne column
    b done

narrow:
    tile 0
    blo narrow
    bne done
    step_back
    b narrow

done:
    add sp, sp, #FRAME
    pop {r4-r11, pc}
    .size nn_depthwise3x3, . - nn_depthwise3x3
