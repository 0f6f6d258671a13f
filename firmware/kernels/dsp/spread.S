// Two neighbouring pixels' four channels, row by row, to words of four planes.
    .syntax unified
    .thumb
    .section .text.nn_spread, "ax", %progbits

// r0 left, r1 its step, r2 right, r3 its step, r4 to, r5 bytes of a plane, r6 rows
// r8 the fourth plane
    .global nn_spread
    .type nn_spread, %function
    .thumb_func
    .balign 4
nn_spread:
    push {r4-r11, lr}
    ldmia r0, {r0-r6}
    add r8, r4, r5
    add r8, r8, r5, lsl #1
1:  ldr r9, [r0]
    ldr r11, [r2]
    add r0, r0, r1
    add r2, r2, r3
    sxtb16 r10, r9
    sxtb16 r12, r11
    sxtb16 r9, r9, ror #8
    sxtb16 r11, r11, ror #8
    pkhbt lr, r10, r12, lsl #16
    pkhtb r12, r12, r10, asr #16
    str r12, [r4, r5, lsl #1]
    pkhbt r10, r9, r11, lsl #16
    pkhtb r11, r11, r9, asr #16
    str r10, [r4, r5]
    str lr, [r4], #4
    str r11, [r8], #4
    subs r6, r6, #1
    bne 1b
    pop {r4-r11, pc}
    .size nn_spread, . - nn_spread
