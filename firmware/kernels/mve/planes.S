// A 3x3 depthwise convolution on planes (planes.h).
    .syntax unified
    .thumb
    .section .text.nn_mve_depthwise3x3, "ax", %progbits

    .equ CHANNELS, 20
    .equ PADDED, 24
    .equ BACK, 28
    .equ LONE, 48
    .equ TAP_AT, 52
    .equ COLUMN_AT, 68
    .equ OUT_AT, 84
    .equ LONE_AT, 100

// On the stack
    .equ PAIR_BYTES, 0              // 64: a pair of columns in the planes
    .equ STOP, 4                    // outputs behind the last strip
    .equ PLANES, 8
    .equ FRAME, 12

    .equ THREE_LANES, 0x0FFF

// q1-q4 weights of outputs 00 01 10 11, q5 where the patch before is, q6 out_at
// r1 back, r3 outputs, r5 tiles, r7 row, r8 bias, r9 multiplier, r10 half the scale, r11 zero,
// r12 step
.macro tile
    vldrw.u32 q0, [q5, #64]!
    vmladav.s8 r0, q0, q1
    vmladav.s8 r2, q0, q2
    vmladav.s8 r4, q0, q3
    vmladav.s8 r6, q0, q4
    vmov q7[2], q7[0], r0, r4
    vmov q7[3], q7[1], r2, r6
    vadd.i32 q7, q7, r8
    vqrdmulh.s32 q7, q7, r9
    vshr.s32 q0, q7, #31
    vadd.i32 q7, q7, q0
    vqrdmulh.s32 q7, q7, r10
    vqadd.s32 q7, q7, r11
    vqmovnb.s32 q7, q7
    vqmovnb.s16 q7, q7
    vstrb.32 q7, [r3, q6]
    add r3, r3, r12
.endm

    .global nn_mve_depthwise3x3
    .type nn_mve_depthwise3x3, %function
    .thumb_func
    .balign 4
nn_mve_depthwise3x3:
    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, sp, #FRAME
    mov r1, #64
    str r1, [sp, #PAIR_BYTES]
    str r0, [sp, #PLANES]
    movw r1, #THREE_LANES
    vmsr p0, r1

channel:
    ldm r0, {r1-r4, r6}             // weights, constants, planes, outputs, their end
    ldr r5, [r0, #PADDED]
    str r6, [sp, #STOP]
    // Taps of a row of the kernel in three lanes; a column of the kernel in a lane.
    add r6, r0, #TAP_AT
    vldrw.32 q5, [r6]
    add r7, r5, r5, lsl #1
    add r8, r1, r7
    add r9, r8, r7
    vpsttt
    vldrbt.u32 q1, [r1, q5]
    vldrbt.u32 q2, [r8, q5]
    vldrbt.u32 q3, [r9, q5]
    vsli.32 q1, q2, #8
    vsli.32 q1, q3, #16
    vmov q2, q1
    mov r7, #0
    vshlc q2, r7, #32
    vshl.i32 q3, q1, #8
    vshl.i32 q4, q2, #8
    ldr r8, [r2]
    ldr r9, [r2, r5, lsl #2]
    ldr r10, [r2, r5, lsl #3]
    asr r8, r8, #1
    asr r10, r10, #1
    vldrw.32 q5, [r6, #COLUMN_AT - TAP_AT]
    vldrw.32 q6, [r6, #OUT_AT - TAP_AT]
    vadd.i32 q5, q5, r3
    mov r3, r4
    add r0, r0, #BACK
    ldm r0, {r1, r5, r7, r11, r12}
    ldr r0, [sp, #STOP]
    cmp r3, r0
    beq whole_done

strip:
    dls lr, r5
1:  tile
    le lr, 1b
    cbz r1, 2f
    vsub.i32 q5, q5, r1
    sub r3, r3, r12, lsr #1
    tile
2:  ldrd r0, r2, [sp, #PAIR_BYTES]
    vadd.i32 q5, q5, r0
    add r3, r3, r7
    cmp r3, r2
    bne strip

whole_done:
    ldr r0, [sp, #PLANES]
    ldm r0, {r1, r2, r4-r6}         // r6: the end of whole strips
    cmp r3, r6
    bne next
    ldr r3, [r0, #LONE]
    cbz r3, next
    // The second row's outputs are the first's again.
    vmov q3, q1
    vmov q4, q2
    add r3, r0, #LONE_AT
    vldrw.32 q6, [r3]
    mov r3, r6
    add r6, r6, r7, lsl #1
    str r6, [sp, #STOP]
    ldr r1, [r0, #BACK]
    ldr r5, [r0, #BACK + 4]
    b strip

next:
    ldr r3, [r0, #CHANNELS]
    add r1, r1, #1
    add r2, r2, #4
    add r4, r4, #4
    add r5, r5, #1
    add r6, r6, #1
    stm r0, {r1, r2, r4-r6}
    subs r3, r3, #1
    str r3, [r0, #CHANNELS]
    bne channel

    add sp, sp, #FRAME
    vpop {d8-d15}
    pop {r4-r11, pc}
    .size nn_mve_depthwise3x3, . - nn_mve_depthwise3x3

// r0 even rows, r1 odd rows, r4 r5 the last pair, r6 the first row, r2 step, r3 to, r8 pitch,
// r9 strips but one, r10 next column's first row, r11 columns, r12 struct
    .section .text.nn_mve_spread, "ax", %progbits
    .equ NEXT, 16
    .equ FIRST, 32

    .global nn_mve_spread
    .type nn_mve_spread, %function
    .thumb_func
    .balign 4
nn_mve_spread:
    push {r4-r11, lr}
    mov r12, r0
    add r1, r0, #FIRST
    ldm r1, {r6, r10}
    ldrd r2, r8, [r0, #FIRST + 8]
    ldrd r9, r3, [r0, #FIRST + 16]
    ldrd r11, lr, [r0, #FIRST + 24]
    vctp.16 lr

1:  ldm r12, {r0, r1, r4, r5}
    mov r7, r3
    vpstt
    vldrbt.u16 q0, [r6]
    vldrbt.u16 q2, [r1]
    add r6, r6, r10
    vsli.16 q0, q2, #8
    wls lr, r9, 3f
2:  add r1, r1, r2
    vpstt
    vldrbt.u16 q1, [r0]
    vldrbt.u16 q2, [r1]
    add r0, r0, r2
    vsli.16 q1, q2, #8
    vst20.16 {q0, q1}, [r7]
    vst21.16 {q0, q1}, [r7]
    add r7, r7, r8
    vmov q0, q1
    le lr, 2b
3:  vpstt
    vldrbt.u16 q1, [r4]
    vldrbt.u16 q2, [r5]
    vsli.16 q1, q2, #8
    vst20.16 {q0, q1}, [r7]
    vst21.16 {q0, q1}, [r7]
    vldrw.32 q1, [r12]
    vldrw.32 q2, [r12, #NEXT]
    vadd.i32 q1, q1, q2
    vstrw.32 q1, [r12]
    add r3, r3, #32
    subs r11, r11, #1
    bne 1b
    pop {r4-r11, pc}
    .size nn_mve_spread, . - nn_mve_spread
