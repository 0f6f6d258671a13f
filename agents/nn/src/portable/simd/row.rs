//! A single row of inputs: weights are used once, and read as they lie.

use super::super::matrix::{put, Matrix, Pair, GROUP};
use super::vectors::{from_bytes, lanes, unpacked, BYTES};
use crate::room::{Lease, Vector};
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};
use wasmote_sdk::Error;

/// Channels done at once.
const CHANNELS: usize = 4;

/// The outputs of a single row of inputs, in whole groups.
pub fn row(
    matrix: Matrix<'_>,
    room: &mut Lease<'_>,
    row: &[u8],
    output: &mut [u8],
) -> Result<(), Error> {
    let vectors = (row.len() + 7) / 8;
    let inputs = room.work.get_mut(..vectors).ok_or(Error::Model)?;
    for (bytes, to) in row.chunks(2 * GROUP).zip(inputs.iter_mut()) {
        let bytes = from_bytes(bytes);
        let ordered =
            i8x16_shuffle::<0, 2, 1, 3, 4, 6, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15>(bytes, bytes);
        store(to, i16x8_extend_low_i8x16(ordered));
    }
    let mut pairs = matrix.pairs();
    let mut channel = 0;
    while let Some(a) = pairs.next() {
        let b = pairs.next().unwrap_or(a);
        let sums = lanes(sums(a, b, inputs));
        let output_of = |pair: Pair<'_>, k: usize, sum| pair.channels[k].output(sum, matrix.ends);
        let made = [
            output_of(a, 0, sums[0]),
            output_of(a, 1, sums[1]),
            output_of(b, 0, sums[2]),
            output_of(b, 1, sums[3]),
        ];
        put(&mut output[channel..], &made);
        channel += CHANNELS;
    }
    Ok(())
}

/// Both pairs' sums.
fn sums(a: Pair<'_>, b: Pair<'_>, inputs: &[Vector]) -> v128 {
    let mut sums = [i32x4_splat(0); CHANNELS];
    let mut add = |inputs: &Vector, a: v128, b: v128| {
        let inputs = load(inputs);
        let ([a, b], [c, d]) = (unpacked(a), unpacked(b));
        for (sum, weights) in sums.iter_mut().zip([a, b, c, d]) {
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(inputs, weights));
        }
    };
    let (a, b) = (a.weights.chunks_exact(BYTES), b.weights.chunks_exact(BYTES));
    let rest = (a.remainder(), b.remainder());
    for ((a, b), inputs) in a.zip(b).zip(inputs) {
        add(inputs, from_bytes(a), from_bytes(b));
    }
    if let (false, Some(inputs)) = (rest.0.is_empty(), inputs.last()) {
        add(inputs, from_bytes(rest.0), from_bytes(rest.1));
    }
    across(sums)
}

/// The sum of each vector's lanes.
fn across([a, b, c, d]: [v128; CHANNELS]) -> v128 {
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
