// The Ethernet address.
#include "identity.h"
#include "net/lan9118.h"

size_t identity_get(uint8_t id[IDENTITY_MAX_BYTES]) {
    lan9118_get_mac(id);
    return 6;
}
