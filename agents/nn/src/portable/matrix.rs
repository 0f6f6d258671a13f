//! Rows of inputs times pairs of output channels, packed as firmware/kernels/README.md says.

use super::fixed::{Channel, Ends};
use super::memory::{constants, span};
use wasmote_sdk::Error;

/// Rows of inputs that are done at once.
pub const ROWS: usize = 4;
/// Inputs come in groups of four, in the order 0 2 1 3.
pub const GROUP: usize = 4;
/// Behind a pair's weights: two biases, then a multiplier and a scale each.
const CONSTANTS: usize = 24;

/// Rounded up to whole groups.
pub fn padded(depth: usize) -> usize {
    (depth + GROUP - 1) / GROUP * GROUP
}

/// Weights and constants of all output channels.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pairs: &'a [u8],
    /// Inputs of a row, in whole groups.
    pub padded: usize,
    pub channels: usize,
    pub ends: Ends,
}

/// Two output channels.
#[derive(Clone, Copy, Default)]
pub struct Pair<'a> {
    /// Halfwords, one for each input.
    pub weights: &'a [u8],
    pub channels: [Channel; 2],
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

    /// All of them; the last one's second channel may be no channel.
    pub fn pairs(&self) -> impl Iterator<Item = Pair<'a>> {
        let weight_bytes = 2 * self.padded;
        let pairs = self.pairs.chunks_exact(weight_bytes + CONSTANTS);
        pairs.map(move |bytes| {
            let (weights, constants) = bytes.split_at(weight_bytes);
            let [b0, b1, m0, s0, m1, s1] = [0, 1, 2, 3, 4, 5].map(|i| word(constants, i));
            let channel = |bias2, multiplier, scale| Channel {
                bias2,
                multiplier,
                scale,
            };
            Pair {
                weights,
                channels: [channel(b0, m0, s0), channel(b1, m1, s1)],
            }
        })
    }
}

fn word(bytes: &[u8], i: usize) -> i32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[4 * i..4 * i + 4]);
    i32::from_le_bytes(word)
}

/// Puts the outputs of neighbouring channels into a row of outputs, as far as it goes.
#[inline(always)]
pub fn put<const N: usize>(row: &mut [u8], outputs: &[u8; N]) {
    match row.get_mut(..N) {
        Some(whole) => whole.copy_from_slice(outputs),
        None => {
            for (to, output) in row.iter_mut().zip(outputs) {
                *to = *output;
            }
        }
    }
}
