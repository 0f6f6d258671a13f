// One row of inputs times pairs of output channels: tile3.S says how.
#include "asm.h"

    .syntax unified
    .thumb
    .section .text.nn_tile1, "ax", %progbits

// On the stack
    .equ ACTS, 0
    .equ ZEROS, 4       // two, for the sums
    .equ ENTRY, 12
    .equ UNITS, 16      // where the units of the first round begin
    .equ ROUND_DONE, 20 // what comes after a round of the loop
    .equ ZERO, 24
    .equ OUT, 28
    .equ WEIGHTS_END, 32
    .equ STOP, 36       // where the inputs of this part end
    .equ ACTS_END, 40
    .equ PART_DONE, 44  // what comes after a part
    .equ FIRST_STOP, 48
    .equ OUTPUTS, 52
    .equ T, 56
    .equ FRAME, 60

    .equ UNIT, 5        // words of two inputs in a unit of code
    .equ BLOCK, 80      // words in a round of the loop
    .equ PART, 240      // words in a part: 480 inputs
    .equ UNIT_CODE, (2 + 3 * UNIT) * 4

// r0 inputs, r1 weights, r2-r6 packed weights, r7-r10 lr inputs, r11 P, r12 S
.macro multiply weight act
    smlad r11, \act, \weight, r11
    sxtb16.w \weight, \weight
    smlad r12, \act, \weight, r12
.endm

    .global nn_tile1
    .type nn_tile1, %function
    .thumb_func
    .balign 4
nn_tile1:
    push {r4-r11, lr}
    sub sp, sp, #FRAME
    ldmia r0, {r1-r6}               // weights, their end, inputs, groups, zero, outputs
    strd r5, r6, [sp, #ZERO]
    mov r12, r5
    str r2, [sp, #WEIGHTS_END]
    str r3, [sp, #ACTS]
    lsl r4, r4, #1                  // words
    add r5, r3, r4, lsl #2
    str r5, [sp, #ACTS_END]
    sub r6, r4, #1                  // the words of the first round: 2 to BLOCK
    mov r7, #BLOCK
    udiv r8, r6, r7
    mls r6, r8, r7, r4
    mov r7, #UNIT
    udiv r8, r6, r7
    mls r9, r8, r7, r6              // the words that are no whole unit
    code_address r10, round_end
    mov r11, #UNIT_CODE
    mls r10, r8, r11, r10
    str r10, [sp, #UNITS]
    cmp r9, #0
    beq 1f
    adr.w r11, remainders
    ldr r10, [r11, r9, lsl #2]
    add r10, r10, r11
1:  str r10, [sp, #ENTRY]
    code_address r9, finish0
    code_address r10, outputs0
    cmn r12, #128                   // the zero point
    bne 2f
    code_address r9, finish1
    code_address r10, outputs1
2:  str r10, [sp, #OUTPUTS]
    cmp r4, #BLOCK
    bls 3f                          // one round
    cmp r4, #PART
    bls 2f
    add r6, r6, #PART - BLOCK
    add r5, r3, r6, lsl #2
    code_address r9, aside
2:  str r5, [sp, #FIRST_STOP]
    str r5, [sp, #STOP]
    str r9, [sp, #PART_DONE]
    code_address r9, next_round
3:  str r9, [sp, #ROUND_DONE]
    mov r2, #0
    str r2, [sp, #T]
    mov r3, #0
    strd r2, r3, [sp, #ZEROS]

pair:
    ldmia sp, {r0, r11, r12, pc}    // ACTS, ZEROS, ENTRY

    .balign 4
remainders:
    .word 0
    .word remainder1 - remainders + 1
    .word remainder2 - remainders + 1
    .word remainder3 - remainders + 1
    .word remainder4 - remainders + 1
remainder1:
    ldr.w r2, [r1], #4
    ldr.w r7, [r0], #4
    multiply r2, r7
    ldr pc, [sp, #UNITS]
remainder2:
    ldmia.w r1!, {r2, r3}
    ldmia.w r0!, {r7, r8}
    multiply r2, r7
    multiply r3, r8
    ldr pc, [sp, #UNITS]
remainder3:
    ldmia.w r1!, {r2-r4}
    ldmia.w r0!, {r7-r9}
    multiply r2, r7
    multiply r3, r8
    multiply r4, r9
    ldr pc, [sp, #UNITS]
remainder4:
    ldmia.w r1!, {r2-r5}
    ldmia.w r0!, {r7-r10}
    multiply r2, r7
    multiply r3, r8
    multiply r4, r9
    multiply r5, r10
    ldr pc, [sp, #UNITS]

    .balign 4
round:
.rept BLOCK / UNIT
    ldmia.w r1!, {r2-r6}
    ldmia.w r0!, {r7-r10, lr}
    multiply r2, r7
    multiply r3, r8
    multiply r4, r9
    multiply r5, r10
    multiply r6, lr
.endr
round_end:
    .if round_end - round != BLOCK / UNIT * UNIT_CODE
    .error "a unit of the loop has another size than UNIT_CODE"
    .endif
    ldr pc, [sp, #ROUND_DONE]

    .balign 4
next_round:
    ldr r2, [sp, #STOP]
    cmp r0, r2
    bne round
    ldr pc, [sp, #PART_DONE]

.macro ending relu
    .balign 4
finish\relu:
    ldmia r1!, {r2-r7}              // doubled biases, multiplier and scale of each
    sub r11, r11, r12
    add r11, r3, r11, asr #7
outputs\relu:                          // r11: the doubled sum of the second channel
    orrs r10, r5, r7
    bmi done                        // a scale that is not for here
    ldrd r8, r9, [sp, #ZERO]
    add r12, r2, r12, lsl #1
    requantise r12, r4, r5, r8, \relu
    strb r12, [r9], #1
    requantise r11, r6, r7, r8, \relu
    strb r11, [r9], #1
    str r9, [sp, #OUT]
    ldr r2, [sp, #WEIGHTS_END]
    cmp r1, r2
    bne pair
    b done
.endm
    ending 0
    ending 1

done:
    ldr r0, [sp, #OUT]
    add sp, sp, #FRAME
    pop {r4-r11, pc}

    .balign 4
aside:
    ldr r10, [sp, #T]
    sub r11, r11, r12
    add r10, r10, r11, asr #7
    mov r11, r12
    ldrd r3, r4, [sp, #STOP]        // and ACTS_END
    cmp r3, r4
    beq last
    str r10, [sp, #T]
    add r3, r3, #PART * 4
    cmp r3, r4
    it hi
    movhi r3, r4
    str r3, [sp, #STOP]
    b round
last:
    ldr r2, [sp, #FIRST_STOP]
    str r2, [sp, #STOP]
    mov r2, #0
    str r2, [sp, #T]
    ldmia r1!, {r2-r7}
    add r11, r10, r3
    ldr pc, [sp, #OUTPUTS]
    .size nn_tile1, . - nn_tile1
