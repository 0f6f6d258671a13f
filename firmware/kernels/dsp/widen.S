// Rows of inputs for the tiles: from int8 to halfwords, groups of four bytes as (0, 2) and (1, 3),
// as SXTB16 has them; and bytes to where they make whole groups.
    .syntax unified
    .thumb
    .section .text.nn_widen1, "ax", %progbits
.macro two
    ldr r3, [r0], #4
    ldr r5, [r0], #4
    sxtb16 r4, r3, ror #8
    sxtb16 r3, r3
    sxtb16 r6, r5, ror #8
    sxtb16 r5, r5
    stmia r1!, {r3-r6}
.endm

    .global nn_widen1
    .type nn_widen1, %function
    .thumb_func
    .balign 4
nn_widen1:
    push {r4-r6, lr}
    lsrs r2, r2, #1                 // an odd one first, then twos, an odd two first
    bcc 1f
    ldr r3, [r0], #4
    sxtb16 r4, r3, ror #8
    sxtb16 r3, r3
    stmia r1!, {r3, r4}
1:  lsrs r2, r2, #1
    bcc 2f
    two
2:  cmp r2, #0
    beq 4f
3:  two
    two
    subs r2, r2, #1
    bne 3b
4:  pop {r4-r6, pc}
    .size nn_widen1, . - nn_widen1

    .section .text.nn_widen3, "ax", %progbits
// r0 r1 r12 inputs, r2 out, r3 segments, lr groups of a segment, r10 those left
    .global nn_widen3
    .type nn_widen3, %function
    .thumb_func
    .balign 4
nn_widen3:
    push {r4-r11, lr}
    mov r11, r0
    ldmia r11!, {r0, r1, r12}
    add r3, r11, #12
    ldmia r3, {r2, r3, lr}
1:  mov r10, lr
2:  ldr r7, [r0], #4
    ldr r8, [r1], #4
    ldr r9, [r12], #4
    sxtb16 r4, r7
    sxtb16 r5, r8
    sxtb16 r6, r9
    sxtb16 r7, r7, ror #8
    sxtb16 r8, r8, ror #8
    sxtb16 r9, r9, ror #8
    stmia r2!, {r4-r9}
    subs r10, r10, #1
    bne 2b
    ldmia r11, {r4-r6}
    add r0, r0, r4
    add r1, r1, r5
    add r12, r12, r6
    subs r3, r3, #1
    bne 1b
    pop {r4-r11, pc}
    .size nn_widen3, . - nn_widen3

    .section .text.nn_copy_rows, "ax", %progbits
// r0 from, r1 step, r2 to, r3 rows, r12 bytes of a row, r5 words of it
    .global nn_copy_rows
    .type nn_copy_rows, %function
    .thumb_func
    .balign 4
nn_copy_rows:
    push {r4-r6, lr}
    ldr r12, [sp, #16]
    lsr r5, r12, #2
1:  movs r4, r5
    beq 3f
2:  ldr r6, [r0], #4
    str r6, [r2], #4
    subs r4, r4, #1
    bne 2b
3:  lsls r6, r12, #31               // bit 1 to C, bit 0 to N
    itt cs
    ldrhcs r6, [r0], #2
    strhcs r6, [r2], #2
    itt mi
    ldrbmi r6, [r0], #1
    strbmi r6, [r2], #1
    add r0, r0, r1
    subs r3, r3, #1
    bne 1b
    pop {r4-r6, pc}
    .size nn_copy_rows, . - nn_copy_rows
