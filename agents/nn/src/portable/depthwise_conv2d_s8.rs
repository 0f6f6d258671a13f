//! A depthwise convolution.

use super::fixed::{Channel, Ends};
use super::memory::{constants, parts, span, words, Span};
use super::window::{Taps, Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// The weights, and the constants of each channel; channels are filled up to a multiple of 4.
struct Weights<'a> {
    taps: &'a [u8],
    constants: &'a [u8],
    padded: usize,
}

impl<'a> Weights<'a> {
    fn new(blob: &'a [u8], address: u32, window: &Window) -> Result<Self, Error> {
        let padded = (window.out_c + 3) / 4 * 4;
        let taps = span(address, &[window.kernel.h, window.kernel.w, padded])?;
        let after = Span {
            address: address + taps.bytes as u32,
            bytes: 12 * padded as usize,
        };
        let (taps, constants) = (constants(blob, taps)?, constants(blob, after)?);
        Ok(Weights {
            taps,
            constants,
            padded: padded as usize,
        })
    }

    fn channel(&self, channel: usize) -> Channel {
        let word = |row: usize| {
            let at = 4 * (row * self.padded + channel);
            let bytes = &self.constants[at..at + 4];
            i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        };
        Channel {
            bias2: word(0),
            multiplier: word(1),
            scale: word(2),
        }
    }
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let block: [u32; WORDS + 5] = words(call)?;
    let window = Window::parse(&block)?;
    let [at, in_zero, zero] = [0, 3, 4].map(|i| block[WORDS + i]);
    if window.out_c % window.in_c != 0 {
        return Err(Error::Model);
    }
    let ends = Ends {
        zero: zero as i32,
        min: window.min,
        max: window.max,
    };
    let weights = Weights::new(call.blob, at, &window)?;
    let nothing = Span {
        address: 0,
        bytes: 0,
    };
    let part = parts(call.arena, call.blob, window.input, window.output, nothing)?;
    let mut outputs = part.output.chunks_exact_mut(window.out_c as usize);
    for y in 0..window.out.h {
        for x in 0..window.out.w {
            let taps = (window.rows(y), window.columns(x));
            let output = outputs.next().ok_or(Error::Internal)?;
            pixel(
                &window,
                &weights,
                part.input,
                taps,
                (in_zero as i32, ends),
                output,
            );
        }
    }
    Ok(())
}

fn pixel(
    w: &Window,
    weights: &Weights<'_>,
    input: &[u8],
    (rows, columns): (Taps, Taps),
    (in_zero, ends): (i32, Ends),
    output: &mut [u8],
) {
    let multiplier = (w.out_c / w.in_c) as usize;
    for (channel, output) in output.iter_mut().enumerate() {
        let mut sum = 0;
        for ky in 0..w.kernel.h {
            for kx in 0..w.kernel.w {
                let inside = (rows.first..rows.end).contains(&ky)
                    && (columns.first..columns.end).contains(&kx);
                let value = if inside {
                    let y = (rows.at + (ky - rows.first) * rows.step) as usize;
                    let x = (columns.at + (kx - columns.first) * columns.step) as usize;
                    let at = (y * w.image.w as usize + x) * w.in_c as usize;
                    input[at + channel / multiplier] as i8 as i32
                } else {
                    in_zero
                };
                let tap = (ky * w.kernel.w + kx) as usize * weights.padded;
                sum += value * weights.taps[tap + channel] as i8 as i32;
            }
        }
        *output = weights.channel(channel).output(sum, ends);
    }
}
