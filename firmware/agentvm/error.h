// What can go wrong, by the names of SPEC.md 1.4, and the account of one failure.
#ifndef AGENTVM_ERROR_H
#define AGENTVM_ERROR_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    AVM_OK = 0,
    // At load.
    AVM_MALFORMED,
    AVM_IMPORT_DENIED,
    AVM_MISSING_EXPORT,
    AVM_EXPORT_TYPE,
    AVM_MEMORY_LIMIT,
    AVM_NO_MEMORY,
    AVM_ABI_VERSION,
    AVM_INIT_FAILED,
    // At run. After one of these the runtime is gone.
    AVM_TRAP,
    AVM_DEADLINE,
    AVM_INTERRUPTED, // by the host's poll hook
    AVM_BAD_ADDRESS,
    AVM_BAD_LENGTH,
    AVM_HOST, // a host function failed; the host knows how
    // The agent lives on.
    AVM_CODE, // the agent answered with an error code
    AVM_BUSY, // called while it runs
    AVM_DROPPED, // called after it was dropped or closed
    AVM_USAGE, // the host asked for what cannot be
} avm_error_t;

// The word of SPEC.md 1.4.
const char *avm_error_word(avm_error_t error);

// The name of an error code that agents return, such as "input-length".
const char *avm_code_name(int32_t code);

#define AVM_FAULT_TEXT_BYTES 120
#define AVM_FAULT_NO_FUNCTION (-1)

// The account: `text` says what, without the agent's name and the reason's word.
typedef struct {
    avm_error_t error;
    int32_t code; // that the agent returned; 0: none
    int32_t function; // index of the function that trapped
    char text[AVM_FAULT_TEXT_BYTES];
} avm_fault_t;

// Each sets the fault and returns its error, so that callers can write
// `return avm_fault(...)`. Text that does not fit is cut.
avm_error_t avm_fault(avm_fault_t *fault, avm_error_t error, const char *text);
// Appends to the text.
void avm_fault_text(avm_fault_t *fault, const char *text);
void avm_fault_name(avm_fault_t *fault, const char *name, size_t length);
void avm_fault_number(avm_fault_t *fault, int64_t number);

#endif
