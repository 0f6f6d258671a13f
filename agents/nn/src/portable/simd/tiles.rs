//! Four rows of inputs times sixteen output channels at a time.
//!
//! Weights are laid out anew, once: a vector has one pair of inputs' weights for four channels, so
//! that a product with that pair of inputs, repeated, adds to four channels' sums, and sums need no
//! adding across.

use super::super::matrix::{put, Matrix, Pair, GROUP, ROWS};
use super::quad::{put_outputs, Layer, Quad, Quads, Sums, PIXELS, QUADS};
use super::vectors::{from_bytes, half, unpacked, BYTES};
use crate::room::{Lease, Vector};
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};
use wasmote_sdk::Error;

/// Output channels of a tile, in four vectors of sums. They are summed in two halves: sums of
/// one are as many as there are registers for.
const CHANNELS: usize = BYTES;
/// Vectors of a tile's constants.
const HEAD: usize = QUADS * Quad::VECTORS;
/// Pairs of inputs in a group.
const UNITS: usize = GROUP / 2;
/// Vectors that 16 inputs of each row take.
const SPREAD: usize = BYTES / 2 * ROWS;
/// Pairs of inputs in a turn. After four turns the host looks at the deadline, and puts all sums
/// aside for that.
const STEP: usize = 8;

/// Multiplies a few rows of inputs at once.
pub struct Tiles<'a> {
    /// For each tile its quads' constants, then for each half, for each pair of inputs, a vector of
    /// each quad. The last tile may have one half only.
    tiles: &'a [Vector],
    /// For each pair of inputs a vector of each row, which has it four times.
    inputs: &'a mut [Vector],
    sums: Sums,
    outputs: [Vector; ROWS],
    padded: usize,
    channels: usize,
    layer: Layer,
}

impl<'a> Tiles<'a> {
    /// Makes ready for many calls of `run`.
    ///
    /// The room suffices. A tile takes 448 bytes, a half `16 * padded`, and its pairs, one at least, have
    /// `2 * padded + 24` bytes of the blob each. Inputs take `32 * padded + 480` at most, and the
    /// arena has `4 * padded` for rows. `room` gives eight times both, and 1024.
    pub fn new(matrix: Matrix<'_>, room: &'a mut Lease<'_>) -> Result<Self, Error> {
        let Matrix {
            padded, channels, ..
        } = matrix;
        let layer = Layer::new(matrix.ends, padded);
        let tiles = (channels + CHANNELS - 1) / CHANNELS;
        let halves = (channels + CHANNELS / 2 - 1) / (CHANNELS / 2);
        let (tiles, work) = room
            .constants(tiles * HEAD + halves * padded, |tiles| {
                lay_out(matrix, &layer, tiles)
            })
            .ok_or(Error::Model)?;
        let inputs = work
            .get_mut(..(padded + BYTES - 1) / BYTES * SPREAD)
            .ok_or(Error::Model)?;
        Ok(Tiles {
            tiles,
            inputs,
            sums: [[i32x4_splat(0); QUADS]; ROWS],
            outputs: [[0; CHANNELS]; ROWS],
            padded,
            channels,
            layer,
        })
    }

    /// The outputs of up to `ROWS` rows of inputs, each in whole groups.
    pub fn run(&mut self, rows: &[u8], output: &mut [u8]) {
        spread(rows, self.padded, self.inputs);
        let inputs = &self.inputs[..ROWS * (self.padded / 2)];
        let mut rows = output.chunks_mut(self.channels);
        let mut row = || rows.next().unwrap_or_default().chunks_mut(CHANNELS);
        let mut rows = [row(), row(), row(), row()];
        for tile in self.tiles.chunks(HEAD + 2 * self.padded) {
            let (head, weights) = tile.split_at(HEAD);
            let quads: &Quads = match head.try_into() {
                Ok(quads) => quads,
                Err(_) => return, // never: a head is as long
            };
            for (half, weights) in weights.chunks_exact(self.padded).enumerate().take(2) {
                let (q, r) = (half * 2 % QUADS, half * 2 % QUADS + 1);
                let bias = |q: usize| load(&quads[q * Quad::VECTORS]);
                let [a, b, c, d] = sums_of(inputs, weights, [bias(q), bias(r)]);
                let [w, x, y, z] = &mut self.sums;
                // Written out: copies of slices would be calls.
                (w[q], w[r]) = (a[0], a[1]);
                (x[q], x[r]) = (b[0], b[1]);
                (y[q], y[r]) = (c[0], c[1]);
                (z[q], z[r]) = (d[0], d[1]);
            }
            put_outputs(&self.sums, quads, &self.layer, &mut self.outputs);
            for (row, outputs) in rows.iter_mut().zip(&self.outputs) {
                put(row.next().unwrap_or_default(), outputs);
            }
        }
    }
}

const _: () = assert!(ROWS == PIXELS);

/// For each row its sums with the weights of two quads, which begin with `biases`.
#[inline(always)]
fn sums_of(inputs: &[Vector], weights: &[Vector], biases: [v128; 2]) -> [[v128; 2]; ROWS] {
    let mut sums = [biases; ROWS];
    // Iterators in step need no look at any bound; backwards, addresses become one register and
    // an offset.
    let inputs = inputs.chunks_exact(ROWS).rev();
    let mut units = inputs.zip(weights.chunks_exact(2).rev());
    while turn(&mut units, &mut sums)
        && turn(&mut units, &mut sums)
        && turn(&mut units, &mut sums)
        && turn(&mut units, &mut sums)
    {}
    sums
}

/// A turn of the inner loop; whether there are more.
#[inline(always)]
fn turn<'a>(
    units: &mut impl Iterator<Item = (&'a [Vector], &'a [Vector])>,
    sums: &mut [[v128; 2]; ROWS],
) -> bool {
    for _ in 0..STEP {
        match units.next() {
            Some((inputs, weights)) => add(sums, inputs, weights),
            None => return false,
        }
    }
    true
}

/// Adds the products of a pair of inputs of each row.
#[inline(always)]
fn add(sums: &mut [[v128; 2]; ROWS], inputs: &[Vector], weights: &[Vector]) {
    for (sums, pair) in sums.iter_mut().zip(inputs) {
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(load(pair), load(weights)));
        }
    }
}

/// Brings rows of bytes into pairs of halfwords, each in a vector of its own. Rows that are not
/// there are the first one again; nobody looks at their sums.
fn spread(rows: &[u8], padded: usize, to: &mut [Vector]) {
    let mut rows = rows.chunks_exact(padded);
    let first = rows.next().unwrap_or_default();
    let [b, c, d] = [(); ROWS - 1].map(|()| rows.next().unwrap_or(first));
    let [a, b, c, d] = [first, b, c, d].map(|row| row.chunks(BYTES));
    for ((((a, b), c), d), to) in a.zip(b).zip(c).zip(d).zip(to.chunks_exact_mut(SPREAD)) {
        spread_vectors(
            [from_bytes(a), from_bytes(b), from_bytes(c), from_bytes(d)],
            to,
        );
    }
}

/// The same for 16 inputs of each row.
#[inline(always)]
fn spread_vectors([a, b, c, d]: [v128; ROWS], to: &mut [Vector]) {
    let low = |a, b| i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b);
    let high = |a, b| i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b);
    let (first, second) = to.split_at_mut(SPREAD / 2);
    spread_pairs(low(a, b), low(c, d), first);
    spread_pairs(high(a, b), high(c, d), second);
}

/// The same for four pairs of bytes of two rows and of two others, which take turns.
#[inline(always)]
fn spread_pairs(two: v128, others: v128, to: &mut [Vector]) {
    let low = i32x4_shuffle::<0, 4, 1, 5>(two, others);
    let high = i32x4_shuffle::<2, 6, 3, 7>(two, others);
    repeat_lanes(i16x8_extend_low_i8x16(low), &mut to[..4]);
    repeat_lanes(i16x8_extend_high_i8x16(low), &mut to[4..8]);
    repeat_lanes(i16x8_extend_low_i8x16(high), &mut to[8..12]);
    repeat_lanes(i16x8_extend_high_i8x16(high), &mut to[12..16]);
}

/// Each lane in a vector of its own.
#[inline(always)]
fn repeat_lanes(lanes: v128, to: &mut [Vector]) {
    store(&mut to[0], i32x4_shuffle::<0, 0, 0, 0>(lanes, lanes));
    store(&mut to[1], i32x4_shuffle::<1, 1, 1, 1>(lanes, lanes));
    store(&mut to[2], i32x4_shuffle::<2, 2, 2, 2>(lanes, lanes));
    store(&mut to[3], i32x4_shuffle::<3, 3, 3, 3>(lanes, lanes));
}

/// Lays all channels out. What is not there has no weights, and any outputs.
fn lay_out(matrix: Matrix<'_>, layer: &Layer, to: &mut [Vector]) {
    let mut pairs = matrix.pairs();
    for tile in to.chunks_mut(HEAD + 2 * matrix.padded) {
        let (heads, weights) = tile.split_at_mut(HEAD);
        let halves = weights.chunks_exact_mut(matrix.padded);
        let has_one = halves.len() == 1;
        for (head, weights) in heads.chunks_exact_mut(HEAD / 2).zip(halves) {
            let four = [(); 4].map(|()| pairs.next().unwrap_or_default());
            let [[a, b], [c, d], [e, f], [g, h]] = four.map(|pair| pair.channels);
            let (low, high) = head.split_at_mut(Quad::VECTORS);
            let low = Quad::write([a, b, c, d], layer, low);
            let high = Quad::write([e, f, g, h], layer, high);
            lay_out_weights(four, [low, high], weights);
        }
        if has_one {
            // Nobody looks at the others' outputs, but they are made.
            heads.copy_within(..HEAD / 2, HEAD / 2);
        }
    }
}

fn lay_out_weights(pairs: [Pair<'_>; 4], factors: [v128; 2], to: &mut [Vector]) {
    let first = pairs[0].weights;
    let [a, b, c, d] = pairs.map(|pair| match pair.weights {
        [] => first.chunks_exact(2 * GROUP),
        weights => weights.chunks_exact(2 * GROUP),
    });
    let groups = a.zip(b).zip(c.zip(d));
    for (((a, b), (c, d)), to) in groups.zip(to.chunks_exact_mut(2 * UNITS)) {
        let low = units(half(a), half(b));
        let high = units(half(c), half(d));
        store(&mut to[0], i16x8_mul(low[0], factors[0]));
        store(&mut to[1], i16x8_mul(high[0], factors[1]));
        store(&mut to[2], i16x8_mul(low[1], factors[0]));
        store(&mut to[3], i16x8_mul(high[1], factors[1]));
    }
}

/// For both pairs of inputs of a group their weights for four channels.
#[inline(always)]
fn units(first: u64, second: u64) -> [v128; UNITS] {
    // Inputs in the order 0 2 1 3, of the first pair of channels and of the second.
    let [even, odd] = unpacked(u64x2(first, second));
    [
        i16x8_shuffle::<0, 2, 8, 10, 4, 6, 12, 14>(even, odd),
        i16x8_shuffle::<1, 3, 9, 11, 5, 7, 13, 15>(even, odd),
    ]
}
