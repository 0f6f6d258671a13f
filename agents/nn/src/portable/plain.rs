//! Inner loops, one number after the other.

use super::depthwise_conv2d_s8::Layer;
use super::matrix::{put, Matrix, GROUP, ROWS};
use crate::Lease;
use wasmote_sdk::Error;

/// Multiplies a few rows of inputs at once.
pub struct Tiles<'a>(Matrix<'a>);

impl<'a> Tiles<'a> {
    /// Makes ready for many calls of `run`.
    pub fn new(matrix: Matrix<'a>, _: &'a mut Lease<'_>) -> Result<Self, Error> {
        Ok(Tiles(matrix))
    }

    /// The outputs of up to `ROWS` rows of inputs, each in whole groups.
    pub fn run(&mut self, rows: &[u8], output: &mut [u8]) {
        for (i, pair) in self.0.pairs().enumerate() {
            let sums = sums(pair.weights, rows);
            for (row, sums) in output.chunks_exact_mut(self.0.channels).zip(sums) {
                let output = |k: usize| pair.channels[k].output(sums[k], self.0.ends);
                put(&mut row[2 * i..], &[output(0), output(1)]);
            }
        }
    }
}

/// For each row its sums with both channels' weights.
fn sums(weights: &[u8], rows: &[u8]) -> [[i32; 2]; ROWS] {
    const ORDER: [usize; GROUP] = [0, 2, 1, 3];
    let mut sums = [[0; 2]; ROWS];
    let depth = weights.len() / 2;
    for (row, [first, second]) in rows.chunks_exact(depth).zip(&mut sums) {
        for (inputs, weights) in row.chunks_exact(GROUP).zip(weights.chunks_exact(2 * GROUP)) {
            for (&i, weight) in ORDER.iter().zip(weights.chunks_exact(2)) {
                let both = i16::from_le_bytes([weight[0], weight[1]]) as i32;
                let low = both as i8 as i32;
                let input = inputs[i] as i8 as i32;
                *first += input * low;
                *second += input * ((both - low) >> 8);
            }
        }
    }
    sums
}

/// The outputs of a single row of inputs, in whole groups.
pub fn row(
    matrix: Matrix<'_>,
    room: &mut Lease<'_>,
    row: &[u8],
    output: &mut [u8],
) -> Result<(), Error> {
    Tiles::new(matrix, room)?.run(row, output);
    Ok(())
}

/// Whether there is a faster way than one by one; then it is done.
pub fn depthwise(_: &Layer<'_>, _: &[u8], _: &mut [u8], _: &mut Lease<'_>) -> bool {
    false
}
