// Pixels' four channels, row by row, to words of four planes.
    .syntax unified
    .thumb
    .section .text.nn_spread2, "ax", %progbits

// r0 from, r1 its step, r2 to the right, r3 to, r4 bytes of a plane, r5 rows, r6 the fourth plane
.macro begin
    ldmia r0, {r0-r5}
    add r6, r3, r4
    add r6, r6, r4, lsl #1
.endm

    .global nn_spread2
    .type nn_spread2, %function
    .thumb_func
    .balign 4
nn_spread2:
    push {r4-r11, lr}
    begin
1:  ldr r7, [r0]
    ldr r9, [r0, r2]
    add r0, r0, r1
    sxtb16 r8, r7
    sxtb16 r10, r9
    sxtb16 r7, r7, ror #8
    sxtb16 r9, r9, ror #8
    pkhbt r11, r8, r10, lsl #16
    pkhtb r10, r10, r8, asr #16
    str r10, [r3, r4, lsl #1]
    pkhbt r8, r7, r9, lsl #16
    pkhtb r9, r9, r7, asr #16
    str r8, [r3, r4]
    str r11, [r3], #4
    str r9, [r6], #4
    subs r5, r5, #1
    bne 1b
    pop {r4-r11, pc}
    .size nn_spread2, . - nn_spread2

    .section .text.nn_spread1, "ax", %progbits
    .global nn_spread1
    .type nn_spread1, %function
    .thumb_func
    .balign 4
nn_spread1:
    push {r4-r10, lr}
    begin
1:  ldr r7, [r0]
    add r0, r0, r1
    sxtb r8, r7
    sxtb r9, r7, ror #8
    sxtb r10, r7, ror #16
    asr r7, r7, #24
    strh r9, [r3, r4]
    strh r10, [r3, r4, lsl #1]
    strh r8, [r3], #4
    strh r7, [r6], #4
    subs r5, r5, #1
    bne 1b
    pop {r4-r10, pc}
    .size nn_spread1, . - nn_spread1
