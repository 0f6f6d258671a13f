#include "max_bytes.h"

#include <arm_mve.h>

#define LANES 16u

void nn_max_bytes(int8_t *most, const int8_t *x, uint32_t count) {
    for (uint32_t i = 0; i < count; i += LANES) {
        mve_pred16_t lanes = vctp8q(count - i);
        int8x16_t greater = vmaxq_s8(vldrbq_z_s8(most + i, lanes), vldrbq_z_s8(x + i, lanes));
        vstrbq_p_s8(most + i, greater, lanes);
    }
}
