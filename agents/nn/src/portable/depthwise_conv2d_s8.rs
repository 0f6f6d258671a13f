//! A depthwise convolution.

use super::fixed::{Constants, Ends};
use super::lanes::Sums;
use super::memory::{constants, parts, span, words_at, Span};
use super::window::{Taps, Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// One layer.
struct Layer<'a> {
    window: Window,
    /// Weights: all channels of a tap, filled up to a multiple of 4, then the next tap.
    taps: &'a [u8],
    tap_bytes: usize,
    constants: Constants<'a>,
    in_zero: i32,
    ends: Ends,
}

impl<'a> Layer<'a> {
    fn parse(blob: &'a [u8], block: u32) -> Result<Self, Error> {
        let block: [u32; WORDS + 5] = words_at(blob, block)?;
        let window = Window::parse(&block)?;
        let [address, in_zero, zero] = [0, 3, 4].map(|i| block[WORDS + i]);
        if window.out_c % window.in_c != 0 {
            return Err(Error::Model);
        }
        let padded = (window.out_c + 3) / 4 * 4;
        let taps = span(address, &[window.kernel.h, window.kernel.w, padded])?;
        let after = Span {
            address: address.wrapping_add(taps.bytes as u32),
            bytes: 12 * padded as usize,
        };
        Ok(Layer {
            taps: constants(blob, taps)?,
            tap_bytes: padded as usize,
            constants: Constants::new(constants(blob, after)?),
            in_zero: in_zero as i32,
            ends: Ends {
                zero: zero as i32,
                min: window.min,
                max: window.max,
            },
            window,
        })
    }

    /// Calls `seen` for each tap with its weights, and the place of its first input if that is
    /// inside the image.
    #[inline(always)]
    fn walk(&self, rows: Taps, columns: Taps, mut seen: impl FnMut(&'a [u8], Option<usize>)) {
        let w = &self.window;
        let mut weights = self.taps.chunks_exact(self.tap_bytes);
        for ky in 0..w.kernel.h {
            for kx in 0..w.kernel.w {
                let place = rows
                    .place(ky)
                    .zip(columns.place(kx))
                    .map(|(y, x)| (y as usize * w.image.w as usize + x as usize) * w.in_c as usize);
                seen(weights.next().unwrap_or_default(), place);
            }
        }
    }

    fn pixel(&self, input: &[u8], rows: Taps, columns: Taps, output: &mut [u8]) {
        let multiplier = (self.window.out_c / self.window.in_c) as usize;
        let most = if multiplier == 1 { output.len() } else { 0 };
        let fast = most / Sums::CHANNELS * Sums::CHANNELS;
        for channel in (0..fast).step_by(Sums::CHANNELS) {
            let mut sums = Sums::ZERO;
            self.walk(rows, columns, |weights, place| match place {
                Some(at) => sums.add(&input[at + channel..], &weights[channel..]),
                None => sums.add_constant(self.in_zero, &weights[channel..]),
            });
            sums.outputs(
                self.constants.from(channel),
                self.ends,
                &mut output[channel..],
            );
        }
        for (channel, output) in output.iter_mut().enumerate().skip(fast) {
            let mut sum = 0;
            self.walk(rows, columns, |weights, place| {
                let value = place.map_or(self.in_zero, |at| {
                    input[at + channel / multiplier] as i8 as i32
                });
                sum += value * weights[channel] as i8 as i32;
            });
            *output = self.constants.channel(channel).output(sum, self.ends);
        }
    }
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let layer = Layer::parse(call.blob, call.block)?;
    let w = &layer.window;
    let nothing = Span {
        address: 0,
        bytes: 0,
    };
    let part = parts(call.arena, call.blob, w.input, w.output, nothing)?;
    let mut outputs = part.output.chunks_exact_mut(w.out_c as usize);
    for y in 0..w.out.h {
        for x in 0..w.out.w {
            let output = outputs.next().ok_or(Error::Internal)?;
            layer.pixel(part.input, w.rows(y), w.columns(x), output);
        }
    }
    Ok(())
}
