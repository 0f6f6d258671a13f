// One row of inputs times two pairs of output channels at once (README.md, 'mve').
    .syntax unified
    .thumb
    .section .text.nn_mve_dot1, "ax", %progbits

    .equ KEPT, 16                   // bytes on the stack: the weights' end, inputs, zero, step

// r1 inputs, r3 r5 weights of either pair, whose sums are
// r0 r6 of w0, r2 r8 of w1 as it lies, r4 r10 of what that is too small by, negative
.macro block op
    vldrb.8 q4, [r1], #16
    vld20.8 {q0, q1}, [r3]
    vld21.8 {q0, q1}, [r3]!
    \op\().s8 r0, q0, q4
    vld20.8 {q2, q3}, [r5]
    \op\().s8 r2, q1, q4
    vshr.s8 q0, q0, #7
    vld21.8 {q2, q3}, [r5]!
    \op\().s8 r4, q0, q4
    \op\().s8 r6, q2, q4
    vshr.s8 q1, q2, #7
    \op\().s8 r8, q3, q4
    \op\().s8 r10, q1, q4
.endm

// r7 outputs, r9 least scale, r11 blocks but one, r12 from a pair to the next
    .global nn_mve_dot1
    .type nn_mve_dot1, %function
    .thumb_func
    .balign 4
nn_mve_dot1:
    push {r4-r11, lr}
    vpush {d8-d13}
    ldm r0!, {r1-r5, r7, r11, r12}  // end, inputs, zero, step, weights, outputs, blocks, stride
    vldrw.32 q5, [r0], #16
    vldrw.32 q6, [r0]
    push {r1-r4}
    mov r1, r2
    mov r3, r5
    mov r9, #0

pairs:
    add r5, r3, r12
    block vmladav
    lsr lr, r11, #1
    wls lr, lr, 2f
1:  block vmladava
    block vmladava
    le lr, 1b
2:  tst r11, #1
    beq requantise
    block vmladava

requantise:
    sub r2, r2, r4
    sub r8, r8, r10
    vmov q0[2], q0[0], r0, r6
    vmov q0[3], q0[1], r2, r8
    add r6, r3, #4
    vldrw.u32 q1, [r3, q5]
    vldrw.u32 q2, [r3, q6]
    vldrw.u32 q3, [r6, q6]
    ldm sp, {r0-r2, r4}
    vshl.i32 q0, q0, #1
    vadd.i32 q0, q0, q1
    vrmulh.s32 q0, q0, q2
    vshr.s32 q1, q0, #31
    vadd.i32 q0, q0, q1
    vrmulh.s32 q0, q0, q3
    vminv.s32 r9, q3
    vqadd.s32 q0, q0, r2
    add r3, r3, r4
    vqmovnb.s32 q0, q0
    cmp r3, r0
    vqmovnb.s16 q0, q0
    vstrb.32 q0, [r7], #4
    bne pairs

    mov r0, r9
    add sp, sp, #KEPT
    vpop {d8-d13}
    pop {r4-r11, pc}
    .size nn_mve_dot1, . - nn_mve_dot1
