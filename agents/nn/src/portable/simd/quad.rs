//! Four neighbouring channels' constants, and outputs made of their sums.
//!
//! An output is (fixed.rs, `Channel`)
//!
//!     high  = (sum2 * multiplier + 2^31) >> 32
//!     value = (high - (high < 0) + 2^(shift - 1)) >> shift
//!
//! Vectors cannot be shifted by an amount for each lane. So the four channels take the largest of
//! their shifts, `S`, and those with smaller ones have sums that are `2^(S - shift)` times as large
//! (their weights are), which both roundings then account for. All of this is exact.

use super::super::fixed::{Channel, Ends};
use super::vectors::{lanes, vector};
use crate::room::Vector;
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};

/// Zero points, shifted, fit beside values.
const MOST_SHIFT: u32 = 22;
/// Weights that are so many bits longer, and doubled, are halfwords.
const MOST_LONGER: u32 = 6;

/// Constants of four channels. Sums are twice the products', made longer, and begin with the bias.
#[derive(Clone, Copy)]
pub struct Quad {
    bias2: v128,
    multiplier: v128,
    /// What is added to products of two channels, and of the two others.
    rounding: [v128; 2],
    /// What a negative `high` has less; the scale where outputs need the slow way.
    less: v128,
    /// A half, and the zero point.
    offset: v128,
    /// In all lanes; 0 where outputs need the slow way.
    shift: v128,
}

impl Quad {
    /// How many vectors it takes.
    pub const VECTORS: usize = 7;

    /// Puts the constants of `channels` there. What weights are to be multiplied by: twice for each
    /// channel, for a pair of inputs.
    pub fn write(channels: [Channel; 4], layer: &Layer, to: &mut [Vector]) -> v128 {
        let (shift, longer) = layer.shifts(channels).unwrap_or_default();
        let bias = |i: usize| channels[i].bias2 << longer[i];
        let [a, b, c, d] = longer.map(|longer| layer.rounding(shift, longer));
        let lengths = vector(longer.map(|longer| 1 << longer));
        let less = match shift {
            0 => vector(channels.map(|by| by.scale)),
            _ => lengths,
        };
        let offset = (layer.ends.zero << shift).wrapping_add((1 << shift) >> 1);
        store(&mut to[0], vector([bias(0), bias(1), bias(2), bias(3)]));
        store(&mut to[1], vector(channels.map(|by| by.multiplier)));
        store(&mut to[2], i64x2(a, b));
        store(&mut to[3], i64x2(c, d));
        store(&mut to[4], less);
        store(&mut to[5], i32x4_splat(offset));
        store(&mut to[6], i32x4_splat(shift as i32));
        v128_or(i32x4_shl(lengths, 1), i32x4_shl(lengths, 17))
    }

    /// As `write` has put it there.
    #[inline(always)]
    fn read(from: &[Vector]) -> Self {
        Quad {
            bias2: load(&from[0]),
            multiplier: load(&from[1]),
            rounding: [load(&from[2]), load(&from[3])],
            less: load(&from[4]),
            offset: load(&from[5]),
            shift: load(&from[6]),
        }
    }

    /// The upper halves of products, rounded.
    #[inline(always)]
    fn high(&self, sum: v128) -> v128 {
        let low = i64x2_extmul_low_i32x4(sum, self.multiplier);
        let high = i64x2_extmul_high_i32x4(sum, self.multiplier);
        let low = i64x2_add(low, self.rounding[0]);
        let high = i64x2_add(high, self.rounding[1]);
        i32x4_shuffle::<1, 3, 5, 7>(low, high)
    }

    /// Outputs as int32, not clamped yet.
    #[inline(always)]
    fn signed(&self, sum: v128) -> v128 {
        let high = self.high(sum);
        let less = v128_and(i32x4_shr(high, 31), self.less);
        let value = i32x4_add(i32x4_sub(high, less), self.offset);
        i32x4_shr(value, self.shift())
    }

    /// The same where clamps leave nothing below the zero point: one rounding does for both.
    #[inline(always)]
    fn positive(&self, sum: v128) -> v128 {
        i32x4_shr(self.high(sum), self.shift())
    }

    /// The same for any constants; some are clamped already.
    #[inline(always)]
    fn any(&self, sum: v128, layer: &Layer) -> v128 {
        match self.shift() {
            0 => self.slow(sum, layer.ends),
            _ if layer.is_positive => self.positive(sum),
            _ => self.signed(sum),
        }
    }

    /// The same for any constants, and clamped.
    #[inline(never)]
    fn slow(&self, sum2: v128, ends: Ends) -> v128 {
        let [sums, biases, multipliers, scales] =
            [sum2, self.bias2, self.multiplier, self.less].map(lanes);
        vector([0, 1, 2, 3].map(|i| {
            let by = Channel {
                bias2: biases[i],
                multiplier: multipliers[i],
                scale: scales[i],
            };
            by.output2(sums[i], ends) as i8 as i32
        }))
    }

    #[inline(always)]
    fn shift(&self) -> u32 {
        i32x4_extract_lane::<0>(self.shift) as u32
    }
}

/// Vectors of sums that become a vector of outputs.
pub const QUADS: usize = 4;
/// Vectors of outputs that are made at once.
pub const PIXELS: usize = 4;
/// The quads of all of them, as `Quad::write` has put them there.
pub type Quads = [Vector; QUADS * Quad::VECTORS];
/// Sums of a few pixels, or rows, of sixteen channels.
pub type Sums = [[v128; QUADS]; PIXELS];

/// Puts outputs for sums.
///
/// Not inlined: in a loop the compiler would keep the multipliers as int64 from turn to turn, and
/// then miss the instruction that multiplies int32 to int64.
#[inline(never)]
pub fn put_outputs(sums: &Sums, quads: &Quads, layer: &Layer, to: &mut [Vector; PIXELS]) {
    let [a, b, c, d] = [0, 1, 2, 3].map(|q| Quad::read(&quads[q * Quad::VECTORS..]));
    // Without loops, where the host would look at the deadline.
    let [i, j, k, l] = sums;
    let [s, t, u, v] = to;
    if [&a, &b, &c, &d].iter().any(|quad| quad.shift() == 0) {
        for (sums, to) in sums.iter().zip([s, t, u, v]) {
            let [p, q, r, s] = *sums;
            let values = [
                a.any(p, layer),
                b.any(q, layer),
                c.any(r, layer),
                d.any(s, layer),
            ];
            store(to, layer.clamped(values));
        }
    } else if layer.is_positive {
        let put = |[p, q, r, s]: &[v128; QUADS], to| {
            let values = [
                a.positive(*p),
                b.positive(*q),
                c.positive(*r),
                d.positive(*s),
            ];
            store(to, layer.clamped(values));
        };
        put(i, s);
        put(j, t);
        put(k, u);
        put(l, v);
    } else {
        let put = |[p, q, r, s]: &[v128; QUADS], to| {
            let values = [a.signed(*p), b.signed(*q), c.signed(*r), d.signed(*s)];
            store(to, layer.clamped(values));
        };
        put(i, s);
        put(j, t);
        put(k, u);
        put(l, v);
    }
}

/// What all outputs of a layer have in common.
pub struct Layer {
    ends: Ends,
    depth: usize,
    /// Zero point and clamps are int8.
    is_usual: bool,
    /// Nothing below the zero point is an output.
    is_positive: bool,
    min: v128,
    max: v128,
}

impl Layer {
    /// Whose outputs sum `depth` products.
    pub fn new(ends: Ends, depth: usize) -> Self {
        let int8 = |end: i32| i32::from(end as i8) == end;
        let is_usual = int8(ends.zero) && int8(ends.min) && int8(ends.max);
        // What `slow` gives is clamped already.
        let (min, max) = if is_usual {
            (ends.min as i8, ends.max as i8)
        } else {
            (i8::MIN, i8::MAX)
        };
        Layer {
            ends,
            depth,
            is_usual,
            is_positive: is_usual && ends.min >= ends.zero,
            min: i8x16_splat(min),
            max: i8x16_splat(max),
        }
    }

    /// The largest of the channels' shifts, and how much longer each one's sums are to be; nothing
    /// where outputs need the slow way.
    fn shifts(&self, channels: [Channel; 4]) -> Option<(u32, [u32; 4])> {
        // What is multiplied by 0 stays 0, however it is shifted.
        let counts = |by: &&Channel| by.multiplier != 0;
        let most = channels.iter().filter(counts).map(shift).max().unwrap_or(2);
        let longer = channels.map(|by| match by.multiplier {
            0 => 0,
            _ => most - shift(&by),
        });
        let fits = |(by, &longer): (&Channel, &u32)| {
            let sums = self.depth as u64 * 2 * 128 * 128 + u64::from(by.bias2.unsigned_abs());
            let scale = 1u64 << 32 >> (most - longer);
            longer <= MOST_LONGER && sums <= i32::MAX as u64 >> longer && by.scale as u64 == scale
        };
        let mut counting = channels.iter().zip(&longer).filter(|(by, _)| counts(by));
        let fit = self.is_usual && most <= MOST_SHIFT && counting.all(fits);
        fit.then_some((most, longer))
    }

    /// What is added to products that are `longer`.
    fn rounding(&self, shift: u32, longer: u32) -> i64 {
        let first = 1 << (31 + longer);
        if self.is_positive {
            // Where `high` is negative this is off, but still not above the zero point.
            let second = (2 * i64::from(self.ends.zero) + 1) << (31 + shift);
            first + second
        } else {
            first
        }
    }

    /// Outputs as bytes.
    #[inline(always)]
    fn clamped(&self, [a, b, c, d]: [v128; 4]) -> v128 {
        let bytes = i8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        i8x16_min(i8x16_max(bytes, self.min), self.max)
    }
}

/// A channel's shift to the right, if its scale stands for one.
fn shift(by: &Channel) -> u32 {
    32 - (by.scale.max(1) as u32).trailing_zeros()
}
