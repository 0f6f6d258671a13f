//! A depthwise convolution, sixteen channels at a time.
//!
//! The channels' plane is copied out of the image, with the input's zero point around it, so that
//! no window meets a border. Two taps' inputs lie beside each other in a vector of halfwords: a
//! product with both taps' weights adds to four channels' sums.

use super::super::depthwise_conv2d_s8::Layer;
use super::super::matrix::put;
use super::super::window::Window;
use super::quad::{self, Quad, Quads, QUADS};
use super::vectors::{first, BYTES};
use crate::Vector;
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};

const CHANNELS: usize = BYTES;
/// Pairs of taps in windows that are not unusually large.
const MOST_PAIRS: usize = 32;

/// Done, unless the window is unusual or there is too little room.
pub fn depthwise(layer: &Layer<'_>, input: &[u8], output: &mut [u8], room: &mut [Vector]) -> bool {
    planes(layer, input, output, room).is_some()
}

fn planes(layer: &Layer<'_>, input: &[u8], output: &mut [u8], room: &mut [Vector]) -> Option<()> {
    let shape = Shape::of(&layer.window);
    let area = shape.rows.checked_mul(shape.columns)?;
    let mut taps = [[0; 2]; MOST_PAIRS];
    let taps = taps.get_mut(..(shape.taps() + 1) / 2)?;
    // Where windows are full of holes, most of the plane would be for nothing.
    let seen = shape.taps() * (output.len() / layer.window.out_c as usize);
    if area > seen {
        return None;
    }
    let (weights, plane) = room.split_at_mut((QUADS * taps.len()).min(room.len()));
    let plane = plane.get_mut(..area)?;
    for (i, tap) in taps.iter_mut().flatten().take(shape.taps()).enumerate() {
        *tap = shape.place(i);
    }
    let common = quad::Layer::new(layer.ends, shape.taps());
    for channel in (0..layer.window.out_c as usize).step_by(CHANNELS) {
        let quads = quads(layer, channel, weights, &common);
        shape.fill(layer, channel, input, plane);
        let tile = Tile {
            taps,
            weights,
            quads,
            layer: &common,
        };
        tile.run(&shape, plane, output, channel);
    }
    Some(())
}

/// A plane, and how windows move over it.
struct Shape<'a> {
    window: &'a Window,
    rows: usize,
    columns: usize,
}

impl<'a> Shape<'a> {
    fn of(window: &'a Window) -> Self {
        let side = |out: u32, stride: u32, kernel: u32, dilation: u32| {
            ((out - 1) * stride + (kernel - 1) * dilation + 1) as usize
        };
        let w = window;
        Shape {
            window,
            rows: side(w.out.h, w.stride.h, w.kernel.h, w.dilation.h),
            columns: side(w.out.w, w.stride.w, w.kernel.w, w.dilation.w),
        }
    }

    fn taps(&self) -> usize {
        self.window.kernel.h as usize * self.window.kernel.w as usize
    }

    /// Where a tap is, from a window's first one.
    fn place(&self, tap: usize) -> usize {
        let width = self.window.kernel.w as usize;
        let (y, x) = (tap / width, tap % width);
        let dilation = self.window.dilation;
        y * dilation.h as usize * self.columns + x * dilation.w as usize
    }

    /// Where the window of an output begins.
    fn at(&self, y: usize, x: usize) -> usize {
        let stride = self.window.stride;
        y * stride.h as usize * self.columns + x * stride.w as usize
    }

    /// Puts channels from `channel` on of the whole image into the plane.
    fn fill(&self, layer: &Layer<'_>, channel: usize, input: &[u8], plane: &mut [Vector]) {
        let multiplier = layer.multiplier();
        let outside = [layer.in_zero as u8; BYTES];
        if multiplier == 1 && channel + CHANNELS <= self.window.in_c as usize {
            self.fill_with(input, plane, outside, |pixel| {
                let mut vector = [0; BYTES];
                vector.copy_from_slice(&pixel[channel..channel + BYTES]);
                vector
            });
        } else {
            self.fill_with(input, plane, outside, |pixel| {
                let mut vector = [0; BYTES];
                for (i, to) in vector.iter_mut().enumerate() {
                    *to = pixel.get((channel + i) / multiplier).copied().unwrap_or(0);
                }
                vector
            });
        }
    }

    /// `take` makes a vector of a pixel.
    #[inline(always)]
    fn fill_with(
        &self,
        input: &[u8],
        plane: &mut [Vector],
        outside: Vector,
        take: impl Fn(&[u8]) -> Vector,
    ) {
        let w = self.window;
        let channels = w.in_c as usize;
        let row_bytes = w.image.w as usize * channels;
        let before = |place: usize, pad: u32| place.checked_sub(pad as usize);
        for (y, row) in plane.chunks_exact_mut(self.columns).enumerate() {
            let start = before(y, w.pad.h).map(|y| y * row_bytes);
            let image = start.and_then(|start| input.get(start..start + row_bytes));
            let image = image.unwrap_or_default();
            for (x, to) in row.iter_mut().enumerate() {
                let start = before(x, w.pad.w).map(|x| x * channels);
                let pixel = start.and_then(|start| image.get(start..start + channels));
                *to = pixel.map_or(outside, &take);
            }
        }
    }
}

/// Sixteen channels' weights, doubled, in pairs of taps, and their constants.
fn quads(layer: &Layer<'_>, channel: usize, to: &mut [Vector], common: &quad::Layer) -> Quads {
    let mut magnitudes = [i32x4_splat(0); QUADS];
    let mut taps = layer.taps.chunks_exact(layer.tap_bytes);
    let mut next = || {
        taps.next()
            .map_or(i8x16_splat(0), |tap| first(&tap[channel..]))
    };
    for to in to.chunks_exact_mut(QUADS) {
        let both = widened(next(), next()).map(|weights| i16x8_shl(weights, 1));
        for ((to, weights), sum) in to.iter_mut().zip(both).zip(&mut magnitudes) {
            store(to, weights);
            let sizes = i32x4_dot_i16x8(i16x8_abs(weights), i16x8_splat(1));
            *sum = i32x4_add(*sum, sizes);
        }
    }
    let mut quads = [[0; BYTES]; QUADS * Quad::VECTORS];
    let places = quads.chunks_exact_mut(Quad::VECTORS);
    for ((place, magnitudes), first) in places.zip(magnitudes).zip((channel..).step_by(4)) {
        let channels = [0, 1, 2, 3].map(|i| {
            if first + i < layer.tap_bytes {
                layer.constants.channel(first + i)
            } else {
                Default::default()
            }
        });
        Quad::new(channels, magnitudes, common).write(place);
    }
    quads
}

/// Bytes of two vectors beside each other, as halfwords.
#[inline(always)]
fn widened(a: v128, b: v128) -> [v128; QUADS] {
    let low = i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b);
    let high = i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b);
    [
        i16x8_extend_low_i8x16(low),
        i16x8_extend_high_i8x16(low),
        i16x8_extend_low_i8x16(high),
        i16x8_extend_high_i8x16(high),
    ]
}

struct Tile<'a> {
    /// Where both taps of a pair are, from a window's first one.
    taps: &'a [[usize; 2]],
    weights: &'a [Vector],
    quads: Quads,
    layer: &'a quad::Layer,
}

impl Tile<'_> {
    /// Puts the channels from `channel` on of all outputs, two at a time.
    fn run(&self, shape: &Shape<'_>, plane: &[Vector], output: &mut [u8], channel: usize) {
        let w = shape.window;
        let mut pixels = output.chunks_exact_mut(w.out_c as usize);
        let rows = 0..w.out.h as usize;
        let mut windows = rows.flat_map(|y| (0..w.out.w as usize).map(move |x| shape.at(y, x)));
        let mut sums = [[i32x4_splat(0); QUADS]; 2];
        while let Some(first) = windows.next() {
            let second = windows.next().unwrap_or(first);
            self.sum(&plane[first..], &mut sums[0]);
            self.sum(&plane[second..], &mut sums[1]);
            for outputs in quad::outputs(&sums, &self.quads, self.layer) {
                if let Some(pixel) = pixels.next() {
                    put(&mut pixel[channel..], &outputs);
                }
            }
        }
    }

    /// The sums of the window that begins where `plane` does.
    #[inline(never)]
    fn sum(&self, plane: &[Vector], sums: &mut [v128; QUADS]) {
        let bias = |q: usize| load(&self.quads[q * Quad::VECTORS]);
        let [mut a, mut b, mut c, mut d] = [bias(0), bias(1), bias(2), bias(3)];
        let mut pairs = self.taps.iter().zip(self.weights.chunks_exact(QUADS));
        let mut add = || {
            let (taps, weights) = match pairs.next() {
                Some(pair) => pair,
                None => return false,
            };
            let inputs = widened(load(&plane[taps[0]]), load(&plane[taps[1]]));
            let product = |q: usize| i32x4_dot_i16x8(inputs[q], load(&weights[q]));
            a = i32x4_add(a, product(0));
            b = i32x4_add(b, product(1));
            c = i32x4_add(c, product(2));
            d = i32x4_add(d, product(3));
            true
        };
        // Long turns of the loop (tiles.rs).
        while add() && add() && add() && add() && add() {}
        *sums = [a, b, c, d];
    }
}
