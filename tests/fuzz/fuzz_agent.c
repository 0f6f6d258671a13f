// Bytes as an agent, which may import all of `nn`; what follows the module is its model. Loaded,
// asked twice, whole and in slices; afterwards nothing is kept.
#include "agentvm/nn_calls.h"
#include "kernels/nn.h"
#include "mutate.h"
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#define POOL_BYTES (512u << 10)
#define MODEL_BYTES 2048
#define DEADLINE_MS 5
#define SLICES_MOST 20
#define DATA_BYTES 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed) {
    return mutate_module(bytes, length, most, seed);
}

static size_t grants(avm_grant_t *granted) {
    size_t count = 0;
    granted[count++] = (avm_grant_t) {"env", "log", "(ii)", {.function = stage_import}};
    granted[count++] = (avm_grant_t) {"env", "now_us", "I()", {.function = stage_import}};
    avm_nn_grant(&granted[count++], "read", 4);
    for (uint32_t i = 0; i < nn_op_count && count < AVM_IMPORTS_MAX; i++) {
        avm_nn_grant(&granted[count++], nn_ops[i].name, strlen(nn_ops[i].name));
    }
    return count;
}

static void infer(avm_agent_t *agent, avm_fault_t *fault) {
    uint8_t input[DATA_BYTES] = {1, 2, 3, 255}, output[DATA_BYTES], *state;
    size_t state_bytes;
    bool more = true;
    avm_agent_infer(agent, input, sizeof(input), output, fault);
    if (avm_agent_has_slices(agent) && !avm_agent_begin(agent, input, sizeof(input), fault)) {
        for (int i = 0; i < SLICES_MOST && more; i++) {
            if (avm_agent_step(agent, output, &more, fault)) {
                break;
            }
        }
    }
    if (avm_agent_has_state(agent) && !avm_agent_state(agent, &state, &state_bytes, fault)
        && state_bytes > 0) {
        state[state_bytes - 1] ^= 1;
    }
    avm_agent_infer(agent, input, sizeof(input), output, fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static stage_t stage;
    static uint32_t model[MODEL_BYTES / 4];
    avm_grant_t granted[AVM_IMPORTS_MAX];
    if (stage.pool_memory == NULL) {
        stage_open(&stage, POOL_BYTES);
    }
    memset(model, 0, sizeof(model));
    memcpy(model, bytes + length - (length < MODEL_BYTES ? length : MODEL_BYTES),
        length < MODEL_BYTES ? length : MODEL_BYTES);
    avm_agent_config_t config = {
        .wasm = bytes, .wasm_bytes = length, .model = (const uint8_t *)model,
        .model_bytes = sizeof(model), .grants = granted, .grant_count = grants(granted),
        .deadline_ms = DEADLINE_MS, .inputs_bytes = DATA_BYTES, .outputs_bytes = DATA_BYTES,
    };
    avm_agent_t agent = {0};
    avm_error_t error = avm_agent_load(&agent, &stage.pool, &config, &stage.fault);
    if (error == AVM_INIT_FAILED) {
        config.model = NULL;
        config.model_bytes = 0;
        error = avm_agent_load(&agent, &stage.pool, &config, &stage.fault);
    }
    if (!error) {
        infer(&agent, &stage.fault);
        avm_agent_close(&agent, &stage.fault);
    }
    if (stage.pool.used != 0 || !avm_pool_check(&stage.pool)) {
        abort();
    }
    return 0;
}
