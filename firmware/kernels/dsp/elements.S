// Element-wise operations, four elements at a time.
    .syntax unified
    .thumb

// \sum * 2^32 and \sum * \multiplier (which is 2^32 too little), the high word of it rounded.
.macro high sum multiplier
    smmlar \sum, \sum, \multiplier, \sum
.endm

// Sets GE to 1010, for `store`.
.macro choose_odd free
    mov \free, #0xFF00FF00
    uadd8 \free, \free, \free
.endm

// Four outputs: 0 and 2 in the halfwords of \even, 1 and 3 in those of \odd.
.macro store even odd out
    ssat16 \even, #8, \even
    ssat16 \odd, #8, \odd
    lsl \odd, \odd, #8
    sel \even, \odd, \even
    str \even, [\out], #4
.endm

// A round has four times four elements (labels 4 to 1); the first one may have fewer.
.macro first_round elements
    ands \elements, \elements, #12
    beq 4f
    cmp \elements, #8
    blo 1f
    beq 2f
    b 3f
.endm

// Sums of two operands that are looked up in tables.
// r0 a, r1 b, r2 out, r3 end, r4 r5 tables, r6 multiplier, r7 scale, r8 zero
    .section .text.nn_add4, "ax", %progbits
.macro add_one sum step
    ldrb r12, [r0], #\step
    ldrb lr, [r1], #\step
    ldr \sum, [r4, r12, lsl #2]
    ldr r12, [r5, lr, lsl #2]
    add \sum, \sum, r12
    high \sum, r6
    add \sum, \sum, \sum, asr #31
    smmlar \sum, \sum, r7, r8
.endm

// In the order in which they are packed.
.macro add_four
    add_one r9, 2
    add_one r11, -1
    pkhbt r9, r9, r11, lsl #16
    add_one r10, 2
    add_one r11, 1
    pkhbt r10, r10, r11, lsl #16
    store r9, r10, r2
.endm

    .global nn_add4
    .type nn_add4, %function
    .thumb_func
    .balign 4
nn_add4:
    push {r4-r11, lr}
    choose_odd r9
    ldmia r0, {r0-r8}
    sub r9, r3, r2
    first_round r9
4:  add_four
3:  add_four
2:  add_four
1:  add_four
    cmp r2, r3
    bne 4b
    pop {r4-r11, pc}
    .size nn_add4, . - nn_add4

// Products. Halves are rounded away from zero: products are less than 2^16, so a scale that is one
// more than a power of two decides halves and moves nothing else over a border.
// r0 a, r1 b, r2 out, r3 step of b, r4 r5 minus the zero points, r6 multiplier, r7 scale, r8 zero
    .section .text.nn_mul4, "ax", %progbits
.macro mul_four
    ldr r9, [r0], #4
    ldr r10, [r1]
    add r1, r1, r3
    sxtab16 r11, r4, r9
    sxtab16 r9, r4, r9, ror #8
    sxtab16 r12, r5, r10
    sxtab16 r10, r5, r10, ror #8
    smulbb lr, r11, r12
    smultt r11, r11, r12
    smulbb r12, r9, r10
    smultt r10, r9, r10
    high lr, r6
    high r11, r6
    high r12, r6
    high r10, r6
    smmlar lr, lr, r7, r8
    smmlar r11, r11, r7, r8
    smmlar r12, r12, r7, r8
    smmlar r10, r10, r7, r8
    pkhbt lr, lr, r11, lsl #16
    pkhbt r12, r12, r10, lsl #16
    store lr, r12, r2
.endm

    .global nn_mul4
    .type nn_mul4, %function
    .thumb_func
    .balign 4
nn_mul4:
    push {r4-r11, lr}
    choose_odd r9
    ldr r9, [r0, #36]               // end
    push {r9}
    ldmia r0, {r0-r8}
    sub r9, r9, r2
    first_round r9
4:  mul_four
3:  mul_four
2:  mul_four
1:  mul_four
    ldr r9, [sp]
    cmp r2, r9
    bne 4b
    pop {r3-r11, pc}
    .size nn_mul4, . - nn_mul4
