#include "portions.h"
#include "sides.h"

#define PORTION 4096u // elements

nn_status_t nn_portions(uint32_t total, uint32_t macs, nn_run_t *run, nn_portion_t portion,
    const void *context) {
    nn_meter_t meter = {run, 0, 0};
    for (uint32_t i = run->at; i < nn_parts(total, PORTION); i++) {
        if (nn_pause(&meter, i)) {
            return NN_MORE;
        }
        uint32_t count = nn_smaller(total - i * PORTION, PORTION);
        if (!nn_meter(&meter, macs * count)) {
            return NN_ERROR_STOPPED;
        }
        portion(context, i * PORTION, count);
    }
    return NN_OK;
}
