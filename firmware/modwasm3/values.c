// Python objects to Wasm values and back.
#include "modwasm3.h"

#include "py/binary.h"
#include "py/runtime.h"

#include <math.h>
#include <string.h>

// An integer of up to 64 bits: its bits, and whether it is below 0.
typedef struct {
    uint64_t bits;
    bool negative;
} integer_t;

static __attribute__((noreturn)) void overflow(avm_type_t type) {
    mp_raise_msg_varg(&mp_type_OverflowError, MP_ERROR_TEXT("%s out of range"),
        type == AVM_I32 ? "i32" : "i64");
}

static bool less(mp_obj_t a, mp_obj_t b) {
    return mp_obj_is_true(mp_binary_op(MP_BINARY_OP_LESS, a, b));
}

static integer_t get_integer(mp_obj_t object, avm_type_t type) {
    integer_t value;
    if (mp_obj_is_bool(object)) {
        object = MP_OBJ_NEW_SMALL_INT(mp_obj_is_true(object));
    }
    if (!mp_obj_is_int(object)) {
        mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("%s wants an int, not %s"),
            type == AVM_I32 ? "i32" : "i64", mp_obj_get_type_str(object));
    }
    value.negative = less(object, MP_OBJ_NEW_SMALL_INT(0));
    if (mp_obj_is_small_int(object)) {
        value.bits = (uint64_t)(int64_t)MP_OBJ_SMALL_INT_VALUE(object);
        return value;
    }
    if (less(object, mp_obj_new_int_from_ll(INT64_MIN))
        || less(mp_obj_new_int_from_ull(UINT64_MAX), object)) {
        overflow(type);
    }
    mp_binary_set_val_array('Q', &value.bits, 0, object);
    return value;
}

static int64_t get_i64(mp_obj_t object) {
    return (int64_t)get_integer(object, AVM_I64).bits;
}

// Either sign: -2**31 ... 2**32 - 1.
static int32_t get_i32(mp_obj_t object) {
    integer_t value = get_integer(object, AVM_I32);
    if (value.negative ? (int64_t)value.bits < INT32_MIN : value.bits > UINT32_MAX) {
        overflow(AVM_I32);
    }
    return (int32_t)(uint32_t)value.bits;
}

#if MICROPY_FLOAT_IMPL == MICROPY_FLOAT_IMPL_DOUBLE
// Converting between float and double makes a signalling NaN a quiet one. Here NaNs keep their
// bits, so that an f32 comes back as it went.
#define SIGN (0x80000000)
#define EXPONENT (0x7f800000)
#define FRACTION (0x7fffff)
#define QUIET (0x400000)

static mp_obj_t new_f32(float value) {
    uint32_t bits;
    double wide = (double)value;
    memcpy(&bits, &value, sizeof(bits));
    if (isnan(value)) {
        uint64_t wide_bits = (uint64_t)(bits & SIGN) << 32 | (uint64_t)0x7ff << 52
            | (uint64_t)(bits & FRACTION) << 29;
        memcpy(&wide, &wide_bits, sizeof(wide));
    }
    return mp_obj_new_float_from_d(wide);
}

static float get_f32(mp_obj_t object) {
    double wide = mp_obj_get_float_to_d(object);
    float value = (float)wide;
    if (isnan(wide)) {
        uint64_t wide_bits;
        memcpy(&wide_bits, &wide, sizeof(wide_bits));
        uint32_t fraction = (uint32_t)(wide_bits >> 29) & FRACTION;
        // Without a fraction it would be infinite.
        uint32_t bits = ((uint32_t)(wide_bits >> 32) & SIGN) | EXPONENT | (fraction ? fraction : QUIET);
        memcpy(&value, &bits, sizeof(value));
    }
    return value;
}
#else
static mp_obj_t new_f32(float value) {
    return mp_obj_new_float_from_f(value);
}

static float get_f32(mp_obj_t object) {
    return mp_obj_get_float_to_f(object);
}
#endif

avm_value_t wasm3_value_get(mp_obj_t object, avm_type_t type) {
    avm_value_t value = {.i64 = 0};
    switch (type) {
        case AVM_I32:
            value.i32 = get_i32(object);
            break;
        case AVM_I64:
            value.i64 = get_i64(object);
            break;
        case AVM_F32:
            value.f32 = get_f32(object);
            break;
        case AVM_F64:
            value.f64 = mp_obj_get_float_to_d(object);
            break;
    }
    return value;
}

mp_obj_t wasm3_value_new(avm_value_t value, avm_type_t type) {
    switch (type) {
        case AVM_I32:
            return mp_obj_new_int(value.i32);
        case AVM_I64:
            return mp_obj_new_int_from_ll(value.i64);
        case AVM_F32:
            return new_f32(value.f32);
        default:
            return mp_obj_new_float_from_d(value.f64);
    }
}

mp_obj_t wasm3_results_new(const avm_function_t *function, const avm_value_t *values) {
    uint32_t count = avm_function_results(function);
    mp_obj_t items[AVM_VALUES_MAX];
    if (count == 0) {
        return mp_const_none;
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = wasm3_value_new(values[i], avm_function_result(function, i));
    }
    return count == 1 ? items[0] : mp_obj_new_tuple(count, items);
}
