//! A depthwise convolution, sixteen channels at a time.
//!
//! The channels' plane is copied out of the image, with the input's zero point around it, so that
//! no window meets a border. Two taps' inputs lie beside each other in a vector of halfwords: a
//! product with both taps' weights adds to four channels' sums.

use super::super::depthwise_conv2d_s8::Layer;
use super::super::matrix::put;
use super::super::window::Window;
use super::quad::{self, Quad, Quads, Sums, PIXELS, QUADS};
use super::vectors::{from_bytes, BYTES};
use crate::room::{Lease, Vector};
use core::arch::wasm32::*;
use wasmote_sdk::simd::{load, store};

const CHANNELS: usize = BYTES;
/// Pairs of taps in windows that are not unusually large.
const MOST_PAIRS: usize = 32;
/// Vectors of a tile's constants.
const HEAD: usize = QUADS * Quad::VECTORS;

/// Done, unless the window is unusual or there is too little room.
pub fn depthwise(layer: &Layer<'_>, input: &[u8], output: &mut [u8], room: &mut Lease<'_>) -> bool {
    planes(layer, input, output, room).is_some()
}

fn planes(layer: &Layer<'_>, input: &[u8], output: &mut [u8], room: &mut Lease<'_>) -> Option<()> {
    let shape = Shape::of(&layer.window);
    let area = shape.rows.checked_mul(shape.columns)?;
    let mut taps = [[0; 2]; MOST_PAIRS];
    let taps = taps.get_mut(..(shape.taps() + 1) / 2)?;
    // Where windows are full of holes, most of the plane would be for nothing.
    let channels = layer.window.out_c as usize;
    if area > shape.taps() * (output.len() / channels) {
        return None;
    }
    for (i, tap) in taps.iter_mut().flatten().take(shape.taps()).enumerate() {
        *tap = shape.place(i);
    }
    let common = quad::Layer::new(layer.ends, shape.taps());
    let tile = HEAD + QUADS * taps.len();
    let tiles = (channels + CHANNELS - 1) / CHANNELS;
    let (tiles, work) = room.constants(tiles * tile, |to| {
        for (to, channel) in to.chunks_exact_mut(tile).zip((0..).step_by(CHANNELS)) {
            lay_out(layer, channel, &common, to);
        }
    })?;
    let plane = work.get_mut(..area)?;
    for (tile, channel) in tiles.chunks_exact(tile).zip((0..).step_by(CHANNELS)) {
        let (quads, weights) = tile.split_at(HEAD);
        shape.fill(layer, channel, input, plane);
        let tile = Tile {
            taps,
            weights,
            quads: quads.try_into().ok()?,
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

    /// Where windows begin.
    fn windows(&self) -> Windows {
        let Window { stride, out, .. } = self.window;
        let right = stride.w as usize;
        Windows {
            row: 0,
            column: 0,
            down: stride.h as usize * self.columns,
            right,
            end: right * out.w as usize,
        }
    }

    fn is_3x3(&self) -> bool {
        let Window {
            kernel, dilation, ..
        } = self.window;
        (kernel.h, kernel.w, dilation.h, dilation.w) == (3, 3, 1, 1)
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
        let (above, left) = (w.pad.h as usize, w.pad.w as usize);
        for (y, row) in plane.chunks_exact_mut(self.columns).enumerate() {
            let start = y.checked_sub(above).map(|y| y * row_bytes);
            let image = start.and_then(|start| input.get(start..start + row_bytes));
            let pixels = image.unwrap_or_default().chunks_exact(channels);
            let right = (left + pixels.len()).min(row.len());
            let (within, after) = row.split_at_mut(right);
            let (before, within) = within.split_at_mut(left.min(right));
            before.fill(outside);
            after.fill(outside);
            for (to, pixel) in within.iter_mut().zip(pixels) {
                *to = take(pixel);
            }
        }
    }
}

/// Puts sixteen channels' weights, in pairs of taps, and their constants.
fn lay_out(layer: &Layer<'_>, channel: usize, common: &quad::Layer, to: &mut [Vector]) {
    let (quads, weights) = to.split_at_mut(HEAD);
    let mut factors = [i32x4_splat(0); QUADS];
    let places = quads.chunks_exact_mut(Quad::VECTORS);
    for ((place, factors), first) in places.zip(&mut factors).zip((channel..).step_by(4)) {
        let channels = [0, 1, 2, 3].map(|i| {
            if first + i < layer.tap_bytes {
                layer.constants.channel(first + i)
            } else {
                Default::default()
            }
        });
        *factors = Quad::write(channels, common, place);
    }
    let mut taps = layer.taps.chunks_exact(layer.tap_bytes);
    let mut next = || {
        taps.next()
            .map_or(i8x16_splat(0), |tap| from_bytes(&tap[channel..]))
    };
    for to in weights.chunks_exact_mut(QUADS) {
        let both = widened(next(), next());
        for ((to, weights), factors) in to.iter_mut().zip(both).zip(factors) {
            store(to, i16x8_mul(weights, factors));
        }
    }
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
    quads: &'a Quads,
    layer: &'a quad::Layer,
}

impl Tile<'_> {
    /// Puts the channels from `channel` on of all outputs, a few pixels at a time.
    #[inline(never)]
    fn run(&self, shape: &Shape<'_>, plane: &[Vector], output: &mut [u8], channel: usize) {
        let channels = shape.window.out_c as usize;
        let mut sums: Sums = [[i32x4_splat(0); QUADS]; PIXELS];
        let mut outputs = [[0; CHANNELS]; PIXELS];
        let mut windows = shape.windows();
        for pixels in output.chunks_mut(PIXELS * channels) {
            for (sums, _) in sums.iter_mut().zip(pixels.chunks_exact(channels)) {
                self.sum(shape, &plane[windows.next()..], sums);
            }
            quad::put_outputs(&sums, self.quads, self.layer, &mut outputs);
            for (pixel, outputs) in pixels.chunks_exact_mut(channels).zip(&outputs) {
                put(&mut pixel[channel..], outputs);
            }
        }
    }

    /// The sums of the window that begins where `plane` does.
    #[inline(always)]
    fn sum(&self, shape: &Shape<'_>, plane: &[Vector], sums: &mut [v128; QUADS]) {
        if shape.is_3x3() {
            self.sum_3x3(shape.columns, plane, sums);
        } else {
            self.sum_any(plane, sums);
        }
    }

    #[inline(never)]
    fn sum_any(&self, plane: &[Vector], sums: &mut [v128; QUADS]) {
        let [mut a, mut b, mut c, mut d] = [0, 1, 2, 3].map(|q| self.bias(q));
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

    /// The same for the most usual window, without a look at where its taps are. Quad by quad,
    /// because wasmtime computes a sum where it is stored, and keeps what is loaded until then.
    #[inline(always)]
    fn sum_3x3(&self, columns: usize, plane: &[Vector], sums: &mut [v128; QUADS]) {
        let row = |i: usize| plane.get(i * columns..).and_then(|row| row.get(..3));
        let weights: Option<&[Vector; 5 * QUADS]> = self.weights.try_into().ok();
        if let (Some(r), Some(s), Some(t), Some(weights)) = (row(0), row(1), row(2), weights) {
            let taps = [
                &r[0], &r[1], &r[2], &s[0], &s[1], &s[2], &t[0], &t[1], &t[2],
            ]
            .map(load);
            let inputs = [
                widened(taps[0], taps[1]),
                widened(taps[2], taps[3]),
                widened(taps[4], taps[5]),
                widened(taps[6], taps[7]),
                widened(taps[8], taps[8]),
            ];
            for (q, sum) in sums.iter_mut().enumerate() {
                let product =
                    |i: usize| i32x4_dot_i16x8(inputs[i][q], load(&weights[i * QUADS + q]));
                let first = i32x4_add(i32x4_add(product(0), product(1)), self.bias(q));
                let others = i32x4_add(i32x4_add(product(2), product(3)), product(4));
                *sum = i32x4_add(first, others);
            }
        }
    }

    #[inline(always)]
    fn bias(&self, q: usize) -> v128 {
        load(&self.quads[q * Quad::VECTORS])
    }
}

/// Where windows begin, one after the other, without end.
struct Windows {
    row: usize,
    column: usize,
    /// To the next row, to the next column, and to the end of a row.
    down: usize,
    right: usize,
    end: usize,
}

impl Windows {
    #[inline(always)]
    fn next(&mut self) -> usize {
        let place = self.row + self.column;
        self.column += self.right;
        if self.column == self.end {
            self.column = 0;
            self.row += self.down;
        }
        place
    }
}
