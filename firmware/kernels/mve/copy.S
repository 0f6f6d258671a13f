// Rows of bytes, each at once where it is no longer than a vector (copy.h).
    .syntax unified
    .thumb
    .section .text.nn_mve_copy, "ax", %progbits

// r0 to, r1 its step, r2 from, r3 its step, r4 rows, r5 bytes
    .global nn_mve_copy
    .type nn_mve_copy, %function
    .thumb_func
    .balign 4
nn_mve_copy:
    push {r4-r7, lr}
    ldrd r4, r5, [sp, #20]
    cmp r5, #16
    bhi 2f
    vctp.8 r5
    dls lr, r4
1:  vpstt
    vldrbt.8 q0, [r2]
    vstrbt.8 q0, [r0]
    add r2, r2, r3
    add r0, r0, r1
    le lr, 1b
    pop {r4-r7, pc}

2:  mov r6, r2
    mov r7, r0
    dlstp.8 lr, r5
3:  vldrb.8 q0, [r6], #16
    vstrb.8 q0, [r7], #16
    letp lr, 3b
    add r2, r2, r3
    add r0, r0, r1
    subs r4, r4, #1
    bne 2b
    pop {r4-r7, pc}
    .size nn_mve_copy, . - nn_mve_copy
