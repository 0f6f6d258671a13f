// One window of a depthwise convolution, eight channels at a time (channels.h).
    .syntax unified
    .thumb
    .section .text.nn_mve_window8, "ax", %progbits

    .equ CHANNELS, 40
    .equ BELOW, 44
    .equ CONSTANTS, 48              // outputs, zero, least, most
    .equ IN_ZERO, 68

// r1 x, r2 weights, r3 r4 steps from tap to tap, r6-r8 columns left of the image, in it, right of
// it, r9 rows in it, r10 bytes from a row to the next, r11 taps above it, r12 channels
// q0 q1 sums of even and odd channels, q6 places of every second word, q7 what is outside
.macro accumulate
    vmullb.s16 q4, q2, q3
    vmullt.s16 q5, q2, q3
    vadd.i32 q0, q0, q4
    vadd.i32 q1, q1, q5
.endm

.macro inside count
    wls lr, \count, 2f
1:  vpstt
    vldrbt.s16 q2, [r5]
    vldrbt.s16 q3, [r2]
    add r5, r5, r3
    add r2, r2, r4
    accumulate
    le lr, 1b
2:
.endm

.macro outside count
    vmov q2, q7
    wls lr, \count, 2f
1:  vpst
    vldrbt.s16 q3, [r2]
    add r2, r2, r4
    accumulate
    le lr, 1b
2:
.endm

.macro scale sum lanes
    vctp.32 \lanes
    vpsttt
    vldrwt.u32 q2, [r1, q6]
    vldrwt.u32 q3, [r7, q6]
    vldrwt.u32 q4, [r8, q6]
    vshl.i32 \sum, \sum, #1
    vadd.i32 \sum, \sum, q2
    vrmulh.s32 \sum, \sum, q3
    vshr.s32 q5, \sum, #31
    vadd.i32 \sum, \sum, q5
    vrmulh.s32 \sum, \sum, q4
.endm

    .global nn_mve_window8
    .type nn_mve_window8, %function
    .thumb_func
    .balign 4
nn_mve_window8:
    push {r4-r11, lr}
    vpush {d8-d15}
    ldr r1, [r0, #IN_ZERO]
    vdup.16 q7, r1
    mov r2, #0
    vidup.u32 q6, r2, #8

channels:
    ldm r0, {r1-r4, r6-r12}
    vctp.16 r12
    vmov.i32 q0, #0
    vmov.i32 q1, #0
    outside r11
    cmp r9, #0
    beq below
    orrs r5, r6, r8
    bne row
whole_row:
    mov r5, r1
    inside r7
    add r1, r1, r10
    subs r9, r9, #1
    bne whole_row
    b below
row:
    outside r6
    mov r5, r1
    inside r7
    outside r8
    add r1, r1, r10
    subs r9, r9, #1
    bne row
below:
    ldr r11, [r0, #BELOW]
    outside r11

    add r1, r0, #CONSTANTS
    ldm r1, {r1-r3, r5, r6}
    add r7, r1, r4, lsl #2
    add r8, r7, r4, lsl #2
    add r9, r12, #1
    lsr r9, r9, #1
    scale q0, r9
    add r1, r1, #4
    add r7, r7, #4
    add r8, r8, #4
    lsr r9, r12, #1
    scale q1, r9
    vqmovnb.s32 q0, q0
    vqmovnt.s32 q0, q1
    vdup.16 q2, r5
    vqadd.s16 q0, q0, r3
    vdup.16 q3, r6
    vmax.s16 q0, q0, q2
    vmin.s16 q0, q0, q3
    vctp.16 r12
    vpst
    vstrbt.16 q0, [r2]

    add r1, r1, #28
    add r2, r2, #8
    strd r1, r2, [r0, #CONSTANTS]
    ldrd r1, r2, [r0]
    add r1, r1, #8
    add r2, r2, #8
    strd r1, r2, [r0]
    subs r12, r12, #8
    str r12, [r0, #CHANNELS]
    bhi channels

    vpop {d8-d15}
    pop {r4-r11, pc}
    .size nn_mve_window8, . - nn_mve_window8
