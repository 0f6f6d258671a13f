#include "clamp.h"

#include <arm_mve.h>

#define LANES 16u

void nn_mve_clamp(int8_t *out, uint32_t count, int32_t least, int32_t most) {
    if (least == -128 && most == 127) {
        return;
    }
    int8x16_t low = vdupq_n_s8((int8_t)least), high = vdupq_n_s8((int8_t)most);
    for (uint32_t i = 0; i < count; i += LANES) {
        mve_pred16_t lanes = vctp8q(count - i);
        int8x16_t y = vldrbq_z_s8(out + i, lanes);
        vstrbq_p_s8(out + i, vminq_s8(vmaxq_s8(y, low), high), lanes);
    }
}
