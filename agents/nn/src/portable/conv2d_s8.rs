//! A convolution.

use super::fixed::Ends;
use super::lanes::Tiles;
use super::matrix::{padded, Matrix, ROWS};
use super::memory::{parts, span, words};
use super::window::{Taps, Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// Puts a window's inputs into a row. What is outside the image is the input's zero point.
pub type Gather = fn(&Window, &[u8], Pixel, u8, &mut [u8]);

/// An output's place, and what its window sees.
#[derive(Clone, Copy)]
pub struct Pixel {
    pub y: u32,
    pub x: u32,
    rows: Taps,
    columns: Taps,
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    run_with(call, gather)
}

/// The same for windows that lie in another way over the input.
pub fn run_with(call: &mut Call<'_>, gather: Gather) -> Result<(), Error> {
    let block: [u32; WORDS + 5] = words(call)?;
    let window = Window::parse(&block)?;
    let [weights, at, bytes, in_zero, zero] = [0, 1, 2, 3, 4].map(|i| block[WORDS + i]);
    let ends = Ends {
        zero: zero as i32,
        min: window.min,
        max: window.max,
    };
    let depth = window.depth();
    let matrix = Matrix::new(call.blob, weights, depth, window.out_c, ends)?;
    let scratch = span(at, &[bytes])?;
    let part = parts(call.arena, call.blob, window.input, window.output, scratch)?;
    let row_bytes = padded(depth);
    let rows = part
        .scratch
        .get_mut(..ROWS * row_bytes)
        .ok_or(Error::Model)?;
    let mut tiles = Tiles::new(matrix, &mut call.room)?;
    let outputs = part.output.chunks_mut(ROWS * window.out_c as usize);
    if window.is_dense() && row_bytes == depth {
        for (rows, output) in part.input.chunks(ROWS * depth).zip(outputs) {
            tiles.run(rows, output);
        }
        return Ok(());
    }
    rows.fill(0);
    let mut pixels = pixels(&window);
    for output in outputs {
        let mut count = 0;
        for (row, pixel) in rows.chunks_exact_mut(row_bytes).zip(&mut pixels) {
            gather(&window, part.input, pixel, in_zero as u8, row);
            count += 1;
        }
        tiles.run(&rows[..count * row_bytes], output);
    }
    Ok(())
}

/// All outputs' places in their order.
fn pixels(w: &Window) -> impl Iterator<Item = Pixel> + '_ {
    (0..w.out.h).flat_map(move |y| {
        let rows = w.rows(y);
        (0..w.out.w).map(move |x| Pixel {
            y,
            x,
            rows,
            columns: w.columns(x),
        })
    })
}

fn gather(w: &Window, input: &[u8], pixel: Pixel, outside: u8, row: &mut [u8]) {
    let (rows, columns) = (pixel.rows, pixel.columns);
    let channels = w.in_c as usize;
    if rows.count() < w.kernel.h || columns.count() < w.kernel.w {
        row.fill(outside);
    }
    // Where taps are neighbours in the image, all of a row at once.
    let (steps, taps) = match columns.step {
        1 => (columns.count().min(1), columns.count() as usize),
        _ => (columns.count(), 1),
    };
    let image_row = w.image.w as usize * channels;
    let kernel_row = w.kernel.w as usize * channels;
    for i in 0..steps {
        let (kx, in_x) = (columns.first + i, columns.at + i * columns.step);
        let from = rows.at as usize * image_row + in_x as usize * channels;
        let to = rows.first as usize * kernel_row + kx as usize * channels;
        let from = input.get(from..).unwrap_or_default();
        let to = row.get_mut(to..).unwrap_or_default();
        let from = from.chunks(rows.step as usize * image_row);
        let pieces = from
            .zip(to.chunks_mut(kernel_row))
            .take(rows.count() as usize);
        match taps * channels {
            2 => pieces.for_each(copy::<2>),
            3 => pieces.for_each(copy::<3>),
            4 => pieces.for_each(copy::<4>),
            bytes => pieces.for_each(|(from, to)| to[..bytes].copy_from_slice(&from[..bytes])),
        }
    }
}

/// Faster than a copy of any length.
#[inline(always)]
fn copy<const N: usize>((from, to): (&[u8], &mut [u8])) {
    to[..N].copy_from_slice(&from[..N]);
}
