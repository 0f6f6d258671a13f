// network.LAN, as MicroPython's users know it from other boards with Ethernet.
#include "py/runtime.h"
#include "extmod/modnetwork.h"

#include "lwip/netif.h"

#include "net.h"

static const mp_obj_base_t network_lan_obj = { &network_lan_type };

// Values of status(), as on the STM32 port
enum {
    STATUS_DOWN = 0,
    STATUS_CONNECTING = 2,
    STATUS_CONNECTED = 3,
};

// LAN()
static mp_obj_t lan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&network_lan_obj);
}

static int lan_get_status(void) {
    if (net_has_address()) {
        return STATUS_CONNECTED;
    }
    return net_is_active() ? STATUS_CONNECTING : STATUS_DOWN;
}

static void lan_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    static const char *const names[] = { "down", "", "connecting", "connected" };
    mp_printf(print, "<LAN %s>", names[lan_get_status()]);
}

// active([is_active]): True brings it up with DHCP; does not wait for the address
static mp_obj_t lan_active(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return mp_obj_new_bool(net_is_active());
    }
    net_set_active(mp_obj_is_true(args[1]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_active_obj, 1, 2, lan_active);

// isconnected(): it is up, has a link and an address
static mp_obj_t lan_isconnected(mp_obj_t self) {
    return mp_obj_new_bool(net_has_address());
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_isconnected_obj, lan_isconnected);

// status()
static mp_obj_t lan_status(mp_obj_t self) {
    return MP_OBJ_NEW_SMALL_INT(lan_get_status());
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_status_obj, lan_status);

// ifconfig([(ip, mask, gateway, dns)] or "dhcp")
static mp_obj_t lan_ifconfig(size_t n_args, const mp_obj_t *args) {
    return mod_network_nic_ifconfig(net_netif(), n_args - 1, args + 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_ifconfig_obj, 1, 2, lan_ifconfig);

// ipconfig(name) or ipconfig(name=value, ...)
static mp_obj_t lan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    return mod_network_nic_ipconfig(net_netif(), n_args - 1, args + 1, kwargs);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_ipconfig_obj, 1, lan_ipconfig);

// config("mac" or "hostname")
static mp_obj_t lan_config(mp_obj_t self, mp_obj_t name) {
    switch (mp_obj_str_get_qstr(name)) {
        case MP_QSTR_mac:
            return mp_obj_new_bytes(net_netif()->hwaddr, 6);
        case MP_QSTR_hostname:
            return mod_network_hostname(0, NULL);
        default:
            mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
    }
}
static MP_DEFINE_CONST_FUN_OBJ_2(lan_config_obj, lan_config);

static const mp_rom_map_elem_t lan_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&lan_active_obj) },
    { MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&lan_isconnected_obj) },
    { MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&lan_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&lan_ifconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&lan_ipconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&lan_config_obj) },
};
static MP_DEFINE_CONST_DICT(lan_locals_dict, lan_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    network_lan_type, MP_QSTR_LAN, MP_TYPE_FLAG_NONE,
    make_new, lan_make_new,
    print, lan_print,
    locals_dict, &lan_locals_dict
    );
