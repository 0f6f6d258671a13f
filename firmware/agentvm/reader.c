#include "reader.h"

#include <stddef.h>

void avm_reader_refuse(avm_reader_t *r, const char *why) {
    if (r->wrong == NULL) {
        r->wrong = why;
    }
}

uint8_t avm_read_byte(avm_reader_t *r) {
    if (r->wrong != NULL || r->at >= r->end) {
        avm_reader_refuse(r, "ends too early");
        return 0;
    }
    return r->bytes[r->at++];
}

uint32_t avm_read_u32(avm_reader_t *r) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = avm_read_byte(r);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (shift == 28 && byte > 0x0f) {
            break;
        }
        if (!(byte & 0x80)) {
            return value;
        }
    }
    avm_reader_refuse(r, "number too large");
    return 0;
}

void avm_read_skip(avm_reader_t *r, uint32_t bytes) {
    if (r->wrong != NULL || bytes > r->end - r->at) {
        avm_reader_refuse(r, "ends too early");
        return;
    }
    r->at += bytes;
}

// Skips a signed LEB of up to `bits`, returning its low 32 bits.
static uint32_t read_signed(avm_reader_t *r, unsigned bits) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = avm_read_byte(r);
        if (shift < 32) {
            value |= (uint32_t)(byte & 0x7f) << shift;
        }
        if (!(byte & 0x80)) {
            if (shift + 7 < 32 && (byte & 0x40)) {
                value |= UINT32_MAX << (shift + 7);
            }
            return value;
        }
    }
    avm_reader_refuse(r, "number too large");
    return 0;
}

uint32_t avm_read_count(avm_reader_t *r) {
    uint32_t count = avm_read_u32(r);
    if (count > r->end - r->at) {
        avm_reader_refuse(r, "counts more than it holds");
        return 0;
    }
    return count;
}

const char *avm_read_name(avm_reader_t *r, uint32_t *length) {
    *length = avm_read_u32(r);
    const char *name = (const char *)r->bytes + r->at;
    avm_read_skip(r, *length);
    return name;
}

uint8_t avm_read_value_type(avm_reader_t *r) {
    uint8_t type = avm_read_byte(r);
    if (type < AVM_TYPE_F64 || type > AVM_TYPE_I32) {
        avm_reader_refuse(r, "has a type other than i32, i64, f32, f64");
    }
    return type;
}

uint32_t avm_read_constant(avm_reader_t *r) {
    uint32_t value = 0;
    switch (avm_read_byte(r)) {
        case 0x41:
            value = read_signed(r, 32);
            break;
        case 0x42:
            value = read_signed(r, 64);
            break;
        case 0x43:
            avm_read_skip(r, 4);
            break;
        case 0x44:
            avm_read_skip(r, 8);
            break;
        default:
            avm_reader_refuse(r, "has an initial value that is not a constant");
    }
    if (avm_read_byte(r) != 0x0b) {
        avm_reader_refuse(r, "has an initial value that is not a constant");
    }
    return value;
}

uint32_t avm_read_function_type(avm_reader_t *r) {
    uint32_t count = 0;
    if (avm_read_byte(r) != AVM_TYPE_FUNCTION) {
        avm_reader_refuse(r, "has a type that is not a function's");
    }
    for (int part = 0; part < 2; part++) {
        count = avm_read_count(r);
        if (count > AVM_SIGNATURE_MAX) {
            avm_reader_refuse(r, "has a signature that is too long");
        }
        for (uint32_t i = 0; i < count && r->wrong == NULL; i++) {
            avm_read_value_type(r);
        }
    }
    return count;
}
