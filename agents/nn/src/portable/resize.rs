//! What the ways to resize an image have in common (nn_resize_t in firmware/kernels/nn.h).

use super::memory::{constants, parts, span, words, Parts, Span};
use crate::Call;
use wasmote_sdk::Error;

/// An image, the one that it becomes, and a table for each side.
pub struct Resize<'a> {
    pub part: Parts<'a>,
    pub in_h: usize,
    pub in_w: usize,
    pub channels: usize,
    pub out_w: usize,
    pub rows: &'a [u8],
    pub columns: &'a [u8],
}

impl<'a> Resize<'a> {
    /// Entries of the tables have `entry` bytes.
    pub fn parse(call: &'a mut Call<'_>, entry: u32) -> Result<Self, Error> {
        let [input, output, in_h, in_w, channels, out_h, out_w, rows, columns] = words(call)?;
        if channels == 0 || out_w == 0 {
            return Err(Error::Model);
        }
        let (from, to) = (
            span(input, &[in_h, in_w, channels])?,
            span(output, &[out_h, out_w, channels])?,
        );
        let nothing = Span {
            address: 0,
            bytes: 0,
        };
        Ok(Resize {
            rows: constants(call.blob, span(rows, &[out_h, entry])?)?,
            columns: constants(call.blob, span(columns, &[out_w, entry])?)?,
            part: parts(call.arena, call.blob, from, to, nothing)?,
            in_h: in_h as usize,
            in_w: in_w as usize,
            channels: channels as usize,
            out_w: out_w as usize,
        })
    }
}

/// The little-endian uint16 at `at`, which must be less than `side`.
pub fn index(table: &[u8], at: usize, side: usize) -> Result<usize, Error> {
    let index = u16::from_le_bytes([table[at], table[at + 1]]) as usize;
    if index < side {
        Ok(index)
    } else {
        Err(Error::Model)
    }
}
