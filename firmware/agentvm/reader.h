// Reads Wasm's encodings of numbers, names and types out of a part of a module.
#ifndef AGENTVM_READER_H
#define AGENTVM_READER_H

#include <stdint.h>

#define AVM_TYPE_I32 0x7f
#define AVM_TYPE_F64 0x7c
#define AVM_TYPE_FUNCREF 0x70
#define AVM_TYPE_FUNCTION 0x60

// More than this in a signature would need more stack than any function may have.
#define AVM_SIGNATURE_MAX 255

// Reads on until the first thing that is wrong; what it gives after that is 0.
typedef struct {
    const uint8_t *bytes;
    uint32_t at;
    uint32_t end;
    const char *wrong; // NULL: nothing so far
} avm_reader_t;

// Notes the first thing that is wrong.
void avm_reader_refuse(avm_reader_t *r, const char *why);

uint8_t avm_read_byte(avm_reader_t *r);
uint32_t avm_read_u32(avm_reader_t *r);
void avm_read_skip(avm_reader_t *r, uint32_t bytes);
// A count of things that take a byte each at least.
uint32_t avm_read_count(avm_reader_t *r);
const char *avm_read_name(avm_reader_t *r, uint32_t *length);
uint8_t avm_read_value_type(avm_reader_t *r);
// Gives the number of results.
uint32_t avm_read_function_type(avm_reader_t *r);

// The one constant that an initial value may be, since there are no imported globals to
// read: its low 32 bits.
uint32_t avm_read_constant(avm_reader_t *r);

#endif
