//! Walks the windows of a pool.

use super::memory::{parts, words, Span};
use super::window::{Taps, Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// Channels that are done at once.
const CHANNELS: usize = 16;

/// What a pool makes of the values inside the image, channel by channel.
pub trait Pool {
    /// Before the first value.
    const START: i32;

    fn add(sum: i32, value: i32) -> i32;

    /// The output for `count` values.
    fn output(sum: i32, count: i32) -> i32;
}

pub fn run<P: Pool>(call: &mut Call<'_>) -> Result<(), Error> {
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
        let count = (rows.count() * columns.count()) as i32;
        for (output, channel) in output.chunks_mut(CHANNELS).zip((0..).step_by(CHANNELS)) {
            let sums = sums::<P>(&w, part.input, rows, columns, channel);
            for (to, sum) in output.iter_mut().zip(sums) {
                *to = P::output(sum, count).clamp(w.min, w.max) as u8;
            }
        }
    }
    Ok(())
}

/// Of the channels from `channel` on.
fn sums<P: Pool>(
    w: &Window,
    input: &[u8],
    rows: Taps,
    columns: Taps,
    channel: usize,
) -> [i32; CHANNELS] {
    let mut sums = [P::START; CHANNELS];
    if columns.count() == 0 {
        return sums;
    }
    let channels = w.in_c as usize;
    for y in rows.at..rows.at + rows.count() {
        let first = (y as usize * w.image.w as usize + columns.at as usize) * channels;
        let row = &input[first..first + columns.count() as usize * channels];
        for pixel in row.chunks_exact(channels) {
            let values = &pixel[channel..];
            match values.get(..CHANNELS) {
                Some(values) => add::<P>(&mut sums, values),
                None => add::<P>(&mut sums, values),
            }
        }
    }
    sums
}

/// As far as there are values. Inlined where their number is known, so that they become vectors.
#[inline(always)]
fn add<P: Pool>(sums: &mut [i32; CHANNELS], values: &[u8]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum = P::add(*sum, *value as i8 as i32);
    }
}
