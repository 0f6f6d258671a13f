//! Walks the windows of a pool.

use super::memory::{parts, words, Span};
use super::window::{Taps, Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// `answer` gives the output of one window for one channel: it is handed the values inside the
/// image.
pub fn run(call: &mut Call<'_>, answer: fn(Values<'_>) -> i32) -> Result<(), Error> {
    let block: [u32; WORDS] = words(call)?;
    let w = Window::parse(&block)?;
    if w.in_c != w.out_c || w.dilation.h != 1 || w.dilation.w != 1 {
        return Err(Error::Model);
    }
    let nothing = Span {
        address: 0,
        bytes: 0,
    };
    let part = parts(call.arena, call.blob, w.input, w.output, nothing)?;
    let channels = w.out_c as usize;
    for (pixel, output) in (0..).zip(part.output.chunks_exact_mut(channels)) {
        let (rows, columns) = (w.rows(pixel / w.out.w), w.columns(pixel % w.out.w));
        for (channel, output) in output.iter_mut().enumerate() {
            let row_bytes = w.image.w as usize * channels;
            let values = Values {
                input: part.input,
                rows,
                columns,
                row_bytes,
                channels,
                channel,
            };
            *output = answer(values).clamp(w.min, w.max) as u8;
        }
    }
    Ok(())
}

/// One channel's values under a window, as far as it lies in the image.
pub struct Values<'a> {
    input: &'a [u8],
    rows: Taps,
    columns: Taps,
    row_bytes: usize,
    channels: usize,
    channel: usize,
}

impl Values<'_> {
    /// How many there are.
    pub fn count(&self) -> i32 {
        (self.rows.count() * self.columns.count()) as i32
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        let rows = 0..self.rows.count() as usize;
        rows.flat_map(move |y| {
            let row = (self.rows.at as usize + y) * self.row_bytes + self.channel;
            let columns = 0..self.columns.count() as usize;
            columns.map(move |x| {
                let at = row + (self.columns.at as usize + x) * self.channels;
                self.input[at] as i8 as i32
            })
        })
    }
}
