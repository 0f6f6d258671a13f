//! Four neighbouring channels' constants, and outputs made of their sums.

use super::super::fixed::{Channel, Ends};
use super::vectors::{lanes, vector};
use crate::Vector;
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};

/// Bits of fraction that values have before the last shift.
const FRACTION: u32 = 16;
/// Values have this much room, fraction included; zero points come on top.
const MOST: i64 = 1 << 30;
/// Sums of weights' magnitudes cannot overflow for so many weights.
const MOST_DEPTH: usize = 1 << 22;

/// Constants of four channels. Sums are twice the products' and begin with the bias.
#[derive(Clone, Copy)]
pub struct Quad {
    bias2: v128,
    multiplier: v128,
    scale: v128,
    /// `scale / 2^FRACTION`, or all 0 where outputs need another way.
    lift: v128,
}

impl Quad {
    /// How many vectors it takes.
    pub const VECTORS: usize = 4;

    /// Of channels whose doubled weights have these sums of magnitudes.
    pub fn new(channels: [Channel; 4], magnitudes: v128, layer: &Layer) -> Self {
        let magnitudes = lanes(magnitudes);
        let mut lifts = [0; 4];
        for ((lift, by), magnitude) in lifts.iter_mut().zip(channels).zip(magnitudes) {
            *lift = if layer.is_usual {
                self::lift(by, magnitude)
            } else {
                0
            };
        }
        let is_fast = lifts.iter().all(|&lift| lift != 0);
        Quad {
            bias2: vector(channels.map(|by| by.bias2)),
            multiplier: vector(channels.map(|by| by.multiplier)),
            scale: vector(channels.map(|by| by.scale)),
            lift: vector(if is_fast { lifts } else { [0; 4] }),
        }
    }

    pub fn write(self, to: &mut [Vector]) {
        let vectors = [self.bias2, self.multiplier, self.scale, self.lift];
        for (to, vector) in to.iter_mut().zip(vectors) {
            store(to, vector);
        }
    }

    /// As `write` has put it there.
    #[inline(always)]
    fn read(from: &[Vector]) -> Self {
        Quad {
            bias2: load(&from[0]),
            multiplier: load(&from[1]),
            scale: load(&from[2]),
            lift: load(&from[3]),
        }
    }

    /// Outputs as int32, not clamped yet. The second rounding needs no second multiplication of 64
    /// bits: a scale is a multiple of 2^16, and what it multiplies is known to be small.
    #[inline(always)]
    fn fast(&self, sum2: v128, layer: &Layer) -> v128 {
        let first = high(sum2, self.multiplier);
        let signed = i32x4_add(first, i32x4_shr(first, 31));
        let value = i32x4_add(i32x4_mul(signed, self.lift), layer.offset);
        i32x4_shr(value, FRACTION)
    }

    /// The same for any constants, and clamped.
    #[inline(never)]
    fn slow(&self, sum2: v128, layer: &Layer) -> v128 {
        let [sums, biases, multipliers, scales] =
            [sum2, self.bias2, self.multiplier, self.scale].map(lanes);
        vector([0, 1, 2, 3].map(|i| {
            let by = Channel {
                bias2: biases[i],
                multiplier: multipliers[i],
                scale: scales[i],
            };
            by.output2(sums[i], layer.ends) as i8 as i32
        }))
    }
}

/// Vectors of sums that become a vector of outputs.
pub const QUADS: usize = 4;
/// Their quads, as `Quad::write` has put them there.
pub type Quads = [Vector; QUADS * Quad::VECTORS];

/// Outputs for twice four vectors of sums.
///
/// Not inlined: in a loop the compiler would keep the multipliers as int64 from turn to turn, and
/// then miss the instruction that multiplies int32 to int64.
#[inline(never)]
pub fn outputs(sums: &[[v128; QUADS]; 2], quads: &Quads, layer: &Layer) -> [Vector; 2] {
    let quad = |q: usize| Quad::read(&quads[q * Quad::VECTORS..]);
    let least = i32x4_min(
        i32x4_min(quad(0).lift, quad(1).lift),
        i32x4_min(quad(2).lift, quad(3).lift),
    );
    let mut outputs = [[0; 16]; 2];
    for (sums, to) in sums.iter().zip(&mut outputs) {
        let values = if v128_any_true(least) {
            let fast = |q: usize| quad(q).fast(sums[q], layer);
            [fast(0), fast(1), fast(2), fast(3)]
        } else {
            [0, 1, 2, 3].map(|q| quad(q).slow(sums[q], layer))
        };
        store(to, layer.clamped(values));
    }
    outputs
}

/// What the scale is to be for `fast`; 0 where that could overflow or lose bits.
fn lift(by: Channel, magnitude: i32) -> i32 {
    if by.multiplier == 0 {
        return 1; // always 0
    }
    let sum2 = 128 * i64::from(magnitude) + i64::from(by.bias2).abs();
    let high = (sum2.min(1 << 31) * i64::from(by.multiplier).abs() >> 32) + 2;
    let lift = by.scale >> FRACTION;
    let exact = by.scale > 0 && lift << FRACTION == by.scale;
    if exact && high * i64::from(lift) <= MOST {
        lift
    } else {
        0
    }
}

/// `a * b / 2^32` of each lane, rounded to the nearest, halves up.
#[inline(always)]
fn high(a: v128, b: v128) -> v128 {
    let half = i64x2_splat(1 << 31);
    let low = i64x2_add(i64x2_extmul_low_i32x4(a, b), half);
    let high = i64x2_add(i64x2_extmul_high_i32x4(a, b), half);
    i32x4_shuffle::<1, 3, 5, 7>(low, high)
}

/// What all outputs of a layer have in common.
pub struct Layer {
    ends: Ends,
    /// Zero point and clamps are int8, and sums do not overflow.
    is_usual: bool,
    /// Zero point and a half, with their fraction.
    offset: v128,
    min: v128,
    max: v128,
}

impl Layer {
    /// Whose outputs sum `depth` products.
    pub fn new(ends: Ends, depth: usize) -> Self {
        let int8 = |end: i32| i32::from(end as i8) == end;
        let is_usual = int8(ends.zero) && int8(ends.min) && int8(ends.max) && depth <= MOST_DEPTH;
        // What `slow` gives is clamped already.
        let (min, max) = if is_usual {
            (ends.min as i8, ends.max as i8)
        } else {
            (i8::MIN, i8::MAX)
        };
        Layer {
            ends,
            is_usual,
            offset: i32x4_splat((ends.zero << FRACTION).wrapping_add(1 << (FRACTION - 1))),
            min: i8x16_splat(min),
            max: i8x16_splat(max),
        }
    }

    /// Outputs as bytes.
    #[inline(always)]
    fn clamped(&self, [a, b, c, d]: [v128; 4]) -> v128 {
        let bytes = i8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        i8x16_min(i8x16_max(bytes, self.min), self.max)
    }
}
