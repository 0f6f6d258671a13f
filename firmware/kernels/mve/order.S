// The order in which weights lie.
    .syntax unified
    .thumb
    .section .text.nn_mve_order, "ax", %progbits

    .equ SATURATED, 1 << 27         // in FPSCR
    .equ SCALES, 12                 // behind a pair's weights, 8 bytes from one to the other
    .equ CONSTANTS, 24

    .balign 4
order:
    .byte 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15

// w0 and w1 of 16 inputs to q0 and q1, from \at. The high byte of a packed weight is w1, or
// w1 - 1 where w0 is negative; w1 of 128 saturates.
.macro take_apart at
    vld20.8 {q0, q1}, [\at]
    vld21.8 {q0, q1}, [\at]!
    vshr.s8 q2, q0, #7
    vqsub.s8 q1, q1, q2
.endm

.macro clear_saturated by
    vmrs \by, fpscr
    bic \by, \by, #SATURATED
    vmsr fpscr, \by
.endm

    .global nn_mve_lay
    .type nn_mve_lay, %function
    .thumb_func
    .balign 4
nn_mve_lay:
    push {r4, lr}
    adr r4, order
    vldrb.8 q1, [r4]
    dlstp.8 lr, r2
1:  vldrb.8 q0, [r0], #16
    vstrb.8 q0, [r1, q1]
    add r1, r1, r3
    letp lr, 1b
    pop {r4, pc}
    .size nn_mve_lay, . - nn_mve_lay

// r0 weights, r1 to, r2 blocks
    .global nn_mve_apart
    .type nn_mve_apart, %function
    .thumb_func
    .balign 4
nn_mve_apart:
    push {lr}
    clear_saturated r3
    adr r3, order
    vldrb.8 q3, [r3]
    dls lr, r2
1:  take_apart r0
    vstrb.8 q0, [r1, q3]
    add r1, r1, #16
    vstrb.8 q1, [r1, q3]
    add r1, r1, #16
    le lr, 1b
    vmrs r0, fpscr
    mvn r0, r0
    ubfx r0, r0, #27, #1
    pop {pc}
    .size nn_mve_apart, . - nn_mve_apart

// r0 weights, r1 pairs left, r2 depth, r3 pairs
    .global nn_mve_usual
    .type nn_mve_usual, %function
    .thumb_func
    .balign 4
nn_mve_usual:
    push {r4-r5, lr}
    clear_saturated r4
    mov r3, r1
1:  mov r4, r0
    dlstp.8 lr, r2
2:  take_apart r4
    letp lr, 2b
    add r0, r0, r2, lsl #1
    ldr r4, [r0, #SCALES]
    ldr r5, [r0, #SCALES + 8]
    orrs r4, r4, r5
    bmi 3f
    vmrs r4, fpscr
    tst r4, #SATURATED
    bne 3f
    add r0, r0, #CONSTANTS
    subs r1, r1, #1
    bne 1b
3:  sub r0, r3, r1
    pop {r4-r5, pc}
    .size nn_mve_usual, . - nn_mve_usual
