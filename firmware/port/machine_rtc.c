// machine.RTC: sets and reads the wall clock. It runs from power-on, and starts at 2000-01-01.
#include "py/runtime.h"
#include "shared/timeutils/timeutils.h"

#include "clock.h"

static const mp_obj_base_t rtc_obj = { &machine_rtc_type };

// RTC()
static mp_obj_t rtc_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&rtc_obj);
}

static mp_obj_t rtc_get(void) {
    uint64_t us = clock_get_us();
    timeutils_struct_time_t tm;
    timeutils_seconds_since_epoch_to_struct_time(us / 1000000, &tm);
    mp_obj_t tuple[8] = {
        mp_obj_new_int(tm.tm_year),
        mp_obj_new_int(tm.tm_mon),
        mp_obj_new_int(tm.tm_mday),
        mp_obj_new_int(tm.tm_wday),
        mp_obj_new_int(tm.tm_hour),
        mp_obj_new_int(tm.tm_min),
        mp_obj_new_int(tm.tm_sec),
        mp_obj_new_int(us % 1000000),
    };
    return mp_obj_new_tuple(8, tuple);
}

static void rtc_set(mp_obj_t datetime) {
    mp_obj_t *items;
    mp_obj_get_array_fixed_n(datetime, 8, &items);
    mp_int_t year = mp_obj_get_int(items[0]);
    if (year < 2000 || year > 2099) {
        mp_raise_ValueError(MP_ERROR_TEXT("the year must be in 2000..2099"));
    }
    uint64_t seconds = timeutils_seconds_since_epoch(year, mp_obj_get_int(items[1]), mp_obj_get_int(items[2]),
        mp_obj_get_int(items[4]), mp_obj_get_int(items[5]), mp_obj_get_int(items[6]));
    clock_set_us(seconds * 1000000 + mp_obj_get_int(items[7]));
}

// datetime([(year, month, day, weekday, hours, minutes, seconds, microseconds)])
static mp_obj_t rtc_datetime(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return rtc_get();
    }
    rtc_set(args[1]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(rtc_datetime_obj, 1, 2, rtc_datetime);

static const mp_rom_map_elem_t rtc_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_datetime), MP_ROM_PTR(&rtc_datetime_obj) },
};
static MP_DEFINE_CONST_DICT(rtc_locals_dict, rtc_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    machine_rtc_type, MP_QSTR_RTC, MP_TYPE_FLAG_NONE,
    make_new, rtc_make_new,
    locals_dict, &rtc_locals_dict
    );
