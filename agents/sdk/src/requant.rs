//! Requantisation as the TFLite reference kernels do it: gemmlowp's double rounding.
//!
//! Bit for bit the same as `MultiplyByQuantizedMultiplier`, for the multipliers of real layers
//! (below 1, so no left shift).

/// A real multiplier below 1: `mantissa / 2^31 / 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// In 2^30 ..= 2^31 - 1, or 0.
    pub mantissa: i32,
    /// In 0 ..= 30.
    pub shift: u8,
}

impl Multiplier {
    /// `SaturatingRoundingDoublingHighMul`, which saturates only for -2^31 times itself, and a
    /// mantissa is never that.
    ///
    /// gemmlowp adds 2^30, or 1 - 2^30 to a negative product, and divides towards zero; adding
    /// 2^30 and dividing downwards is the same number.
    #[inline(always)]
    const fn high(self, value: i32) -> i32 {
        ((value as i64 * self.mantissa as i64 + (1 << 30)) >> 31) as i32
    }

    /// `value` times this multiplier, rounded twice; halves of the second go away from zero.
    #[inline(always)]
    pub const fn scale(self, value: i32) -> i32 {
        let high = self.high(value) as i64;
        let half = 1i64 << self.shift >> 1;
        let below = (high < 0 && self.shift > 0) as i64;
        ((high + half - below) >> self.shift) as i32
    }

    /// The same for sums of at least 0, where the second rounding needs no look at the sign.
    #[inline(always)]
    const fn scale_positive(self, value: i32) -> i32 {
        let half = 1u32 << self.shift >> 1;
        ((self.high(value) as u32 + half) >> self.shift) as i32
    }
}

/// Scales a sum, adds the output's zero point and saturates to int8.
#[inline(always)]
pub const fn requantise(sum: i32, by: Multiplier, zero_point: i32) -> i8 {
    let value = by.scale(sum);
    // Clamped before the addition, which then cannot overflow.
    if value < -128 - zero_point {
        -128
    } else if value > 127 - zero_point {
        127
    } else {
        (value + zero_point) as i8
    }
}

/// The same with the zero point as the lower bound, which is a ReLU. In -128 ..= 127.
///
/// A negative sum becomes the zero point whichever way it is rounded, so that costs nothing.
#[inline(always)]
pub const fn requantise_relu(sum: i32, by: Multiplier, zero_point: i32) -> i32 {
    let value = by.scale_positive(if sum < 0 { 0 } else { sum });
    let most = 127 - zero_point;
    (if value > most { most } else { value }) + zero_point
}
