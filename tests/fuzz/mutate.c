#include "mutate.h"

#include <stdbool.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);

#define SECTION_CODE 10
#define LEB_MAX 5

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static bool read_leb(const uint8_t *bytes, size_t end, size_t *at, uint32_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 7 * LEB_MAX && *at < end; shift += 7) {
        uint8_t byte = bytes[(*at)++];
        *value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            return true;
        }
    }
    return false;
}

// --- Operators that may stand for one another

typedef struct {
    uint8_t first, last;
} class_t;

static const class_t classes[] = {
    {0x46, 0x4f}, {0x51, 0x5a}, {0x5b, 0x60}, {0x61, 0x66}, // comparisons
    {0x67, 0x69}, {0x79, 0x7b}, {0x8b, 0x91}, {0x99, 0x9f}, // of one operand
    {0x6a, 0x78}, {0x7c, 0x8a}, {0x92, 0x98}, {0xa0, 0xa6}, // of two
    {0xa8, 0xa9}, {0xaa, 0xab}, {0xae, 0xaf}, {0xb0, 0xb1}, // truncations
    {0xac, 0xad}, {0xb2, 0xb3}, {0xb4, 0xb5}, {0xb7, 0xb8}, {0xb9, 0xba}, // conversions
    {0xc0, 0xc1}, {0xc2, 0xc4}, // sign extensions
    {0x2c, 0x2f}, {0x30, 0x35}, {0x3a, 0x3b}, {0x3c, 0x3e}, // loads and stores of parts
    {0x02, 0x03}, // block and loop: the same where neither has a result
    {0x0c, 0x0d}, // br and br_if
    {0x20, 0x22}, // locals
    {0x23, 0x24}, // globals
};

static bool other_operator(uint8_t *opcode, uint32_t random) {
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (*opcode >= classes[i].first && *opcode <= classes[i].last) {
            uint32_t count = classes[i].last - classes[i].first + 1u;
            *opcode = (uint8_t)(classes[i].first + random % count);
            return true;
        }
    }
    return false;
}

// --- Walks over the instructions of a body

typedef struct {
    uint8_t *bytes;
    size_t at, end;
} walk_t;

static bool skip_lebs(walk_t *w, uint32_t count) {
    uint32_t ignored;
    while (count-- > 0) {
        if (!read_leb(w->bytes, w->end, &w->at, &ignored)) {
            return false;
        }
    }
    return true;
}

static bool skip_long(walk_t *w) {
    while (w->at < w->end && (w->bytes[w->at] & 0x80)) {
        w->at++;
    }
    return w->at++ < w->end;
}

// Over what follows an opcode; false at the end, or for what the MVP has not.
static bool skip_immediates(walk_t *w, uint8_t opcode) {
    uint32_t count;
    if (opcode >= 0x02 && opcode <= 0x04) {
        return skip_lebs(w, 1);
    }
    if (opcode == 0x0e) {
        return read_leb(w->bytes, w->end, &w->at, &count) && skip_lebs(w, count)
               && skip_lebs(w, 1);
    }
    if (opcode == 0x0c || opcode == 0x0d || opcode == 0x10 || (opcode >= 0x20 && opcode <= 0x24)
        || opcode == 0x3f || opcode == 0x40 || opcode == 0x41) {
        return skip_lebs(w, 1);
    }
    if (opcode == 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) {
        return skip_lebs(w, 2);
    }
    if (opcode == 0x42) {
        return skip_long(w);
    }
    if (opcode == 0x43 || opcode == 0x44) {
        w->at += opcode == 0x43 ? 4 : 8;
    }
    return w->at <= w->end;
}

// The index-th instruction of a body (past its end: none): where it and its immediates are.
static bool instruction(walk_t *w, uint32_t index, size_t *start) {
    for (; w->at < w->end; index--) {
        *start = w->at;
        uint8_t opcode = w->bytes[w->at++];
        if (!skip_immediates(w, opcode)) {
            return false;
        }
        if (index == 0) {
            return true;
        }
    }
    return false;
}

// --- Places in a module

// The code section's bodies; false when there is none.
static bool find_code(const uint8_t *bytes, size_t length, size_t *start, size_t *end) {
    size_t at = 8;
    uint32_t size;
    while (at < length) {
        uint8_t id = bytes[at++];
        if (!read_leb(bytes, length, &at, &size) || size > length - at) {
            return false;
        }
        if (id == SECTION_CODE) {
            *start = at;
            *end = at + size;
            return true;
        }
        at += size;
    }
    return false;
}

// One body's instructions, behind its locals.
static bool find_body(uint8_t *bytes, size_t start, size_t end, uint32_t random, walk_t *body) {
    uint32_t count, size, locals;
    size_t at = start;
    if (!read_leb(bytes, end, &at, &count) || count == 0) {
        return false;
    }
    for (uint32_t i = random % count;; i--) {
        if (!read_leb(bytes, end, &at, &size) || size > end - at) {
            return false;
        }
        if (i == 0) {
            break;
        }
        at += size;
    }
    *body = (walk_t) {bytes, at, at + size};
    if (!read_leb(bytes, body->end, &body->at, &locals)) {
        return false;
    }
    for (; locals > 0; locals--) {
        if (!skip_lebs(body, 2)) {
            return false;
        }
    }
    return true;
}

static void change(walk_t *w, size_t start, uint32_t *random) {
    uint8_t *opcode = &w->bytes[start];
    uint8_t before = *opcode;
    size_t immediates = w->at - start - 1;
    bool is_memory = before >= 0x28 && before <= 0x3e;
    bool only_immediates = before == 0x41 || before == 0x42 || before == 0x43 || before == 0x44;
    if (!only_immediates && next_random(random) % 4 != 0 && other_operator(opcode, next_random(random))) {
        if (is_memory) {
            opcode[1] = 0; // an alignment that all have
        }
        return;
    }
    if (immediates > 0) {
        // Length and end of a LEB128 stay.
        size_t at = is_memory && immediates > 1 ? 1 + next_random(random) % (immediates - 1)
            : next_random(random) % immediates;
        bool is_leb = before != 0x43 && before != 0x44;
        uint8_t mask = is_leb ? 0x7f : 0xff;
        opcode[1 + at] ^= (uint8_t)(1u << next_random(random) % 8) & mask;
    }
}

size_t mutate_module(uint8_t *bytes, size_t length, size_t most, unsigned seed) {
    uint32_t random = seed * 2654435761u | 1;
    size_t start, end;
    walk_t body;
    if (next_random(&random) % 8 == 0 || !find_code(bytes, length, &start, &end)) {
        return LLVMFuzzerMutate(bytes, length, most);
    }
    for (uint32_t changes = 1 + next_random(&random) % 4; changes > 0; changes--) {
        if (!find_body(bytes, start, end, next_random(&random), &body)) {
            return LLVMFuzzerMutate(bytes, length, most);
        }
        walk_t walk = body;
        size_t at;
        uint32_t count = 0;
        while (instruction(&walk, 0, &at)) {
            count++;
        }
        if (count > 0 && instruction(&body, next_random(&random) % count, &at)) {
            change(&body, at, &random);
        }
    }
    return length;
}
