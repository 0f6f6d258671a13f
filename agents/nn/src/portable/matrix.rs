//! Rows of inputs times pairs of output channels, packed as firmware/kernels/README.md says.

use super::fixed::{Channel, Ends};
use super::lanes;
use super::memory::{constants, span};
use wasmote_sdk::Error;

/// Rows of inputs that are done at once.
pub const ROWS: usize = 4;
/// Inputs come in groups of four, in the order 0 2 1 3.
const GROUP: usize = 4;
/// Behind a pair's weights: two biases, then a multiplier and a scale each.
const CONSTANTS: usize = 24;

/// Rounded up to whole groups.
pub fn padded(depth: usize) -> usize {
    (depth + GROUP - 1) / GROUP * GROUP
}

/// The bytes that `ROWS` rows of inputs take, widened.
pub fn scratch(depth: usize) -> usize {
    2 * ROWS * padded(depth)
}

/// Weights and constants of all output channels.
pub struct Matrix<'a> {
    pairs: &'a [u8],
    padded: usize,
    channels: usize,
    ends: Ends,
}

impl<'a> Matrix<'a> {
    /// Of `channels` outputs that sum `depth` products each.
    pub fn new(
        blob: &'a [u8],
        address: u32,
        depth: usize,
        channels: u32,
        ends: Ends,
    ) -> Result<Self, Error> {
        let padded = padded(depth);
        let pair = (2 * padded + CONSTANTS) as u32;
        let pairs = constants(blob, span(address, &[(channels + 1) / 2, pair])?)?;
        Ok(Matrix {
            pairs,
            padded,
            channels: channels as usize,
            ends,
        })
    }

    /// The outputs of the first rows in `acts` (each `padded` halfwords, from `widen`), a row of
    /// outputs behind the other.
    pub fn run(&self, acts: &[u8], output: &mut [u8]) {
        let pair_bytes = 2 * self.padded + CONSTANTS;
        for (pair, bytes) in self.pairs.chunks_exact(pair_bytes).enumerate() {
            let (weights, constants) = bytes.split_at(2 * self.padded);
            let sums = lanes::sums(weights, acts);
            let [b0, b1, m0, s0, m1, s1] = [0, 1, 2, 3, 4, 5].map(|i| word(constants, i));
            let first = Channel {
                bias2: b0,
                multiplier: m0,
                scale: s0,
            };
            let second = Channel {
                bias2: b1,
                multiplier: m1,
                scale: s1,
            };
            let first = lanes::outputs(&sums[0], first, self.ends);
            let second = lanes::outputs(&sums[1], second, self.ends);
            let rows = output.chunks_exact_mut(self.channels);
            for ((row, first), second) in rows.zip(first).zip(second) {
                match &mut row[2 * pair..] {
                    [a, b, ..] => (*a, *b) = (first, second),
                    [a] => *a = first,
                    [] => {}
                }
            }
        }
    }
}

fn word(bytes: &[u8], i: usize) -> i32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[4 * i..4 * i + 4]);
    i32::from_le_bytes(word)
}

/// Where in a row the halfword for input `i` is.
#[inline(always)]
pub fn place(i: usize) -> usize {
    i & !3 | (i & 1) << 1 | (i >> 1) & 1
}

/// Puts inputs into a row of halfwords, from place `at` on.
pub fn widen(inputs: &[u8], row: &mut [u8], at: usize) {
    if at % GROUP == 0 && inputs.len() % GROUP == 0 {
        lanes::widen(inputs, &mut row[2 * at..]);
        return;
    }
    for (i, &input) in inputs.iter().enumerate() {
        let to = 2 * place(at + i);
        row[to..to + 2].copy_from_slice(&(input as i8 as i16).to_le_bytes());
    }
}

/// Fills a row with the same input.
pub fn fill(input: i8, row: &mut [u8]) {
    for to in row.chunks_exact_mut(2) {
        to.copy_from_slice(&(input as i16).to_le_bytes());
    }
}
