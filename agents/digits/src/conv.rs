//! The convolution with its pooling, for one pooled cell at a time.

use crate::lanes::{dot, largest, pack, LANES, LANE_MIDDLE};
use crate::outputs::Outputs;
use crate::weights::{CONV_BIAS, CONV_SCALE, CONV_WEIGHTS};
use crate::{CHANNELS, POOLED, SIDE, WHITE};

const KERNEL: usize = 3;
const TAPS: usize = KERNEL * KERNEL;
/// A cell pools 2x2 pixels of the convolution, which see 4x4 pixels of the image.
const PATCH: usize = 4;
/// From a patch's first pixel to its last, row by row.
const SEEN: usize = (PATCH - 1) * SIDE + PATCH;
const GROUPS: usize = CHANNELS / LANES;
/// Where the cells' patches start.
const STARTS: [usize; POOLED * POOLED] = starts();

/// Four channels: all that is needed of them lies together, within reach of one address.
struct Group {
    words: [u64; TAPS],
    outputs: Outputs,
}

static LAYER: [Group; GROUPS] = [group(0), group(1), group(2), group(3)];

const fn group(number: usize) -> Group {
    let first = number * LANES;
    let mut words = [0; TAPS];
    let mut tap = 0;
    while tap < TAPS {
        words[tap] = pack([
            CONV_WEIGHTS[first][tap],
            CONV_WEIGHTS[first + 1][tap],
            CONV_WEIGHTS[first + 2][tap],
            CONV_WEIGHTS[first + 3][tap],
        ]);
        tap += 1;
    }
    Group {
        words,
        outputs: Outputs::of(&CONV_BIAS, &CONV_SCALE, first, 1),
    }
}

const fn starts() -> [usize; POOLED * POOLED] {
    let mut starts = [0; POOLED * POOLED];
    let mut cell = 0;
    while cell < POOLED * POOLED {
        starts[cell] = 2 * (cell / POOLED * SIDE + cell % POOLED);
        cell += 1;
    }
    starts
}

// Whatever the weights are: the sums that are packed fit their lanes.
const _: () = assert!(TAPS as i32 * 128 * (WHITE as i32) < LANE_MIDDLE);

/// The parts of the image that the cells see, in turn.
pub fn patches(image: &[i8; SIDE * SIDE]) -> impl Iterator<Item = &[i8; SEEN]> {
    // The conversion never fails; written so, it brings in no panic.
    STARTS
        .iter()
        .filter_map(move |&start| image.get(start..start + SEEN)?.try_into().ok())
}

/// The pooled activations of the cell that sees `rows`.
#[inline(always)]
pub fn cell(rows: &[i8; SEEN], features: &mut [i64; CHANNELS]) {
    let patch = patch(rows);
    for (number, group) in LAYER.iter().enumerate() {
        let words = [
            at(&patch, 0, &group.words),
            at(&patch, 1, &group.words),
            at(&patch, PATCH, &group.words),
            at(&patch, PATCH + 1, &group.words),
        ];
        let sums = largest(&words);
        for lane in 0..LANES {
            // Scaling is monotonic: the largest sum becomes the largest activation.
            features[number * LANES + lane] = group.outputs.relu(lane, sums[lane]);
        }
    }
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

/// The sums of four channels with the kernel's corner at `start`.
#[inline(always)]
fn at(patch: &[i64; PATCH * PATCH], start: usize, weights: &[u64; TAPS]) -> u64 {
    let mut seen = [0; TAPS];
    for (tap, pixel) in seen.iter_mut().enumerate() {
        *pixel = patch[start + tap / KERNEL * PATCH + tap % KERNEL];
    }
    dot(weights, &seen)
}
