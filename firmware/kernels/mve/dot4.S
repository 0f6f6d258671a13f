// Four rows of inputs times pairs of output channels (README.md, 'mve').
    .syntax unified
    .thumb
    .section .text.nn_mve_dot4, "ax", %progbits

    .equ MORE_BLOCKS, 12
    .equ ACTS, 16
    .equ BIAS_AT, 28

// r1 inputs, r3 weights, r0 r2 r4 r6 sums of w0, r8 r10 r12 lr sums of w1
// q0 w0, q1 w1, q2-q4 inputs
.macro block op
    vld20.8 {q0, q1}, [r3]
    vldrb.8 q3, [r1], #16
    vld21.8 {q0, q1}, [r3]!
    vshr.s8 q2, q0, #7
    \op\().s8 r0, q0, q3
    vsub.i8 q1, q1, q2
    vldrb.8 q4, [r1], #16
    \op\().s8 r8, q1, q3
    vldrb.8 q2, [r1], #16
    \op\().s8 r2, q0, q4
    vldrb.8 q3, [r1], #16
    \op\().s8 r10, q1, q4
    \op\().s8 r4, q0, q2
    \op\().s8 r12, q1, q2
    \op\().s8 r6, q0, q3
    \op\().s8 lr, q1, q3
.endm

    .global nn_mve_dot4
    .type nn_mve_dot4, %function
    .thumb_func
    .balign 4
nn_mve_dot4:
    push {r4-r11, lr}
    vpush {d8-d15}
    mov r11, r0
    add r0, r11, #BIAS_AT
    vldrw.32 q5, [r0], #16
    vldrw.32 q6, [r0], #16
    vldrh.16 q7, [r0]
    add r0, r11, #ACTS
    ldm r0, {r1, r3, r7}            // inputs, weights, outputs
    mov r9, r1

pair:
    ldr r5, [r11, #MORE_BLOCKS]
    mov r1, r9
    block vmladav
    cbz r5, requantise
1:  block vmladava
    subs r5, r5, #1
    bne 1b

requantise:                         // vectors of (row, channel) 00 01 10 11 and 20 21 30 31
    vmov q0[2], q0[0], r0, r2
    vmov q0[3], q0[1], r8, r10
    vmov q1[2], q1[0], r4, r6
    vmov q1[3], q1[1], r12, lr
    ldm r11, {r0, r2, r4}           // the weights' end, zero, step
    add r6, r3, #4
    vldrw.u32 q2, [r3, q5]
    vldrw.u32 q3, [r3, q6]
    vldrw.u32 q4, [r6, q6]
    vshl.i32 q0, q0, #1
    vadd.i32 q0, q0, q2
    vshl.i32 q1, q1, #1
    vrmulh.s32 q0, q0, q3
    vadd.i32 q1, q1, q2
    vrmulh.s32 q1, q1, q3
    vshr.s32 q2, q0, #31
    vadd.i32 q0, q0, q2
    vrmulh.s32 q0, q0, q4
    vshr.s32 q3, q1, #31
    vadd.i32 q1, q1, q3
    vrmulh.s32 q1, q1, q4
    vqmovnb.s32 q0, q0
    vqmovnt.s32 q0, q1
    vqadd.s16 q0, q0, r2
    add r3, r3, r4
    vqmovnb.s16 q0, q0
    cmp r3, r0
    vstrb.16 q0, [r7, q7]
    add r7, r7, #2
    bne pair

    vpop {d8-d15}
    pop {r4-r11, pc}
    .size nn_mve_dot4, . - nn_mve_dot4
