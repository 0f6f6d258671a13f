//! Softmax as the TFLite reference has it for int8: gemmlowp's fixed-point exponential and
//! reciprocal. Outputs have scale 1/256 and zero point -128.

use super::fixed::{divide, high, shift_left};
use super::memory::{cells, sink, source, span, words};
use crate::Call;
use wasmote_sdk::Error;

/// Bits of fraction of exponents; they have five integer bits.
const EXP_FRACTION: u32 = 26;
/// Integer bits of the sum of exponentials.
const SUM_INTEGERS: u32 = 12;
const MOST_DEPTH: u32 = 4095;

struct Scale {
    multiplier: i32,
    left: u32,
    diff_min: i32,
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let [input, output, rows, depth, multiplier, left, diff_min] = words(call)?;
    let scale = Scale {
        multiplier: multiplier as i32,
        left,
        diff_min: diff_min as i32,
    };
    let ranges = (1..=MOST_DEPTH).contains(&depth) && left <= 31;
    if !ranges || scale.multiplier < 0 || scale.diff_min > 0 {
        return Err(Error::Model);
    }
    let arena = cells(call.arena);
    let from = source(arena, call.blob, span(input, &[rows, depth])?)?;
    let to = sink(arena, span(output, &[rows, depth])?)?;
    for (row, to) in to.chunks(depth as usize).enumerate() {
        let at = row * depth as usize;
        let value = |i: usize| from.get(at + i) as i8 as i32;
        let most = (0..to.len()).map(value).max().unwrap_or(0);
        // All differences are taken before anything is written: it may be the same place.
        let sum = (0..to.len()).map(|i| scale.term(value(i) - most)).sum();
        for (i, to) in to.iter().enumerate() {
            to.set(scale.share(value(i) - most, sum));
        }
    }
    Ok(())
}

impl Scale {
    /// e to the scaled difference, as a fraction of 2^31.
    fn exp(&self, diff: i32) -> i32 {
        exp_negative(high(shift_left(diff, self.left), self.multiplier))
    }

    /// With 19 bits of fraction.
    fn term(&self, diff: i32) -> u32 {
        if diff < self.diff_min {
            0
        } else {
            divide(self.exp(diff), SUM_INTEGERS) as u32
        }
    }

    /// The output for a difference. `sum` is at least 2^19, the maximum's own term.
    fn share(&self, diff: i32, sum: u32) -> u8 {
        let zeros = sum.leading_zeros();
        let scale = reciprocal((sum << zeros).wrapping_sub(1 << 31) as i32);
        let shift = SUM_INTEGERS + 31 - 8 - zeros;
        let share = if diff < self.diff_min {
            0
        } else {
            high(scale, self.exp(diff))
        };
        (divide(share, shift) - 128).clamp(-128, 127) as u8
    }
}

/// e^a for `a` in -1/4 .. 0, as a fraction of 2^31: a Taylor series around -1/8.
fn exp_quarter(a: i32) -> i32 {
    const EXP_EIGHTH: i32 = 1895147668;
    const THIRD: i32 = 715827883;
    let x = a + (1 << 28);
    let x2 = high(x, x);
    let x3 = high(x2, x);
    let x4_over_4 = divide(high(x2, x2), 2);
    let rest = divide(high(x4_over_4 + x3, THIRD) + x2, 1);
    EXP_EIGHTH + high(EXP_EIGHTH, x + rest)
}

/// e^a for `a` <= 0 with 26 bits of fraction, as a fraction of 2^31.
fn exp_negative(a: i32) -> i32 {
    /// e^-(2^(i-2)), for the bits from a quarter to sixteen.
    const FACTORS: [i32; 7] = [
        1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242,
    ];
    const QUARTER: i32 = 1 << (EXP_FRACTION - 2);
    if a == 0 {
        return i32::MAX;
    }
    let part = (a & (QUARTER - 1)) - QUARTER;
    let remainder = (part as u32).wrapping_sub(a as u32);
    let mut result = exp_quarter(shift_left(part, 5));
    for (i, factor) in FACTORS.iter().enumerate() {
        if remainder & (QUARTER as u32) << i != 0 {
            result = high(result, *factor);
        }
    }
    result
}

/// 1 / (1 + a) for `a` in 0 .. 1, both as fractions of 2^31: Newton's division.
fn reciprocal(a: i32) -> i32 {
    const N48_OVER_17: i32 = 1515870810;
    const N32_OVER_17: i32 = 1010580540;
    let half = ((a as i64 + i32::MAX as i64 + 1) / 2) as i32;
    let mut x = N48_OVER_17 + high(half, -N32_OVER_17);
    for _ in 0..3 {
        let error = (1 << 29) - high(half, x);
        x += shift_left(high(x, error), 2);
    }
    shift_left(x, 1)
}
