//! Inner loops with SIMD128: the same answers as plain.rs.

use super::fixed::{Channel, Constants, Ends};
use super::matrix::ROWS;
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};

const BYTES: usize = 16;

/// The 16 bytes from `at` on.
#[inline(always)]
fn at(bytes: &[u8], at: usize) -> v128 {
    let mut array = [0; BYTES];
    array.copy_from_slice(&bytes[at..at + BYTES]);
    load(&array)
}

/// All 16 bytes.
#[inline(always)]
fn whole(bytes: &[u8]) -> v128 {
    let mut array = [0; BYTES];
    array.copy_from_slice(bytes);
    load(&array)
}

/// 8 bytes from `at` on, in the lower half.
#[inline(always)]
fn half(bytes: &[u8], at: usize) -> v128 {
    let mut array = [0; 8];
    array.copy_from_slice(&bytes[at..at + 8]);
    u64x2(u64::from_le_bytes(array), 0)
}

/// Whole groups of four inputs as halfwords, in the groups' order.
pub fn widen(inputs: &[u8], acts: &mut [u8]) {
    let whole = inputs.len() / BYTES * BYTES;
    for (from, to) in inputs
        .chunks_exact(BYTES)
        .zip(acts.chunks_exact_mut(2 * BYTES))
    {
        let bytes = at(from, 0);
        let ordered =
            i8x16_shuffle::<0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15>(bytes, bytes);
        let (low, high) = to.split_at_mut(BYTES);
        put(low, i16x8_extend_low_i8x16(ordered));
        put(high, i16x8_extend_high_i8x16(ordered));
    }
    super::plain::widen(&inputs[whole..], &mut acts[2 * whole..]);
}

fn put(bytes: &mut [u8], vector: v128) {
    let mut array = [0; BYTES];
    store(&mut array, vector);
    bytes.copy_from_slice(&array);
}

/// Sums of one pair's two channels over `ROWS` rows.
struct Dots([[v128; ROWS]; 2]);

impl Dots {
    /// Adds the products of eight inputs of each row.
    #[inline(always)]
    fn add(&mut self, both: v128, acts: [v128; ROWS]) {
        let low = i16x8_shr(i16x8_shl(both, 8), 8);
        let high = i16x8_shr(i16x8_sub(both, low), 8);
        for (r, act) in acts.into_iter().enumerate() {
            self.0[0][r] = i32x4_add(self.0[0][r], i32x4_dot_i16x8(act, low));
            self.0[1][r] = i32x4_add(self.0[1][r], i32x4_dot_i16x8(act, high));
        }
    }
}

/// For each of a pair's two channels its sums over the rows of `acts`.
pub fn sums(weights: &[u8], acts: &[u8]) -> [[i32; ROWS]; 2] {
    let mut dots = Dots([[i32x4_splat(0); ROWS]; 2]);
    // Rows that are not there are the first one again; nobody looks at their sums.
    let (first, rest) = acts.split_at(weights.len());
    let mut others = rest.chunks_exact(weights.len());
    let rows = [
        first,
        others.next().unwrap_or(first),
        others.next().unwrap_or(first),
        others.next().unwrap_or(first),
    ];
    let [mut a, mut b, mut c, mut d] = rows.map(|row| row.chunks_exact(BYTES));
    let mut wide = weights.chunks_exact(BYTES);
    // Iterators in step need no look at any bound.
    for weights in wide.by_ref() {
        match (a.next(), b.next(), c.next(), d.next()) {
            (Some(a), Some(b), Some(c), Some(d)) => {
                dots.add(whole(weights), [whole(a), whole(b), whole(c), whole(d)]);
            }
            _ => break,
        }
    }
    if !wide.remainder().is_empty() {
        let acts = [a.remainder(), b.remainder(), c.remainder(), d.remainder()];
        dots.add(half(wide.remainder(), 0), acts.map(|row| half(row, 0)));
    }
    dots.0.map(|rows| lanes(across(rows)))
}

/// The sum of each vector's lanes.
fn across([a, b, c, d]: [v128; ROWS]) -> v128 {
    let two = |a, b| {
        i32x4_add(
            i32x4_shuffle::<0, 4, 1, 5>(a, b),
            i32x4_shuffle::<2, 6, 3, 7>(a, b),
        )
    };
    let (ab, cd) = (two(a, b), two(c, d));
    i32x4_add(
        i32x4_shuffle::<0, 1, 4, 5>(ab, cd),
        i32x4_shuffle::<2, 3, 6, 7>(ab, cd),
    )
}

fn lanes(vector: v128) -> [i32; 4] {
    [
        i32x4_extract_lane::<0>(vector),
        i32x4_extract_lane::<1>(vector),
        i32x4_extract_lane::<2>(vector),
        i32x4_extract_lane::<3>(vector),
    ]
}

/// `a * b / 2^32` of each lane, rounded to the nearest, halves up.
#[inline(always)]
fn high(a: v128, b: v128) -> v128 {
    let half = i64x2_splat(1 << 31);
    let low = i64x2_add(i64x2_extmul_low_i32x4(a, b), half);
    let high = i64x2_add(i64x2_extmul_high_i32x4(a, b), half);
    i32x4_shuffle::<1, 3, 5, 7>(low, high)
}

/// Outputs as int32 for sums and constants with scales of at least 0 (fixed.rs, `Channel`).
#[inline(always)]
fn scaled(sum: v128, bias2: v128, multiplier: v128, scale: v128, ends: Ends) -> v128 {
    let sum2 = i32x4_add(i32x4_shl(sum, 1), bias2);
    let first = high(sum2, multiplier);
    let value = high(i32x4_add(first, i32x4_shr(first, 31)), scale);
    let near = i32x4_min(i32x4_max(value, i32x4_splat(-512)), i32x4_splat(512));
    let output = i32x4_add(near, i32x4_splat(ends.zero));
    i32x4_min(
        i32x4_max(output, i32x4_splat(ends.min)),
        i32x4_splat(ends.max),
    )
}

/// The outputs for sums of one channel.
pub fn outputs(sums: &[i32; ROWS], by: Channel, ends: Ends) -> [u8; ROWS] {
    if by.scale < 0 {
        return super::plain::outputs(sums, by, ends);
    }
    let sum = i32x4(sums[0], sums[1], sums[2], sums[3]);
    let [bias2, multiplier, scale] =
        [by.bias2, by.multiplier, by.scale].map(|constant| i32x4_splat(constant));
    lanes(scaled(sum, bias2, multiplier, scale, ends)).map(|output| output as u8)
}

/// Sums of neighbouring channels.
pub struct Sums([v128; 2]);

impl Sums {
    /// How many channels.
    pub const CHANNELS: usize = 8;
    /// Before the first product.
    pub const ZERO: Self = Sums([i32x4(0, 0, 0, 0); 2]);

    #[inline(always)]
    fn add_halfwords(&mut self, inputs: v128, weights: &[u8]) {
        let weights = i16x8_extend_low_i8x16(half(weights, 0));
        self.0[0] = i32x4_add(self.0[0], i32x4_extmul_low_i16x8(inputs, weights));
        self.0[1] = i32x4_add(self.0[1], i32x4_extmul_high_i16x8(inputs, weights));
    }

    /// Adds products of inputs and weights.
    #[inline(always)]
    pub fn add(&mut self, inputs: &[u8], weights: &[u8]) {
        self.add_halfwords(i16x8_extend_low_i8x16(half(inputs, 0)), weights);
    }

    /// Adds products of the same input with weights.
    #[inline(always)]
    pub fn add_constant(&mut self, input: i32, weights: &[u8]) {
        self.add_halfwords(i16x8_splat(input as i16), weights);
    }

    /// Their outputs; `by` has the constants from their first channel on.
    pub fn outputs(self, by: Constants<'_>, ends: Ends, output: &mut [u8]) {
        for (i, sum) in self.0.into_iter().enumerate() {
            let [bias2, multiplier, scale] = [0, 1, 2].map(|row| at(by.row(row), BYTES * i));
            let made = if i32x4_bitmask(scale) == 0 {
                lanes(scaled(sum, bias2, multiplier, scale, ends)).map(|output| output as u8)
            } else {
                let sums = lanes(sum);
                [0, 1, 2, 3].map(|k| by.channel(4 * i + k).output(sums[k], ends))
            };
            output[4 * i..4 * i + 4].copy_from_slice(&made);
        }
    }
}
