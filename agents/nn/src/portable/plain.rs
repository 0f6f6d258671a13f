//! Inner loops, one number after the other.

use super::fixed::{Channel, Constants, Ends};
use super::matrix::{place, ROWS};

/// Whole groups of four inputs as halfwords, in the groups' order.
pub fn widen(inputs: &[u8], acts: &mut [u8]) {
    for (i, &input) in inputs.iter().enumerate() {
        let at = 2 * place(i);
        acts[at..at + 2].copy_from_slice(&(input as i8 as i16).to_le_bytes());
    }
}

/// For each of a pair's two channels its sums over the rows of `acts`.
pub fn sums(weights: &[u8], acts: &[u8]) -> [[i32; ROWS]; 2] {
    let mut sums = [[0; ROWS]; 2];
    for (r, row) in acts.chunks_exact(weights.len()).enumerate().take(ROWS) {
        for (weight, act) in weights.chunks_exact(2).zip(row.chunks_exact(2)) {
            let both = i16::from_le_bytes([weight[0], weight[1]]) as i32;
            let act = i16::from_le_bytes([act[0], act[1]]) as i32;
            let low = both as i8 as i32;
            sums[0][r] += act * low;
            sums[1][r] += act * ((both - low) >> 8);
        }
    }
    sums
}

/// The outputs for sums of one channel.
pub fn outputs(sums: &[i32; ROWS], by: Channel, ends: Ends) -> [u8; ROWS] {
    sums.map(|sum| by.output(sum, ends))
}

/// Sums of neighbouring channels.
pub struct Sums(i32);

impl Sums {
    /// How many channels.
    pub const CHANNELS: usize = 1;
    /// Before the first product.
    pub const ZERO: Self = Sums(0);

    /// Adds products of inputs and weights.
    pub fn add(&mut self, inputs: &[u8], weights: &[u8]) {
        self.0 += inputs[0] as i8 as i32 * weights[0] as i8 as i32;
    }

    /// Adds products of the same input with weights.
    pub fn add_constant(&mut self, input: i32, weights: &[u8]) {
        self.0 += input * weights[0] as i8 as i32;
    }

    /// Their outputs; `by` has the constants from their first channel on.
    pub fn outputs(self, by: Constants<'_>, ends: Ends, output: &mut [u8]) {
        output[0] = by.channel(0).output(self.0, ends);
    }
}
