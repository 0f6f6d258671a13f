# ST LSM9DS1 on I2C: its accelerometer and gyroscope. The magnetometer, a chip of its own at
# another address, is left alone.
# ST's data sheet DocID025715, "Sensor characteristics" (what a step is), "FIFO" and "Accelerometer
# and gyroscope register description"; that of the LSM6DB0, which has the same registers, for
# "Multiple reads (burst)".
import time

from micropython import const

from . import bus, imu

OPTIONS = {
    "address": ("one", 0x6B, (0x6A, 0x6B)),
    "range_dps": ("one", 2000, (245, 500, 2000)),
}
OPTIONS.update(imu.OPTIONS)

_WHO_AM_I = const(0x0F)
_CTRL_REG1_G = const(0x10)  # ODR_G, FS_G
_OUT_X_L_G = const(0x18)
_CTRL_REG6_XL = const(0x20)  # ODR_XL, FS_XL
_CTRL_REG8 = const(0x22)
_CTRL_REG9 = const(0x23)
_OUT_X_L_XL = const(0x28)
_FIFO_CTRL = const(0x2E)  # FMODE
_FIFO_SRC = const(0x2F)

_ID = const(0x68)
_SW_RESET = const(0x01)
_BDU_IF_ADD_INC = const(0x44)
_FIFO_EN = const(0x02)
_BYPASS = const(0)
_CONTINUOUS = const(0xC0)
# OVRN, and the bit of FSS that says 32 entries: the next reading would overwrite one.
_FULL = const(0x60)
_ENTRIES = const(32)
_START_MS = const(150)  # until the gyroscope's filters have settled

_FS_XL = {2: 0x00, 4: 0x10, 8: 0x18, 16: 0x08}
_FS_G = {245: 0x00, 500: 0x08, 2000: 0x18}
_MG = {2: 0.061, 4: 0.122, 8: 0.244, 16: 0.732}  # of a step; the last is no misprint
_MDPS = {245: 8.75, 500: 17.5, 2000: 70}


class Lsm9ds1(bus.Chip):
    def __init__(self, options):
        super().__init__("lsm9ds1", options)
        self._gyro = options["gyro"]
        # At least twice as many readings as are asked for.
        hz, odr = (119, 0x60) if options["hz"] <= 59 else (238, 0x80)
        g, dps = options["range_g"], options["range_dps"]
        self._ctrl_xl = odr | _FS_XL[g]
        self._ctrl_g = odr | _FS_G[dps]
        self.rate = hz, 1
        self.depth_ms = _ENTRIES * 1000 // hz
        self.units = imu.units(_MG[g], _MDPS[dps])
        # Behind the accelerometer's last register the address begins again where reading began;
        # behind the gyroscope's, the accelerometer follows.
        self.fifo = _OUT_X_L_G if self._gyro else _OUT_X_L_XL
        self.entry_bytes = 12 if self._gyro else 6

    def start(self):
        self.check(_WHO_AM_I, _ID)
        self.reset(_CTRL_REG8, _SW_RESET)
        self.write(_CTRL_REG8, _BDU_IF_ADD_INC)
        self.write(_CTRL_REG6_XL, self._ctrl_xl)
        if self._gyro:
            self.write(_CTRL_REG1_G, self._ctrl_g)
        time.sleep_ms(_START_MS)
        self.write(_CTRL_REG9, _FIFO_EN)
        self.restart()

    def restart(self):
        self.write(_FIFO_CTRL, _BYPASS)
        self.write(_FIFO_CTRL, _CONTINUOUS)

    def stop(self):
        self.write(_CTRL_REG8, _SW_RESET)

    # Readings.
    def pending(self):
        source = self.read(_FIFO_SRC)
        return -1 if source & _FULL else source & (_ENTRIES - 1)

    # The axes of both sensors are left-handed, though rotations follow the right hand. With x
    # the other way they are as other chips', and the magnetometer's, are.
    def entry(self, b, at, raw):
        if self._gyro:
            imu.axes(b, at, 1, raw, 3)
            raw[3] = -raw[3]
            at += 6
        imu.axes(b, at, 1, raw, 0)
        raw[0] = -raw[0]
        return True


def open_for(options, tensor):
    return imu.Imu(Lsm9ds1(options), options, tensor)
