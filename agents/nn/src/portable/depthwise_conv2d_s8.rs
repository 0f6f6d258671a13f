//! A depthwise convolution.

use super::fixed::{Constants, Ends};
use super::lanes::depthwise;
use super::memory::{constants, parts, span, words_at, Span};
use super::window::{Taps, Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// Stands for the place of an input that is not in the image.
const OUTSIDE: usize = usize::MAX;
/// Taps of windows that are not unusually large.
const USUAL_TAPS: usize = 49;

/// One layer.
pub struct Layer<'a> {
    pub window: Window,
    /// Weights: all channels of a tap, filled up to a multiple of 4, then the next tap.
    pub taps: &'a [u8],
    pub tap_bytes: usize,
    pub constants: Constants<'a>,
    pub in_zero: i32,
    pub ends: Ends,
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

    /// Where the inputs of each tap begin; `OUTSIDE` for those that are not in the image.
    fn places(&self, rows: Taps, columns: Taps) -> impl Iterator<Item = usize> + Clone + '_ {
        let w = &self.window;
        let taps = (0..w.kernel.h).flat_map(move |ky| (0..w.kernel.w).map(move |kx| (ky, kx)));
        taps.map(move |(ky, kx)| match (rows.place(ky), columns.place(kx)) {
            (Some(y), Some(x)) => (y as usize * w.image.w as usize + x as usize) * w.in_c as usize,
            _ => OUTSIDE,
        })
    }

    /// One pixel whose taps have their inputs at `places`.
    #[inline(always)]
    fn pixel(&self, input: &[u8], places: impl Iterator<Item = usize> + Clone, output: &mut [u8]) {
        let multiplier = self.multiplier();
        for (channel, output) in output.iter_mut().enumerate() {
            let taps = places.clone().zip(self.taps.chunks_exact(self.tap_bytes));
            let sum = taps.map(|(place, weights)| {
                let input = match place {
                    OUTSIDE => self.in_zero,
                    place => input[place + channel / multiplier] as i8 as i32,
                };
                input * weights[channel] as i8 as i32
            });
            *output = self.constants.channel(channel).output(sum.sum(), self.ends);
        }
    }

    fn run(&self, input: &[u8], output: &mut [u8]) {
        let w = &self.window;
        let mut known = [OUTSIDE; USUAL_TAPS];
        for (i, output) in (0..).zip(output.chunks_exact_mut(w.out_c as usize)) {
            let places = self.places(w.rows(i / w.out.w), w.columns(i % w.out.w));
            // For the channels of a pixel the places are the same: looked up once, where they fit.
            match known.get_mut(..w.kernel.h as usize * w.kernel.w as usize) {
                Some(known) => {
                    for (known, place) in known.iter_mut().zip(places) {
                        *known = place;
                    }
                    self.pixel(input, known.iter().copied(), output);
                }
                None => self.pixel(input, places, output),
            }
        }
    }

    /// Output channels for each input channel.
    pub fn multiplier(&self) -> usize {
        (self.window.out_c / self.window.in_c) as usize
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
    if !depthwise(&layer, part.input, part.output, &mut call.room) {
        layer.run(part.input, part.output);
    }
    Ok(())
}
