//! Each output pixel is the weighted mean of four input pixels, halves away from zero.

use super::resize::{index, Resize};
use crate::Call;
use wasmote_sdk::Error;

/// A uint16 each for the lower and the upper pixel, the upper one's weight as an int32.
const ENTRY: u32 = 8;
/// Weights along a side add up to this.
const ONE: i32 = 1 << 10;

/// Between which two positions an output lies, and their weights.
#[derive(Clone, Copy)]
struct Between {
    at: [usize; 2],
    weight: [i32; 2],
}

impl Between {
    fn parse(table: &[u8], i: usize, side: usize) -> Result<Self, Error> {
        let at = ENTRY as usize * i;
        let upper = [table[at + 4], table[at + 5], table[at + 6], table[at + 7]];
        let upper = i32::from_le_bytes(upper);
        if !(-ONE..=2 * ONE).contains(&upper) {
            return Err(Error::Model);
        }
        let at = [index(table, at, side)?, index(table, at + 2, side)?];
        Ok(Between {
            at,
            weight: [ONE - upper, upper],
        })
    }
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let r = Resize::parse(call, ENTRY)?;
    for (i, pixel) in r.part.output.chunks_exact_mut(r.channels).enumerate() {
        let rows = Between::parse(r.rows, i / r.out_w, r.in_h)?;
        let columns = Between::parse(r.columns, i % r.out_w, r.in_w)?;
        for (channel, to) in pixel.iter_mut().enumerate() {
            let mut sum = 0;
            for (y, row_weight) in rows.at.iter().zip(rows.weight) {
                for (x, weight) in columns.at.iter().zip(columns.weight) {
                    let at = (y * r.in_w + x) * r.channels + channel;
                    sum += r.part.input[at] as i8 as i32 * row_weight * weight;
                }
            }
            let magnitude = (sum.abs() + ONE * ONE / 2) / (ONE * ONE);
            *to = (if sum > 0 { magnitude } else { -magnitude }).clamp(-128, 127) as u8;
        }
    }
    Ok(())
}
