// Bytes replaced by entries of a table.
    .syntax unified
    .thumb
    .section .text.nn_mve_look_up, "ax", %progbits

// r0 table, r1 in, r2 out, r3 count, at least 1
    .global nn_mve_look_up
    .type nn_mve_look_up, %function
    .thumb_func
    .balign 4
nn_mve_look_up:
    push {r7, lr}
    dlstp.8 lr, r3
1:  vldrb.8 q0, [r1], #16
    vldrb.u8 q1, [r0, q0]
    vstrb.8 q1, [r2], #16
    letp lr, 1b
    pop {r7, pc}
    .size nn_mve_look_up, . - nn_mve_look_up
