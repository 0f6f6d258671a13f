//! Requantisation as the TFLite reference kernels do it: gemmlowp's double rounding.
//!
//! Bit for bit the same as `MultiplyByQuantizedMultiplier` for the multipliers of real
//! layers (scales below 1, so no left shift) and for accumulators below 2^30.

/// A real multiplier below 1 as `mantissa / 2^31 / 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// In 2^30 ..= 2^31 - 1.
    pub mantissa: i32,
    /// 0 ..= 31: the division by a power of two that follows.
    pub shift: u8,
}

/// `(a * b * 2 + 2^31) / 2^32` with the saturation of `SQRDMULH`.
#[inline(always)]
pub const fn rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = a as i64 * b as i64;
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// `value / 2^exponent`, halves away from zero.
#[inline(always)]
pub const fn rounding_divide_by_pot(value: i32, exponent: u8) -> i32 {
    let mask = ((1i64 << exponent) - 1) as i32;
    let remainder = value & mask;
    let threshold = (mask >> 1) + (value < 0) as i32;
    let shift = if exponent > 31 { 31 } else { exponent };
    (value >> shift) + (remainder > threshold) as i32
}

impl Multiplier {
    /// `value` times this multiplier, rounded twice.
    #[inline(always)]
    pub const fn scale(self, value: i32) -> i32 {
        rounding_divide_by_pot(rounding_doubling_high_mul(value, self.mantissa), self.shift)
    }
}

/// Scales an accumulator, adds the output's zero point and clamps it to `low ..= 127`.
#[inline(always)]
pub const fn requantise(acc: i32, by: Multiplier, zero_point: i32, low: i32) -> i8 {
    let value = by.scale(acc) + zero_point;
    if value < low {
        low as i8
    } else if value > 127 {
        127
    } else {
        value as i8
    }
}
