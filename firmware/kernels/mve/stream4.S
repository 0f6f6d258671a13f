// Four rows of inputs at a time, as they lie, times one pair of output channels (stream.h).
    .syntax unified
    .thumb
    .section .text.nn_mve_stream4, "ax", %progbits

    .equ CONSTANTS, 44
    .equ CONSTANTS_AT, 48
    .equ OUT_AT, 52
    .equ KEPT_WORDS, 9

// On the stack: the struct's first words
    .equ OUT, 4                     // and the tiles that are left
    .equ BACK_ROWS, 28              // and outputs

// r1 r3 r5 r7 rows, r9 weights, r0 r2 r4 r6 sums of the first channel, r8 r10 r12 lr of the second
.macro block op
    vldrb.8 q0, [r9], #16
    vldrb.8 q2, [r1], #16
    vldrb.8 q1, [r9], #16
    \op\().s8 r0, q0, q2
    vldrb.8 q3, [r3], #16
    \op\().s8 r8, q1, q2
    \op\().s8 r2, q0, q3
    vldrb.8 q2, [r5], #16
    \op\().s8 r10, q1, q3
    \op\().s8 r4, q0, q2
    vldrb.8 q3, [r7], #16
    \op\().s8 r12, q1, q2
    \op\().s8 r6, q0, q3
    \op\().s8 lr, q1, q3
.endm

// q4 biases, q5 multipliers, q6 scales, q7 out_at
    .global nn_mve_stream4
    .type nn_mve_stream4, %function
    .thumb_func
    .balign 4
nn_mve_stream4:
    push {r4-r11, lr}
    vpush {d8-d15}
    add r1, r0, #CONSTANTS
    ldm r1, {r1-r3}
    vldrw.32 q0, [r2]
    vldrw.32 q1, [r2, #16]
    vldrw.u32 q4, [r1, q0]
    vldrw.u32 q5, [r1, q1]
    add r1, r1, #4
    vldrw.u32 q6, [r1, q1]
    vldrh.16 q7, [r3]
    ldm r0!, {r2-r10}
    push {r2-r10}
    mov r9, r7
    mov r11, r8
    ldm r0, {r1, r2}                // rows, depth
    add r3, r1, r2
    add r5, r3, r2
    add r7, r5, r2

tile:
    block vmladav
    cmp r11, #0
    beq requantise
1:  block vmladava
    subs r11, r11, #1
    bne 1b

requantise:                         // vectors of (row, channel) 00 01 10 11 and 20 21 30 31
    vmov q0[2], q0[0], r0, r2
    vmov q0[3], q0[1], r8, r10
    vmov q1[2], q1[0], r4, r6
    vmov q1[3], q1[1], r12, lr
    ldm sp, {r0, r2, r4, r6, r8, r9, r11} // zero, outputs, tiles, next ..., weights, blocks
    vshl.i32 q0, q0, #1
    vadd.i32 q0, q0, q4
    vshl.i32 q1, q1, #1
    vrmulh.s32 q0, q0, q5
    vadd.i32 q1, q1, q4
    vshr.s32 q2, q0, #31
    vrmulh.s32 q1, q1, q5
    vadd.i32 q0, q0, q2
    vshr.s32 q3, q1, #31
    vrmulh.s32 q0, q0, q6
    vadd.i32 q1, q1, q3
    vrmulh.s32 q1, q1, q6
    add r1, r1, r6
    vqmovnb.s32 q0, q0
    add r3, r3, r6
    vqmovnt.s32 q0, q1
    add r5, r5, r6
    vqadd.s16 q0, q0, r0
    add r7, r7, r6
    vqmovnb.s16 q0, q0
    vstrb.16 q0, [r2, q7]
    add r2, r2, r8
    subs r4, r4, #1
    strd r2, r4, [sp, #OUT]
    bne tile

    ldrd r4, r6, [sp, #BACK_ROWS]
    cbz r4, done
    sub r1, r1, r4
    sub r3, r3, r4
    sub r5, r5, r4
    sub r7, r7, r4
    sub r2, r2, r6
    mov r4, #1
    strd r2, r4, [sp, #OUT]
    mov r4, #0
    str r4, [sp, #BACK_ROWS]
    b tile

done:
    add sp, sp, #4 * KEPT_WORDS
    vpop {d8-d15}
    pop {r4-r11, pc}
    .size nn_mve_stream4, . - nn_mve_stream4
