// Register names and layouts: SMSC LAN9118 data sheet, chapter 5.
#include "mpconfigboard.h"
#include "core.h"
#include "lan9118.h"
#include "net.h"

#define REG(offset)     REG32(BOARD_LAN9118_BASE + (offset))
#define RX_DATA         REG(0x00)
#define TX_DATA         REG(0x20)
#define RX_STATUS       REG(0x40)
#define IRQ_CFG         REG(0x54)
#define INT_STS         REG(0x58)
#define INT_EN          REG(0x5C)
#define FIFO_INT        REG(0x68)
#define RX_CFG          REG(0x6C)
#define TX_CFG          REG(0x70)
#define HW_CFG          REG(0x74)
#define RX_FIFO_INF     REG(0x7C)
#define TX_FIFO_INF     REG(0x80)
#define MAC_CSR_CMD     REG(0xA4)
#define MAC_CSR_DATA    REG(0xA8)

#define IRQ_CFG_ON      (0x111) // enabled, active high, push-pull
#define INT_RX_LEVEL    (1u << 3)
#define TX_CFG_ON       (1u << 2 | 1u << 1) // on; nobody reads the transmit status
#define HW_CFG_RESET    (1u << 0)
#define HW_CFG_DEFAULT  (1u << 20 | 5u << 16) // must-be-one bit; 5 KB for transmission
#define CSR_BUSY        (1u << 31)
#define CSR_READ        (1u << 30)
#define RX_STATUS_BAD   (1u << 15)

// Registers behind MAC_CSR_CMD
#define MAC_CR          (1)
#define MAC_ADDRH       (2)
#define MAC_ADDRL       (3)
#define MAC_MII_ACC     (6)
#define MAC_MII_DATA    (7)
#define MAC_CR_ON       (1u << 20 | 1u << 19 | 1u << 3 | 1u << 2) // duplex, multicast, TX, RX

#define PHY_ADDRESS     (1)
#define PHY_STATUS      (1)
#define PHY_STATUS_LINK (1u << 2)

static uint32_t mac_read(uint32_t reg) {
    MAC_CSR_CMD = CSR_BUSY | CSR_READ | reg;
    while (MAC_CSR_CMD & CSR_BUSY) {
    }
    return MAC_CSR_DATA;
}

static void mac_write(uint32_t reg, uint32_t value) {
    MAC_CSR_DATA = value;
    MAC_CSR_CMD = CSR_BUSY | reg;
    while (MAC_CSR_CMD & CSR_BUSY) {
    }
}

void lan9118_init(void) {
    HW_CFG = HW_CFG_RESET;
    while (HW_CFG & HW_CFG_RESET) {
    }
    HW_CFG = HW_CFG_DEFAULT;
    FIFO_INT = 0; // interrupt with the first frame
    IRQ_CFG = IRQ_CFG_ON;
    INT_STS = 0xFFFFFFFF;
    INT_EN = INT_RX_LEVEL;
    RX_CFG = 0;
    TX_CFG = TX_CFG_ON;
    mac_write(MAC_CR, MAC_CR_ON);
    // The line was pending before the polarity was set.
    core_irq_clear(BOARD_LAN9118_IRQ);
    core_irq_enable(BOARD_LAN9118_IRQ);
}

void lan9118_get_mac(uint8_t mac[6]) {
    uint32_t low = mac_read(MAC_ADDRL);
    uint32_t high = mac_read(MAC_ADDRH);
    for (int i = 0; i < 6; ++i) {
        mac[i] = i < 4 ? low >> (8 * i) : high >> (8 * (i - 4));
    }
}

bool lan9118_link_up(void) {
    mac_write(MAC_MII_ACC, PHY_ADDRESS << 11 | PHY_STATUS << 6 | 1);
    return mac_read(MAC_MII_DATA) & PHY_STATUS_LINK;
}

bool lan9118_send(const uint32_t *frame, size_t len) {
    size_t words = (len + 3) / 4;
    if ((TX_FIFO_INF & 0xFFFF) < 4 * words + 8) {
        return false;
    }
    TX_DATA = 1u << 13 | 1u << 12 | len; // command A: first and last segment
    TX_DATA = len; // command B: length of the frame
    for (size_t i = 0; i < words; ++i) {
        TX_DATA = frame[i];
    }
    return true;
}

size_t lan9118_receive(uint32_t *frame) {
    while (RX_FIFO_INF >> 16 & 0xFF) {
        uint32_t status = RX_STATUS;
        size_t len = status >> 16 & 0x3FFF; // with its 4 bytes of checksum
        bool good = !(status & RX_STATUS_BAD) && len > 4 && len <= LAN9118_FRAME_MAX + 4;
        for (size_t i = 0; i < (len + 3) / 4; ++i) {
            uint32_t word = RX_DATA;
            if (good) {
                frame[i] = word;
            }
        }
        if (good) {
            return len - 4;
        }
    }
    return 0;
}

void lan9118_irq_rearm(void) {
    INT_STS = INT_RX_LEVEL;
    core_irq_clear(BOARD_LAN9118_IRQ);
    core_irq_enable(BOARD_LAN9118_IRQ);
}

void lan9118_irq(void) {
    core_irq_disable(BOARD_LAN9118_IRQ);
    net_wake();
}
