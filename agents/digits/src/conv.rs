//! The convolution with its pooling, for one pooled cell at a time.

use crate::lanes::{dot, pack, unpack, LANES, LANE_MIDDLE};
use crate::weights::{CONV_BIAS, CONV_SCALE, CONV_WEIGHTS};
use crate::{CHANNELS, RELU_ZERO, SIDE, WHITE};
use wasmote_sdk::requant::requantise_relu;

const KERNEL: usize = 3;
const TAPS: usize = KERNEL * KERNEL;
/// A cell pools 2x2 pixels of the convolution, which see 4x4 pixels of the image.
const PATCH: usize = 4;
/// From a patch's first pixel to its last, row by row.
const SEEN: usize = (PATCH - 1) * SIDE + PATCH;
const GROUPS: usize = CHANNELS / LANES;

static PACKED: [[u64; TAPS]; GROUPS] = packed();

const fn packed() -> [[u64; TAPS]; GROUPS] {
    let mut words = [[0; TAPS]; GROUPS];
    let mut at = 0;
    while at < GROUPS * TAPS {
        let (group, tap) = (at / TAPS, at % TAPS);
        let first = group * LANES;
        words[group][tap] = pack([
            CONV_WEIGHTS[first][tap],
            CONV_WEIGHTS[first + 1][tap],
            CONV_WEIGHTS[first + 2][tap],
            CONV_WEIGHTS[first + 3][tap],
        ]);
        at += 1;
    }
    words
}

// Whatever the weights are: the sums that are packed fit their lanes.
const _: () = assert!(TAPS as i32 * 128 * (WHITE as i32) < LANE_MIDDLE);

/// The pooled activations of the cell at `row`, `column`.
pub fn cell(image: &[i8; SIDE * SIDE], row: usize, column: usize) -> [i64; CHANNELS] {
    let mut features = [0; CHANNELS];
    let start = 2 * (row * SIDE + column);
    // One check here, none for the pixels.
    let rows = match image.get(start..start + SEEN).map(TryInto::try_into) {
        Some(Ok(rows)) => rows,
        _ => return features,
    };
    let patch = patch(rows);
    for (group, weights) in PACKED.iter().enumerate() {
        let largest = largest(&patch, weights);
        for lane in 0..LANES {
            let channel = group * LANES + lane;
            // Scaling is monotonic: the largest sum becomes the largest activation.
            let sum = largest[lane] - LANE_MIDDLE + CONV_BIAS[channel];
            features[channel] = requantise_relu(sum, CONV_SCALE[channel], RELU_ZERO).into();
        }
    }
    features
}

#[inline(always)]
fn patch(rows: &[i8; SEEN]) -> [i64; PATCH * PATCH] {
    let mut patch = [0; PATCH * PATCH];
    for row in 0..PATCH {
        for column in 0..PATCH {
            patch[row * PATCH + column] = rows[row * SIDE + column].into();
        }
    }
    patch
}

/// Per lane the largest sum among the four positions of the kernel.
#[inline(always)]
fn largest(patch: &[i64; PATCH * PATCH], weights: &[u64; TAPS]) -> [i32; LANES] {
    let mut largest = [0; LANES];
    for start in [0, 1, PATCH, PATCH + 1] {
        let mut seen = [0; TAPS];
        for (tap, pixel) in seen.iter_mut().enumerate() {
            *pixel = patch[start + tap / KERNEL * PATCH + tap % KERNEL];
        }
        let sums = unpack(dot(weights, &seen));
        for lane in 0..LANES {
            largest[lane] = largest[lane].max(sums[lane]);
        }
    }
    largest
}
