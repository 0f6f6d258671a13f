//! Windows that slide over an image (nn_window_t in firmware/kernels/nn.h).

use super::memory::{span, Span};
use wasmote_sdk::Error;

/// How many words of a parameter block a window takes.
pub const WORDS: usize = 18;

const MOST_SIDE: u32 = 16384;
const MOST_KERNEL: u32 = 1024;
const MOST_STEP: u32 = 256;

/// Height and width.
#[derive(Clone, Copy)]
pub struct Pair {
    pub h: u32,
    pub w: u32,
}

/// A window, its numbers checked.
pub struct Window {
    pub input: Span,
    pub output: Span,
    pub image: Pair,
    pub in_c: u32,
    pub out: Pair,
    pub out_c: u32,
    pub kernel: Pair,
    pub stride: Pair,
    pub dilation: Pair,
    pub pad: Pair,
    pub min: i32,
    pub max: i32,
}

impl Window {
    /// From the first words of a parameter block.
    pub fn parse(words: &[u32]) -> Result<Self, Error> {
        let pair = |at: usize| Pair {
            h: words[at],
            w: words[at + 1],
        };
        let (image, in_c, out, out_c) = (pair(2), words[4], pair(5), words[7]);
        let window = Window {
            input: span(words[0], &[image.h, image.w, in_c])?,
            output: span(words[1], &[out.h, out.w, out_c])?,
            image,
            in_c,
            out,
            out_c,
            kernel: pair(8),
            stride: pair(10),
            dilation: pair(12),
            pad: pair(14),
            min: words[16] as i32,
            max: words[17] as i32,
        };
        if window.makes_sense() {
            Ok(window)
        } else {
            Err(Error::Model)
        }
    }

    fn makes_sense(&self) -> bool {
        let sides = [
            self.image.h,
            self.image.w,
            self.in_c,
            self.out.h,
            self.out.w,
            self.out_c,
        ];
        let steps = [
            self.stride.h,
            self.stride.w,
            self.dilation.h,
            self.dilation.w,
        ];
        let within = |values: &[u32], most| values.iter().all(|value| (1..=most).contains(value));
        within(&sides, MOST_SIDE)
            && within(&[self.kernel.h, self.kernel.w], MOST_KERNEL)
            && within(&steps, MOST_STEP)
            && self.pad.h <= MOST_KERNEL
            && self.pad.w <= MOST_KERNEL
            && self.min <= self.max
    }

    /// The weights of a channel that sees all channels.
    pub fn depth(&self) -> usize {
        self.kernel.h as usize * self.kernel.w as usize * self.in_c as usize
    }

    /// Whether each output sees one pixel, the one at its own place.
    pub fn is_dense(&self) -> bool {
        let ones = [self.kernel, self.stride];
        let same = [(self.out.h, self.image.h), (self.out.w, self.image.w)];
        ones.iter().all(|pair| pair.h == 1 && pair.w == 1)
            && same.iter().all(|(out, image)| out == image)
            && self.pad.h == 0
            && self.pad.w == 0
    }

    /// Where the kernel's taps for output row `y` lie.
    pub fn rows(&self, y: u32) -> Taps {
        Taps::new(
            y * self.stride.h,
            self.pad.h,
            self.dilation.h,
            self.kernel.h,
            self.image.h,
        )
    }

    /// Where the kernel's taps for output column `x` lie.
    pub fn columns(&self, x: u32) -> Taps {
        Taps::new(
            x * self.stride.w,
            self.pad.w,
            self.dilation.w,
            self.kernel.w,
            self.image.w,
        )
    }
}

/// Along one side: which taps of the kernel are inside the image, and where the first one is.
#[derive(Clone, Copy)]
pub struct Taps {
    /// The first tap inside.
    pub first: u32,
    /// The tap behind the last one inside.
    pub end: u32,
    /// Where in the image tap `first` is.
    pub at: u32,
    /// From one tap to the next.
    pub step: u32,
}

impl Taps {
    fn new(start: u32, pad: u32, step: u32, kernel: u32, side: u32) -> Self {
        // At most 16383 * 256: far from an overflow.
        let origin = start as i32 - pad as i32;
        let before = (-origin).max(0) as u32;
        let left = (side as i32 - origin).max(0) as u32;
        let end = ((left + step - 1) / step).min(kernel);
        let first = ((before + step - 1) / step).min(end);
        let at = (origin + (first * step) as i32).max(0) as u32;
        Taps {
            first,
            end,
            at,
            step,
        }
    }

    /// Where in the image a tap is, if it is inside.
    #[inline(always)]
    pub fn place(self, tap: u32) -> Option<u32> {
        let inside = (self.first..self.end).contains(&tap);
        inside.then(|| self.at + (tap - self.first) * self.step)
    }

    /// How many are inside.
    pub fn count(self) -> u32 {
        self.end - self.first
    }
}
