// A TCG plugin for QEMU, for Thumb code: how often each block of instructions runs between two addresses, which
// must be the starts of functions. With begin=ADDRESS,end=ADDRESS,out=FILE (hexadecimal; the same
// address twice: begin and end by turns) each pass from `begin` to `end` writes a line a block,
//     first address, address behind the block, runs, how many were not followed by the block behind
// and then an empty line. executions.py reads it.
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What is used of QEMU's plugin interface, version 1. Callbacks are in QEMU's order: one vCPU.
typedef uint64_t plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void on_translate_t(plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void on_run_t(unsigned int vcpu, void *block);
typedef void on_exit_t(plugin_id_t id, void *context);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id, on_translate_t *call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, on_run_t *call, int flags,
    void *block);
void qemu_plugin_register_atexit_cb(plugin_id_t id, on_exit_t *call, void *context);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

typedef struct block {
    uint64_t start, end;
    uint64_t runs, jumps;
    struct block *next;
} block_t;

static block_t *blocks;
static block_t *previous; // that ran; NULL at the beginning of a pass
static uint64_t begin, end;
static bool counting;
static FILE *out;

static void forget(void) {
    for (block_t *b = blocks; b; b = b->next) {
        b->runs = b->jumps = 0;
    }
    previous = NULL;
}

static void write_pass(void) {
    for (block_t *b = blocks; b; b = b->next) {
        if (b->runs) {
            fprintf(out, "%" PRIx64 " %" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->start, b->end,
                b->runs, b->jumps);
        }
    }
    fputc('\n', out);
    fflush(out); // QEMU may be killed
}

static void on_run(unsigned int vcpu, void *block) {
    (void)vcpu;
    block_t *b = block;
    if (b->start == (counting ? end : begin)) {
        if (counting) {
            write_pass();
        }
        forget();
        counting = !counting;
        return;
    }
    b->runs++;
    if (previous && previous->end != b->start) {
        previous->jumps++;
    }
    previous = b;
}

// QEMU's own function is off by 2 for an instruction before one that crosses a page.
static unsigned int size_of(const struct qemu_plugin_insn *insn) {
    const uint8_t *data = qemu_plugin_insn_data(insn);
    return data[1] >= 0xE8 ? 4 : 2;
}

static void on_translate(plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    block_t *b = calloc(1, sizeof(*b));
    if (!b) {
        abort();
    }
    const struct qemu_plugin_insn *last =
        qemu_plugin_tb_get_insn(tb, qemu_plugin_tb_n_insns(tb) - 1);
    b->start = qemu_plugin_tb_vaddr(tb);
    b->end = qemu_plugin_insn_vaddr(last) + size_of(last);
    b->next = blocks;
    blocks = b;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_run, 0, b);
}

static void on_exit(plugin_id_t id, void *context) {
    (void)id;
    (void)context;
    fclose(out);
}

static const char *value_of(const char *name, int argc, char **argv) {
    size_t length = strlen(name);
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], name, length) && argv[i][length] == '=') {
            return argv[i] + length + 1;
        }
    }
    return "";
}

int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv) {
    (void)info;
    begin = strtoull(value_of("begin", argc, argv), NULL, 16);
    end = strtoull(value_of("end", argc, argv), NULL, 16);
    out = fopen(value_of("out", argc, argv), "w");
    if (!begin || !end || !out) {
        fprintf(stderr, "executions: needs begin=ADDRESS,end=ADDRESS,out=FILE\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_exit, NULL);
    return 0;
}
