# ST LSM6DSOX (and LSM6DSO, which says the same of itself) on I2C: accelerometer and gyroscope.
# ST's data sheet DS12814, "Mechanical characteristics" (what a step is), "FIFO" and "Register
# description"; application note AN5272 for the words of the FIFO and for INTERNAL_FREQ_FINE.
import time

from micropython import const

from . import bus, imu

OPTIONS = {
    "address": ("one", 0x6A, (0x6A, 0x6B)),
    "range_dps": ("one", 2000, (125, 250, 500, 1000, 2000)),
}
OPTIONS.update(imu.OPTIONS)

_FIFO_CTRL3 = const(0x09)  # BDR_GY, BDR_XL
_FIFO_CTRL4 = const(0x0A)  # FIFO_MODE
_WHO_AM_I = const(0x0F)
_CTRL1_XL = const(0x10)  # ODR_XL, FS_XL
_CTRL2_G = const(0x11)  # ODR_G, FS_G, FS_125
_CTRL3_C = const(0x12)
_CTRL9_XL = const(0x18)
_FIFO_STATUS1 = const(0x3A)
_INTERNAL_FREQ_FINE = const(0x63)
_FIFO_DATA_OUT_TAG = const(0x78)

_ID = const(0x6C)
_SW_RESET = const(0x01)
_BDU_IF_INC = const(0x44)
_I3C_DISABLE = const(0xE2)  # with the bits that are set after a reset
_BYPASS = const(0)
_CONTINUOUS = const(6)
_OVERRUN = const(0x48)  # FIFO_OVR_IA, FIFO_OVR_LATCHED
_WORDS = const(512)  # that the FIFO holds
_WORD_BYTES = const(7)  # the tag, then x, y, z
_TAG_GYRO = const(1)
_TAG_ACCEL = const(2)
_START_MS = const(100)  # the gyroscope takes 70

_FS_XL = {2: 0x00, 4: 0x08, 8: 0x0C, 16: 0x04}
_FS_G = {125: 0x02, 250: 0x00, 500: 0x04, 1000: 0x08, 2000: 0x0C}
_MG = 0.061  # of a step at 2 g
_MDPS = 4.375  # at 125 degrees/s


class Lsm6dsox(bus.Chip):
    # Behind the last register of a word the address begins again at its tag.
    fifo = _FIFO_DATA_OUT_TAG
    entry_bytes = _WORD_BYTES

    def __init__(self, options):
        super().__init__("lsm6dsox", options)
        self._options = options
        self._gyro = options["gyro"]
        # 104 readings a second, or 208: at least twice as many as are asked for.
        self._odr = 4 if options["hz"] <= 52 else 5
        g, dps = options["range_g"], options["range_dps"]
        self.units = imu.units(_MG * g / 2, _MDPS * dps / 125)
        self._status = bytearray(2)
        self._slot = -1
        self._found = 0

    def start(self):
        self.check(_WHO_AM_I, _ID)
        self.reset(_CTRL3_C, _SW_RESET)
        self.write(_CTRL3_C, _BDU_IF_INC)
        self.write(_CTRL9_XL, _I3C_DISABLE)
        self._set_rate(self.read(_INTERNAL_FREQ_FINE))
        self.write(_CTRL1_XL, self._odr << 4 | _FS_XL[self._options["range_g"]])
        batch = self._odr
        if self._gyro:
            self.write(_CTRL2_G, self._odr << 4 | _FS_G[self._options["range_dps"]])
            batch |= self._odr << 4
        time.sleep_ms(_START_MS)
        self.write(_FIFO_CTRL4, _BYPASS)
        self.write(_FIFO_CTRL3, batch)
        self.write(_FIFO_CTRL4, _CONTINUOUS)

    # What this very chip's clock makes of 104 Hz: (6667 + 0.0015 * fine * 6667) / 64.
    def _set_rate(self, fine):
        if fine > 127:
            fine -= 256
        part = 64 if self._odr == 4 else 32
        self.rate = 6667 * (2000 + 3 * fine), 2000 * part
        words = 2 if self._gyro else 1
        self.depth_ms = _WORDS // words * 1000 * part // 6667

    def restart(self):
        self._slot = -1
        self.write(_FIFO_CTRL4, _BYPASS)
        self.write(_FIFO_CTRL4, _CONTINUOUS)

    def stop(self):
        self.write(_CTRL3_C, _SW_RESET)

    # Words of the FIFO.
    def pending(self):
        self.read_into(_FIFO_STATUS1, self._status)
        if self._status[1] & _OVERRUN:
            return -1
        return self._status[0] | (self._status[1] & 3) << 8

    # A reading is two words, in any order, whose tags count the same slot of time.
    def entry(self, b, at, raw):
        tag = b[at]
        slot = tag >> 1 & 3
        if slot != self._slot:
            self._slot = slot
            self._found = 0
        sensor = tag >> 3
        if sensor == _TAG_ACCEL:
            first = 0
        elif sensor == _TAG_GYRO:
            first = 3
        else:
            return False
        imu.axes(b, at + 1, 1, raw, first)
        self._found |= sensor
        if self._gyro and self._found != _TAG_ACCEL | _TAG_GYRO:
            return False
        self._found = 0
        return True


def open_for(options, tensor):
    return imu.Imu(Lsm6dsox(options), options, tensor)
