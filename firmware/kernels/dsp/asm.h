// Macros that the assembly files share.

// A doubled sum to an output (README.md, 'Requantisation'). With a zero point of -128, as after a
// ReLU, what is below zero becomes -128 however it rounds.
.macro requantise sum multiplier scale zero relu
    smmulr \sum, \sum, \multiplier
    .if \relu == 0
    add \sum, \sum, \sum, asr #31
    .endif
    smmlar \sum, \sum, \scale, \zero
    ssat \sum, #8, \sum
.endm

// For a jump to a label.
.macro code_address register label
    adr.w \register, \label
    orr \register, \register, #1
.endm
