// The pool: what it gives, what it says of itself, and that nothing drifts.
#include "check.h"
#include "support.h"

#include <string.h>

static void test_empty(void) {
    uint64_t memory[8];
    avm_pool_t pool;
    check_case("pool_too_small");
    check(!avm_pool_init(&pool, memory, 8), "took 8 bytes");
    check(!avm_pool_init(&pool, NULL, 0), "took nothing");
    check(avm_pool_alloc(&pool, 1, 1) == NULL, "gave of nothing");
    check_case("pool_unaligned");
    check(avm_pool_init(&pool, (uint8_t *)memory + 3, 50), "refused 50 bytes");
    check((uintptr_t)pool.base % 8 == 0, "base %p", (void *)pool.base);
    check(pool.size == 40, "%u bytes of 50 from 3 on", pool.size);
    check(avm_pool_largest(&pool) == 32, "largest %u", avm_pool_largest(&pool));
}

static void test_limits(void) {
    test_pool_t t = test_pool_new(1024);
    check_case("pool_sizes");
    check(avm_pool_alloc(&t.pool, 1, 0) == NULL, "gave 0 bytes");
    check(avm_pool_alloc(&t.pool, 1, SIZE_MAX) == NULL, "gave SIZE_MAX bytes");
    check(avm_pool_alloc(&t.pool, 1, UINT32_MAX - 3) == NULL, "gave 4 GiB");
    check(avm_pool_alloc(&t.pool, 1, 1017) == NULL, "gave a byte too much");
    void *all = avm_pool_alloc(&t.pool, 1, 1016);
    check(all != NULL, "did not give all it has");
    check(avm_pool_largest(&t.pool) == 0, "largest %u when full", avm_pool_largest(&t.pool));
    check(avm_pool_alloc(&t.pool, 1, 1) == NULL, "gave when full");
    check(avm_pool_resize(&t.pool, all, SIZE_MAX) == NULL, "resized to SIZE_MAX");
    check(avm_pool_held(&t.pool, 1) == 1024, "held %u", avm_pool_held(&t.pool, 1));
    avm_pool_free(&t.pool, all);
    check(t.pool.used == 0 && t.pool.peak == 1024, "used %u peak %u", t.pool.used, t.pool.peak);
    check(avm_pool_check(&t.pool), "chain broken");
    test_pool_free(&t);
}

static void test_resize(void) {
    test_pool_t t = test_pool_new(1024);
    check_case("pool_resize_in_place");
    uint8_t *first = avm_pool_alloc(&t.pool, 1, 100);
    memset(first, 7, 100);
    check(avm_pool_resize(&t.pool, first, 500) == first, "moved though there was room behind");
    check(avm_pool_resize(&t.pool, first, 50) == first, "moved to shrink");
    check(t.pool.used == 64, "used %u after shrinking", t.pool.used);
    check_case("pool_resize_moves");
    uint8_t *second = avm_pool_alloc(&t.pool, 1, 100);
    uint8_t *moved = avm_pool_resize(&t.pool, first, 300);
    check(moved != NULL && moved != first, "did not move");
    check(moved[0] == 7 && moved[49] == 7, "lost its bytes");
    check_case("pool_resize_fails");
    check(avm_pool_resize(&t.pool, second, 2000) == NULL, "gave more than there is");
    check(avm_pool_held(&t.pool, 1) == t.pool.used, "changed by a failure");
    check(avm_pool_check(&t.pool), "chain broken");
    test_pool_free(&t);
}

static void test_owners(void) {
    test_pool_t t = test_pool_new(4096);
    check_case("pool_owners");
    void *a = avm_pool_open(&t.pool, 10);
    void *b = avm_pool_open(&t.pool, 10);
    avm_owner_t one = avm_pool_owner(a), two = avm_pool_owner(b);
    check(one != 0 && two != 0 && one != two, "owners %u and %u", one, two);
    for (int i = 0; i < 20; i++) {
        avm_pool_alloc(&t.pool, i % 2 ? one : two, 40);
    }
    uint32_t held = avm_pool_held(&t.pool, two);
    avm_pool_release(&t.pool, one);
    check(t.pool.used == held, "used %u, the other holds %u", t.pool.used, held);
    avm_pool_release(&t.pool, one);
    check(avm_pool_held(&t.pool, two) == held, "released twice took from the other");
    avm_pool_release(&t.pool, two);
    check(t.pool.used == 0 && avm_pool_largest(&t.pool) == 4088, "not whole: largest %u",
        avm_pool_largest(&t.pool));
    test_pool_free(&t);
}

#define BLOCKS 64

typedef struct {
    uint8_t *bytes;
    uint32_t length;
    uint8_t mark;
    avm_owner_t owner;
} held_t;

static bool is_marked(const held_t *block) {
    for (uint32_t i = 0; i < block->length; i++) {
        if (block->bytes[i] != block->mark) {
            return false;
        }
    }
    return true;
}

static void fill(held_t *block, uint32_t length, uint32_t *seed) {
    block->length = length;
    block->mark = (uint8_t)random_next(seed);
    memset(block->bytes, block->mark, length);
}

static void change(avm_pool_t *pool, held_t *block, uint32_t *seed) {
    uint32_t length = random_next(seed) % 300 + 1;
    if (block->bytes == NULL) {
        block->owner = random_next(seed) % 4 + 1;
        block->bytes = avm_pool_alloc(pool, block->owner, length);
        if (block->bytes != NULL) {
            fill(block, length, seed);
        }
    } else if (random_next(seed) % 3 == 0) {
        uint8_t *resized = avm_pool_resize(pool, block->bytes, length);
        if (resized != NULL) {
            block->bytes = resized;
            block->length = length < block->length ? length : block->length;
            check(is_marked(block), "resize lost bytes");
            fill(block, length, seed);
        }
    } else {
        avm_pool_free(pool, block->bytes);
        block->bytes = NULL;
    }
}

static void release_owner(avm_pool_t *pool, held_t *blocks, avm_owner_t owner) {
    avm_pool_release(pool, owner);
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i].owner == owner) {
            blocks[i].bytes = NULL;
        }
    }
}

static void test_random(void) {
    held_t blocks[BLOCKS] = {0};
    uint32_t seed = 20240807;
    test_pool_t t = test_pool_new(8192);
    check_case("pool_random");
    for (int round = 0; round < 100000; round++) {
        held_t *block = &blocks[random_next(&seed) % BLOCKS];
        if (block->bytes != NULL && !check(is_marked(block), "round %d: overwritten", round)) {
            break;
        }
        change(&t.pool, block, &seed);
        if (round % 5000 == 4999) {
            release_owner(&t.pool, blocks, random_next(&seed) % 4 + 1);
        }
        if (!check(avm_pool_check(&t.pool), "round %d: chain broken", round)) {
            break;
        }
    }
    for (avm_owner_t owner = 1; owner <= 4; owner++) {
        release_owner(&t.pool, blocks, owner);
    }
    check(t.pool.used == 0 && avm_pool_largest(&t.pool) == 8184, "%u still used", t.pool.used);
    test_pool_free(&t);
}

int main(void) {
    test_empty();
    test_limits();
    test_resize();
    test_owners();
    test_random();
    return check_end();
}
