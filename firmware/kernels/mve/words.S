// Sums and products of elements, four at a time (words.h).
    .syntax unified
    .thumb

    .equ LOW, 44

// r0 a, r1 b, r2 outputs, r3 r4 steps of four elements, r5 multiplier, r6 shift, r7 zero,
// r8 r9 tables or zero points of a and b, q4 low, q5 high, q6 q7 places of four elements
.macro begin
    push {r4-r9, lr}
    vpush {d8-d15}
    add r12, r0, #LOW
    ldm r12, {r4, r5}
    vdup.32 q4, r4
    vdup.32 q5, r5
    ldm r0, {r1-r9, r12, lr}
    mov r0, lr
    mov lr, #0
    vidup.u32 q6, lr, #1
    vmul.i32 q7, q6, r4
    vmul.i32 q6, q6, r3
    lsl r3, r3, #2
    lsl r4, r4, #2
.endm

// nn_scaled of q0, for shifts to the right; on to the next four elements.
.macro finish
    vqrdmulh.s32 q0, q0, r5
    vshr.s32 q1, q0, #31
    add r0, r0, r3
    vadd.i32 q0, q0, q1
    add r1, r1, r4
    vrshl.s32 q0, r6
    vqadd.s32 q0, q0, r7
    vmax.s32 q0, q0, q4
    vmin.s32 q0, q0, q5
    vstrb.32 q0, [r2], #4
.endm

.macro end
    vpop {d8-d15}
    pop {r4-r9, pc}
.endm

    .section .text.nn_mve_add_words, "ax", %progbits
    .global nn_mve_add_words
    .type nn_mve_add_words, %function
    .thumb_func
    .balign 4
nn_mve_add_words:
    begin
    dlstp.32 lr, r12
1:  vldrb.u32 q0, [r0, q6]
    vldrb.u32 q1, [r1, q7]
    vldrw.u32 q2, [r8, q0, uxtw #2]
    vldrw.u32 q3, [r9, q1, uxtw #2]
    vadd.i32 q0, q2, q3
    finish
    letp lr, 1b
    end
    .size nn_mve_add_words, . - nn_mve_add_words

    .section .text.nn_mve_mul_words, "ax", %progbits
    .global nn_mve_mul_words
    .type nn_mve_mul_words, %function
    .thumb_func
    .balign 4
nn_mve_mul_words:
    begin
    dlstp.32 lr, r12
1:  vldrb.s32 q0, [r0, q6]
    vldrb.s32 q1, [r1, q7]
    vsub.i32 q0, q0, r8
    vsub.i32 q1, q1, r9
    vmul.i32 q0, q0, q1
    finish
    letp lr, 1b
    end
    .size nn_mve_mul_words, . - nn_mve_mul_words
