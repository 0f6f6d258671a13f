"""Writes the sensors' traffic: out of the data sheets' tables, without the code that it tests.

LSM6DSOX: ST, data sheet DS12814, "Mechanical characteristics", "FIFO", "Register description";
application note AN5272 (clock, words of the FIFO). LSM9DS1: ST, data sheet DocID025715, "Sensor
characteristics", "FIFO", "Accelerometer and gyroscope register description"; that of the LSM6DB0,
"Multiple reads (burst)". MPU-6050: InvenSense, RM-MPU-6000A-00 revision 4.2, section 4.
"""

import json
import math
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
G = 9.80665
ENODEV = 19

Reading = tuple[int, ...]

# Ends of the range, both signs, bytes that differ: what a wrong byte order or sign would change.
READINGS: tuple[Reading, ...] = (
    (1, -1, 0x0102, -0x0102, 300, -300),
    (4096, -4096, 8192, 1000, -1000, 77),
    (32767, -32768, 20000, 32767, -32768, -20000),
    (255, 256, -255, -256, 127, 128),
    (-129, 2048, -2048, 511, -512, 513),
    (12345, -12345, 6789, -6789, 54, -54),
)


def readings(first: int, count: int) -> list[Reading]:
    return [READINGS[i % len(READINGS)] for i in range(first, first + count)]


class Script:
    """The lines of one file, for a chip at `address`."""

    def __init__(
        self, kind: str, address: int, options: dict[str, Any], tensor: dict[str, Any]
    ) -> None:
        self.address = address
        self.tensor = {"name": "x", "zero_point": 0} | tensor
        self.tensor["count"] = math.prod(tensor["shape"])
        self.lines = [
            "# Constructed from the data sheet by make.py, not captured from a chip.",
            f"kind {kind}",
            f"options {json.dumps(options)}",
            f"tensor {json.dumps(self.tensor)}",
        ]

    def _add(self, text: str, why: str) -> None:
        line = f"{self.address:02x} w {text}"
        self.lines.append(f"{line}  # {why}" if why else line)

    def write(self, register: int, value: int, why: str = "") -> None:
        self._add(f"{register:02x} {value:02x}", why)

    def read(self, register: int, data: bytes | int, why: str = "") -> None:
        data = bytes([data]) if isinstance(data, int) else data
        self._add(f"{register:02x} r {data.hex()}", why)

    def fail(self, written: str, error: int, why: str) -> None:
        self._add(f"{written} ! {error}", why)

    def wait(self, ms: int) -> None:
        self.lines.append(f"wait {ms}")

    def sample(self, number: int, given: list[Reading], units: tuple[float, ...]) -> None:
        """What the readings are in the tensor's steps."""
        low, high, letter = {"int8": (-128, 127, "b"), "int16": (-32768, 32767, "h")}[
            self.tensor["dtype"]
        ]
        data = b""
        for reading in given:
            for steps, unit in zip(reading, units, strict=False):
                value = round(steps * unit / self.tensor["scale"]) + self.tensor["zero_point"]
                data += struct.pack("<" + letter, max(low, min(high, value)))
        self.lines.append(f"sample {number} {data.hex()}")

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def bursts(count: int) -> Iterator[int]:
    """How the driver cuts what it reads at once."""
    while count:
        size = next(size for size in (16, 4, 1) if size <= count)
        yield size
        count -= size


# ---- LSM6DSOX ----

LSM_FS_XL = {2: 0b00, 16: 0b01, 4: 0b10, 8: 0b11}  # CTRL1_XL, bits 3:2
LSM_MG = {2: 0.061, 4: 0.122, 8: 0.244, 16: 0.488}
LSM_FS_G = {125: 0b001, 250: 0b000, 500: 0b010, 1000: 0b100, 2000: 0b110}  # CTRL2_G, bits 3:1
LSM_MDPS = {125: 4.375, 250: 8.75, 500: 17.5, 1000: 35, 2000: 70}
LSM_ODR = {104: 0b0100, 208: 0b0101}
PORTION = 64  # what the driver reads before others have their turn


def lsm_start(script: Script, odr: int, g: int, dps: int | None, fine: int) -> None:
    code = LSM_ODR[odr]
    script.read(0x0F, 0x6C, "WHO_AM_I")
    script.write(0x12, 0x01, "CTRL3_C: SW_RESET")
    script.read(0x12, 0x05, "the reset goes on")
    script.read(0x12, 0x04, "and is done")
    script.write(0x12, 0x44, "CTRL3_C: BDU, IF_INC")
    script.write(0x18, 0xE2, "CTRL9_XL: I3C_disable")
    script.read(0x63, fine & 0xFF, f"INTERNAL_FREQ_FINE: {fine}")
    script.write(0x10, code << 4 | LSM_FS_XL[g] << 2, f"CTRL1_XL: {odr} Hz, {g} g")
    if dps:
        script.write(0x11, code << 4 | LSM_FS_G[dps] << 1, f"CTRL2_G: {odr} Hz, {dps} dps")
    script.write(0x0A, 0x00, "FIFO_CTRL4: bypass")
    script.write(0x09, (code << 4 if dps else 0) | code, "FIFO_CTRL3: what is batched")
    script.write(0x0A, 0x06, "FIFO_CTRL4: continuous")


def lsm_units(g: int, dps: int) -> tuple[float, ...]:
    return (LSM_MG[g] / 1000 * G,) * 3 + (LSM_MDPS[dps] / 1000 * math.pi / 180,) * 3


def lsm_word(sensor: int, slot: int, three: Iterable[int]) -> bytes:
    """A word of the FIFO: sensor, count of the slot of time and parity, then x, y, z."""
    tag = sensor << 3 | (slot & 3) << 1
    return bytes([tag | tag.bit_count() & 1]) + struct.pack("<3h", *three)


def lsm_words(given: list[Reading], slot: int, gyro: bool) -> list[bytes]:
    words = []
    for i, reading in enumerate(given):
        if gyro:
            words.append(lsm_word(1, slot + i, reading[3:]))
        words.append(lsm_word(2, slot + i, reading[:3]))
    return words


def lsm_poll(script: Script, words: list[bytes], more: int = 0) -> None:
    """FIFO_STATUS1 and 2, then the words, 64 at a time; `more` stay in the FIFO."""
    while words:
        count = len(words) + more
        script.read(0x3A, struct.pack("<H", count), f"FIFO_STATUS: {count} words")
        done = 0
        for size in bursts(count):
            if done == min(len(words), PORTION):
                break
            script.read(0x78, b"".join(words[done : done + size]), "FIFO_DATA_OUT")
            done += size
        words = words[done:]


def lsm_overrun(script: Script) -> None:
    """The FIFO has run over, and is emptied."""
    script.read(0x3A, bytes([0x00, 0x6A]), "FIFO_STATUS: full, overrun")
    script.write(0x0A, 0x00, "FIFO_CTRL4: bypass")
    script.write(0x0A, 0x06, "FIFO_CTRL4: continuous")


def lsm6dsox() -> Script:
    """Six axes of which every second reading is taken; an overrun on the way."""
    tensor = {"dtype": "int16", "shape": [4, 6], "scale": 1 / 512}
    options = {"hz": 50, "range_g": 16, "range_dps": 2000, "hop": 2, "i2c": 1, "scl": 3, "sda": 2}
    script = Script("lsm6dsox", 0x6A, options, tensor)
    fine = -40
    lsm_start(script, 104, 16, 2000, fine)
    units = lsm_units(16, 2000)
    rate = (6667 + 0.0015 * fine * 6667) / 64
    taken = [math.ceil(i * rate / 50 - 1e-9) for i in range(10)]
    assert taken[:8] == [0, 2, 4, 6, 8, 10, 12, 14]  # 97.9 a second, by this chip's clock
    all_of = readings(0, 40)
    script.read(0x3A, bytes(2), "FIFO_STATUS: nothing yet")
    # The accelerometer is there before the gyroscope.
    lsm_poll(script, [lsm_word(2, 3, (9, 9, 9)), *lsm_words(all_of[:2], 0, True)])
    lsm_poll(script, lsm_words(all_of[2:7], 2, True))
    script.sample(0, [all_of[i] for i in taken[:4]], units)
    lsm_poll(script, lsm_words(all_of[7:11], 7, True))
    script.sample(1, [all_of[i] for i in taken[2:6]], units)
    # A reading is in the block when 250 ms are lost: two readings and more of the next blocks.
    lsm_poll(script, lsm_words(all_of[11:13], 11, True))
    script.wait(250)
    lsm_overrun(script)
    # One and twelve readings are seven blocks: the next one is number 3 + 7.
    after = readings(1, 8)
    lsm_poll(script, lsm_words(after, 1, True), more=2)
    script.sample(10, [after[i] for i in (0, 2, 4, 6)], units)
    return script


def lsm6dsox_accel() -> Script:
    """The accelerometer alone, as int8 with a zero point, in windows without overlap."""
    tensor = {"dtype": "int8", "shape": [3, 3], "scale": 0.25, "zero_point": -3}
    options = {"hz": 100, "range_g": 4, "gyro": False, "address": 0x6B, "i2c": -1}
    options |= {"scl": "D5", "sda": "D4"}
    script = Script("lsm6dsox", 0x6B, options, tensor)
    lsm_start(script, 208, 4, None, 0)
    given = readings(0, 13)
    units = lsm_units(4, 2000)[:3]
    # 208.3 a second for 100: the third time lies just behind the seventh reading.
    lsm_poll(script, lsm_words(given[:6], 0, False))
    script.sample(0, [given[i] for i in (0, 3, 5)], units)
    lsm_poll(script, lsm_words(given[6:12], 2, False))
    script.sample(1, [given[i] for i in (7, 9, 11)], units)
    return script


# ---- LSM9DS1 ----

LS9_FS_XL = {2: 0b00, 16: 0b01, 4: 0b10, 8: 0b11}  # CTRL_REG6_XL, bits 4:3
LS9_MG = {2: 0.061, 4: 0.122, 8: 0.244, 16: 0.732}
LS9_FS_G = {245: 0b00, 500: 0b01, 2000: 0b11}  # CTRL_REG1_G, bits 4:3
LS9_MDPS = {245: 8.75, 500: 17.5, 2000: 70}
LS9_ODR = {119: 0b011, 238: 0b100}  # bits 7:5 of both


def ls9_start(script: Script, odr: int, g: int, dps: int | None) -> None:
    code = LS9_ODR[odr] << 5
    script.read(0x0F, 0x68, "WHO_AM_I")
    script.write(0x22, 0x01, "CTRL_REG8: SW_RESET")
    script.read(0x22, 0x05, "the reset goes on")
    script.read(0x22, 0x04, "and is done")
    script.write(0x22, 0x44, "CTRL_REG8: BDU, IF_ADD_INC")
    script.write(0x20, code | LS9_FS_XL[g] << 3, f"CTRL_REG6_XL: {odr} Hz, {g} g")
    if dps:
        script.write(0x10, code | LS9_FS_G[dps] << 3, f"CTRL_REG1_G: {odr} Hz, {dps} dps")
    script.write(0x23, 0x02, "CTRL_REG9: FIFO_EN")
    ls9_restart(script)


def ls9_restart(script: Script) -> None:
    script.write(0x2E, 0x00, "FIFO_CTRL: bypass")
    script.write(0x2E, 0b110 << 5, "FIFO_CTRL: continuous")


def ls9_units(g: int, dps: int) -> tuple[float, ...]:
    """x of both sensors points the other way, or their axes would be left-handed."""
    mg, mdps = LS9_MG[g] / 1000 * G, LS9_MDPS[dps] / 1000 * math.pi / 180
    return (-mg, mg, mg, -mdps, mdps, mdps)


def ls9_poll(script: Script, given: list[Reading], gyro: bool = True) -> None:
    """FIFO_SRC, then from OUT_X_L_G on the gyroscope's axes and the accelerometer's, in turns."""
    # The threshold is 0: it is always reached.
    script.read(0x2F, 0x80 | len(given), f"FIFO_SRC: threshold, {len(given)} readings")
    entries = [struct.pack("<3h", *reading[:3]) for reading in given]
    if gyro:
        angular = [struct.pack("<3h", *reading[3:]) for reading in given]
        entries = [first + second for first, second in zip(angular, entries, strict=True)]
    at = 0
    for size in bursts(len(given)):
        data = b"".join(entries[at : at + size])
        script.read(0x18 if gyro else 0x28, data, "OUT_X_L_G" if gyro else "OUT_X_L_XL")
        at += size


def ls9_full(script: Script, source: int, why: str) -> None:
    script.read(0x2F, source, f"FIFO_SRC: {why}")
    ls9_restart(script)


def lsm9ds1() -> Script:
    """Six axes of which every second reading or the third is taken; overrun, then just full."""
    tensor = {"dtype": "int16", "shape": [4, 6], "scale": 1 / 512}
    options = {"hz": 50, "range_g": 16, "range_dps": 500, "hop": 2, "i2c": 1}
    options |= {"scl": "SENSORS_SCL", "sda": "SENSORS_SDA"}
    script = Script("lsm9ds1", 0x6B, options, tensor)
    ls9_start(script, 119, 16, 500)
    units = ls9_units(16, 500)
    taken = [math.ceil(i * 119 / 50 - 1e-9) for i in range(6)]
    assert taken == [0, 3, 5, 8, 10, 12]
    given = readings(0, 31)
    ls9_poll(script, [])
    ls9_poll(script, given[:5])
    ls9_poll(script, given[5:9])
    script.sample(0, [given[i] for i in taken[:4]], units)
    ls9_poll(script, given[9:13])
    script.sample(1, [given[i] for i in taken[2:]], units)
    # 300 ms are 15 readings, 8 blocks: the next one is number 3 + 8.
    script.wait(300)
    ls9_full(script, 0b11100000, "threshold, overrun, 32 readings")
    given = readings(2, 9)
    ls9_poll(script, given)
    script.sample(11, [given[i] for i in taken[:4]], units)
    # 260 ms: 13 readings, 7 blocks.
    script.wait(260)
    ls9_full(script, 0b10100000, "threshold, 32 readings")
    given = readings(4, 9)
    ls9_poll(script, given)
    script.sample(20, [given[i] for i in taken[:4]], units)
    return script


def lsm9ds1_accel() -> Script:
    """The accelerometer alone, at its other address, 238 times a second."""
    tensor = {"dtype": "int8", "shape": [3, 3], "scale": 0.25, "zero_point": 5}
    options = {"hz": 100, "range_g": 2, "gyro": False, "address": 0x6A}
    script = Script("lsm9ds1", 0x6A, options, tensor)
    ls9_start(script, 238, 2, None)
    given = readings(0, 13)
    units = ls9_units(2, 2000)[:3]
    ls9_poll(script, given[:6], gyro=False)
    script.sample(0, [given[i] for i in (0, 3, 5)], units)
    ls9_poll(script, given[6:13], gyro=False)
    script.sample(1, [given[i] for i in (8, 10, 12)], units)
    return script


# ---- MPU-6050 ----

MPU_LSB_G = {2: 16384, 4: 8192, 8: 4096, 16: 2048}
MPU_LSB_DPS = {250: 131, 500: 65.5, 1000: 32.8, 2000: 16.4}


def mpu_start(script: Script, hz: int, g: int, dps: int, gyro: bool) -> None:
    script.read(0x75, 0x68, "WHO_AM_I")
    script.write(0x6B, 0x80, "PWR_MGMT_1: DEVICE_RESET")
    script.write(0x6B, 0x01, "PWR_MGMT_1: awake, clock of gyroscope x")
    script.write(0x1A, {100: 3, 200: 2}[hz], "CONFIG: DLPF_CFG")
    script.write(0x19, 1000 // hz - 1, f"SMPLRT_DIV: {hz} Hz")
    script.write(0x1B, [250, 500, 1000, 2000].index(dps) << 3, f"GYRO_CONFIG: {dps} dps")
    script.write(0x1C, [2, 4, 8, 16].index(g) << 3, f"ACCEL_CONFIG: {g} g")
    script.write(0x23, 0x78 if gyro else 0x08, "FIFO_EN")
    mpu_restart(script)


def mpu_restart(script: Script) -> None:
    script.write(0x6A, 0x04, "USER_CTRL: FIFO_RESET")
    script.write(0x6A, 0x40, "USER_CTRL: FIFO_EN")


def mpu_poll(script: Script, given: list[Reading], more_bytes: int = 0) -> None:
    count = len(given) * 12 + more_bytes
    script.read(0x72, struct.pack(">H", count), f"FIFO_COUNT: {count} bytes")
    at = 0
    for size in bursts(len(given)):
        data = b"".join(struct.pack(">6h", *reading) for reading in given[at : at + size])
        script.read(0x74, data, "FIFO_R_W")
        at += size


def mpu6050() -> Script:
    """Six axes, every tenth reading; the FIFO full, a transfer that fails."""
    tensor = {"dtype": "int16", "shape": [1, 2, 6], "scale": 1 / 512}
    options = {"hz": 10, "range_g": 8, "range_dps": 1000}
    script = Script("mpu6050", 0x68, options, tensor)
    mpu_start(script, 100, 8, 1000, True)
    units = (G / MPU_LSB_G[8],) * 3 + (math.pi / 180 / MPU_LSB_DPS[1000],) * 3
    given = readings(0, 11)
    mpu_poll(script, given[:5], more_bytes=7)  # the sixth is on its way into the FIFO
    mpu_poll(script, given[5:])
    script.sample(0, [given[0], given[10]], units)
    # 900 ms too late: nine readings, five samples.
    script.wait(900)
    script.read(0x72, struct.pack(">H", 1024), "FIFO_COUNT: full")
    mpu_restart(script)
    given = readings(2, 11)
    mpu_poll(script, given[:4])
    script.fail("72", ENODEV, "FIFO_COUNT: no answer")
    mpu_restart(script)
    # One reading was in the sample: it is lost, and with it the sample.
    given = readings(3, 11)
    mpu_poll(script, given)
    script.sample(7, [given[0], given[10]], units)
    return script


FILES = {
    "lsm6dsox": lsm6dsox,
    "lsm6dsox-accel": lsm6dsox_accel,
    "lsm9ds1": lsm9ds1,
    "lsm9ds1-accel": lsm9ds1_accel,
    "mpu6050": mpu6050,
}


def main() -> None:
    for name, make in FILES.items():
        (HERE / f"{name}.txt").write_text(make().text())


if __name__ == "__main__":
    main()
