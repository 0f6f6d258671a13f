//! The convolution and its pooling, for one pooled cell at a time.

use crate::weights::CONV_WEIGHTS;
use crate::{CHANNELS, SIDE, WHITE};

const KERNEL: usize = 3;
const TAPS: usize = KERNEL * KERNEL;
/// A cell pools 2x2 pixels of the convolution, which see 4x4 pixels of the image.
const PATCH: usize = 4;
/// From a patch's first pixel to its last, row by row.
const SEEN: usize = (PATCH - 1) * SIDE + PATCH;
/// Makes the low half of a packed sum unsigned.
const MIDDLE: i32 = 0x8000;

/// Per channel the largest of a cell's four sums, without the bias.
pub type Cell = [i32; CHANNELS];

/// Weights of two channels in one word: 65536 * high + low, so that one multiplication by a
/// pixel and one addition do the work of two, as long as the low sum fits 16 bits.
static PAIRS: [[i32; TAPS]; CHANNELS / 2] = pairs();

const fn pairs() -> [[i32; TAPS]; CHANNELS / 2] {
    let mut pairs = [[0; TAPS]; CHANNELS / 2];
    let mut at = 0;
    while at < CHANNELS / 2 * TAPS {
        let (pair, tap) = (at / TAPS, at % TAPS);
        let low = CONV_WEIGHTS[2 * pair][tap] as i32;
        let high = CONV_WEIGHTS[2 * pair + 1][tap] as i32;
        pairs[pair][tap] = high * 65536 + low;
        at += 1;
    }
    pairs
}

// Nine taps of at most 127 times 16: the sums that are packed do fit.
const _: () = assert!(TAPS as i32 * 127 * (WHITE as i32) < MIDDLE);

/// The cell at `row`, `column`.
pub fn cell(image: &[i8; SIDE * SIDE], row: usize, column: usize) -> Cell {
    let mut cell = [0; CHANNELS];
    let start = 2 * (row * SIDE + column);
    // One check here, none for the pixels.
    let rows = match image.get(start..start + SEEN).map(TryInto::try_into) {
        Some(Ok(rows)) => rows,
        _ => return cell,
    };
    let patch = patch(rows);
    for (sums, weights) in cell.chunks_exact_mut(2).zip(&PAIRS) {
        let (low, high) = largest(&patch, weights);
        sums[0] = low;
        sums[1] = high;
    }
    cell
}

#[inline(always)]
fn patch(rows: &[i8; SEEN]) -> [i32; PATCH * PATCH] {
    let mut patch = [0; PATCH * PATCH];
    for row in 0..PATCH {
        for column in 0..PATCH {
            patch[row * PATCH + column] = rows[row * SIDE + column].into();
        }
    }
    patch
}

/// The largest low and the largest high sum among the four positions of the kernel.
#[inline(always)]
fn largest(patch: &[i32; PATCH * PATCH], weights: &[i32; TAPS]) -> (i32, i32) {
    let (mut low, mut high) = (0u32, i32::MIN);
    for start in [0, 1, PATCH, PATCH + 1] {
        let mut sum = MIDDLE;
        for (tap, weight) in weights.iter().enumerate() {
            sum = sum.wrapping_add(patch[start + tap / KERNEL * PATCH + tap % KERNEL] * weight);
        }
        // The high half decides which word is larger; shifted out, the low half does.
        high = high.max(sum);
        low = low.max((sum as u32) << 16);
    }
    ((low >> 16) as i32 - MIDDLE, high >> 16)
}
