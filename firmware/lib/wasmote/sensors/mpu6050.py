# InvenSense MPU-6050 on I2C: accelerometer and gyroscope.
# Registers: "MPU-6000 and MPU-6050 Register Map and Descriptions", RM-MPU-6000A-00 revision 4.2,
# section 4; the FIFO is its registers 35, 106, 114 to 116.
import time

from micropython import const

from . import bus, imu

OPTIONS = {
    "address": ("one", 0x68, (0x68, 0x69)),
    "range_dps": ("one", 2000, (250, 500, 1000, 2000)),
}
OPTIONS.update(imu.OPTIONS)

_SMPLRT_DIV = const(0x19)
_CONFIG = const(0x1A)
_GYRO_CONFIG = const(0x1B)
_ACCEL_CONFIG = const(0x1C)
_FIFO_EN = const(0x23)
_USER_CTRL = const(0x6A)
_PWR_MGMT_1 = const(0x6B)
_FIFO_COUNT_H = const(0x72)
_FIFO_R_W = const(0x74)
_WHO_AM_I = const(0x75)

_ID = const(0x68)
_DEVICE_RESET = const(0x80)
_CLOCK_GYRO_X = const(0x01)  # awake, its clock the gyroscope's
_BASE_HZ = const(1000)  # with the low-pass filter on
_ACCEL = const(0x08)
_ACCEL_GYRO = const(0x78)
_FIFO_RESET = const(0x04)
_FIFO_ON = const(0x40)
_FIFO_BYTES = const(1024)
_START_MS = const(100)  # after a reset, and again until the gyroscope is there


class Mpu6050(bus.Chip):
    fifo = _FIFO_R_W  # whose address stays while bytes are read

    def __init__(self, options):
        super().__init__("mpu6050", options)
        self._options = options
        # At least twice as many readings as are asked for; the filter passes 44 or 94 Hz.
        hz, self._filter = (100, 3) if options["hz"] <= 50 else (200, 2)
        self._divider = _BASE_HZ // hz - 1
        self.rate = hz, 1
        g, dps = options["range_g"], options["range_dps"]
        self.units = imu.units(1000 * g / 32768, 1000 * dps / (131 * 250))
        self._gyro = options["gyro"]
        self.entry_bytes = 12 if self._gyro else 6
        self.depth_ms = _FIFO_BYTES // self.entry_bytes * 1000 // hz
        self._two = bytearray(2)

    def start(self):
        self.check(_WHO_AM_I, _ID)
        self.write(_PWR_MGMT_1, _DEVICE_RESET)
        time.sleep_ms(_START_MS)
        self.write(_PWR_MGMT_1, _CLOCK_GYRO_X)
        time.sleep_ms(_START_MS)
        self.write(_CONFIG, self._filter)
        self.write(_SMPLRT_DIV, self._divider)
        self.write(_GYRO_CONFIG, (250, 500, 1000, 2000).index(self._options["range_dps"]) << 3)
        self.write(_ACCEL_CONFIG, (2, 4, 8, 16).index(self._options["range_g"]) << 3)
        self.write(_FIFO_EN, _ACCEL_GYRO if self._gyro else _ACCEL)
        self.restart()

    def restart(self):
        self.write(_USER_CTRL, _FIFO_RESET)
        self.write(_USER_CTRL, _FIFO_ON)

    def stop(self):
        self.write(_PWR_MGMT_1, _DEVICE_RESET)

    # Readings. A full FIFO throws out bytes, not readings: where the next one would not fit, what
    # is in it may not be whole.
    def pending(self):
        self.read_into(_FIFO_COUNT_H, self._two)
        count = self._two[0] << 8 | self._two[1]
        if count > _FIFO_BYTES - self.entry_bytes:
            return -1
        return count // self.entry_bytes

    def entry(self, b, at, raw):
        imu.axes(b, at, 0, raw, 0)
        if self._gyro:
            imu.axes(b, at + 6, 0, raw, 3)
        return True


def open_for(options, tensor):
    return imu.Imu(Mpu6050(options), options, tensor)
