//! Fixed-point arithmetic with gemmlowp's double rounding (firmware/kernels/nn_requant.h).

use wasmote_sdk::Error;

/// `a * b / 2^31`, rounded to the nearest, halves up.
#[inline(always)]
pub fn high(a: i32, b: i32) -> i32 {
    ((a as i64 * b as i64 + (1 << 30)) >> 31) as i32
}

/// `x / 2^shift`, rounded to the nearest, halves away from zero. `shift` in 0 ..= 31.
#[inline(always)]
pub fn divide(x: i32, shift: u32) -> i32 {
    let half = (1i64 << shift) >> 1;
    ((x as i64 + half - (x < 0 && shift > 0) as i64) >> shift) as i32
}

/// `x * 2^shift`, saturating. `shift` in 0 ..= 31.
pub fn shift_left(x: i32, shift: u32) -> i32 {
    ((x as i64) << shift).clamp(i32::MIN as i64, i32::MAX as i64) as i32
}

/// What `multiply` takes.
pub fn check_scale(multiplier: i32, shift: i32) -> Result<(), Error> {
    if multiplier != i32::MIN && (-31..=30).contains(&shift) {
        Ok(())
    } else {
        Err(Error::Model)
    }
}

/// `x * multiplier * 2^(shift - 31)`, rounded twice; a shift to the left comes first and wraps.
/// `shift` in -31 ..= 30.
#[inline(always)]
pub fn multiply(x: i32, multiplier: i32, shift: i32) -> i32 {
    let shifted = (x as u32) << shift.max(0);
    divide(high(shifted as i32, multiplier), (-shift).max(0) as u32)
}

/// The constants that turn a channel's sum into its output.
#[derive(Clone, Copy, Default)]
pub struct Channel {
    pub bias2: i32,
    pub multiplier: i32,
    pub scale: i32,
}

/// The constants of many channels: all biases, then all multipliers, then all scales.
#[derive(Clone, Copy)]
pub struct Constants<'a> {
    bytes: &'a [u8],
    row_bytes: usize,
}

impl<'a> Constants<'a> {
    /// Of `bytes`, a third for each kind.
    pub fn new(bytes: &'a [u8]) -> Self {
        Constants {
            bytes,
            row_bytes: bytes.len() / 3,
        }
    }

    /// Those of one channel.
    #[inline(always)]
    pub fn channel(&self, channel: usize) -> Channel {
        let [bias2, multiplier, scale] = [0, 1, 2].map(|kind| {
            let start = kind * self.row_bytes + 4 * channel;
            let bytes = &self.bytes[start..start + 4];
            i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        });
        Channel {
            bias2,
            multiplier,
            scale,
        }
    }
}

/// What all outputs have in common.
#[derive(Clone, Copy)]
pub struct Ends {
    pub zero: i32,
    pub min: i32,
    pub max: i32,
}

impl Channel {
    /// The output for a sum.
    #[inline(always)]
    pub fn output(self, sum: i32, ends: Ends) -> u8 {
        self.output2(sum.wrapping_mul(2).wrapping_add(self.bias2), ends)
    }

    /// The output for a sum that is doubled and has the bias in it.
    #[inline(always)]
    pub fn output2(self, sum2: i32, ends: Ends) -> u8 {
        let value = self.requant(sum2).clamp(-512, 512) + ends.zero;
        value.clamp(-128, 127).clamp(ends.min, ends.max) as u8
    }

    /// A scale of at least 0 is 2^(32 - shift); else it is the shift - 2, of 1 to -8.
    #[inline(always)]
    fn requant(self, sum2: i32) -> i32 {
        let left = match self.scale {
            scale if scale < -10 => 8,
            scale if scale < -2 => -2 - scale,
            _ => 0,
        };
        let product = shift_left(sum2, left as u32) as i64 * self.multiplier as i64;
        let high = ((product + (1 << 31)) >> 32) as i32;
        if self.scale >= 0 {
            let signed = high.wrapping_add(high >> 31) as i64;
            ((signed * self.scale as i64 + (1 << 31)) >> 32) as i32
        } else if self.scale == -1 {
            divide(high, 1)
        } else {
            high
        }
    }
}
