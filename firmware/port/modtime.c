// Included by MicroPython's extmod/modtime.c: the wall clock.
#include "shared/timeutils/timeutils.h"

#include "clock.h"

static void localtime_now(timeutils_struct_time_t *tm) {
    timeutils_seconds_since_epoch_to_struct_time(clock_get_us() / 1000000, tm);
}

#if MICROPY_VERSION >= MICROPY_MAKE_VERSION(1, 27, 0)
static void mp_time_localtime_get(timeutils_struct_time_t *tm) {
    localtime_now(tm);
}
#else
static mp_obj_t mp_time_localtime_get(void) {
    timeutils_struct_time_t tm;
    localtime_now(&tm);
    mp_obj_t tuple[8] = {
        mp_obj_new_int(tm.tm_year),
        mp_obj_new_int(tm.tm_mon),
        mp_obj_new_int(tm.tm_mday),
        mp_obj_new_int(tm.tm_hour),
        mp_obj_new_int(tm.tm_min),
        mp_obj_new_int(tm.tm_sec),
        mp_obj_new_int(tm.tm_wday),
        mp_obj_new_int(tm.tm_yday),
    };
    return mp_obj_new_tuple(8, tuple);
}
#endif

static mp_obj_t mp_time_time_get(void) {
    return mp_obj_new_int_from_ull(clock_get_us() / 1000000);
}
