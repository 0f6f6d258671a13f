// From int8 to halfwords: groups of four bytes as (0, 2) and (1, 3), as SXTB16 has them.
    .syntax unified
    .thumb
    .section .text.nn_widen1, "ax", %progbits
    .global nn_widen1
    .type nn_widen1, %function
    .thumb_func
    .balign 4
nn_widen1:
1:  ldr r3, [r0], #4
    sxtb16 r12, r3
    sxtb16 r3, r3, ror #8
    str r12, [r1], #4
    str r3, [r1], #4
    subs r2, r2, #1
    bne 1b
    bx lr
    .size nn_widen1, . - nn_widen1

    .section .text.nn_widen3, "ax", %progbits
    .global nn_widen3
    .type nn_widen3, %function
    .thumb_func
    .balign 4
nn_widen3:
    push {r4-r11, lr}
    mov r3, r2
    mov r2, r1
    ldmia r0, {r0, r1, lr}
1:  ldr r10, [r0], #4
    ldr r11, [r1], #4
    ldr r12, [lr], #4
    sxtb16 r4, r10
    sxtb16 r5, r11
    sxtb16 r6, r12
    sxtb16 r7, r10, ror #8
    sxtb16 r8, r11, ror #8
    sxtb16 r9, r12, ror #8
    stmia r2!, {r4-r9}
    subs r3, r3, #1
    bne 1b
    pop {r4-r11, pc}
    .size nn_widen3, . - nn_widen3
