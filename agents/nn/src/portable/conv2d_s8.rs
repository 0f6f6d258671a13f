//! A convolution.

use super::fixed::Ends;
use super::matrix::{fill, padded, scratch, widen, Matrix, ROWS};
use super::memory::{parts, span, words};
use super::window::{Window, WORDS};
use crate::Call;
use wasmote_sdk::Error;

/// Puts a window's inputs into a row of halfwords.
pub type Gather = fn(&Window, &[u8], u32, u32, i8, &mut [u8]);

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
    let room = span(at, &[bytes])?;
    let part = parts(call.arena, call.blob, window.input, window.output, room)?;
    let acts = part.scratch.get_mut(..scratch(depth)).ok_or(Error::Model)?;
    let row_bytes = 2 * padded(depth);
    acts.fill(0);
    let channels = window.out_c as usize;
    let mut pixel = 0;
    for output in part.output.chunks_mut(ROWS * channels) {
        let rows = output.len() / channels;
        for row in acts.chunks_exact_mut(row_bytes).take(rows) {
            let (y, x) = (pixel / window.out.w, pixel % window.out.w);
            gather(&window, part.input, y, x, in_zero as i8, row);
            pixel += 1;
        }
        matrix.run(&acts[..rows * row_bytes], output);
    }
    Ok(())
}

/// What is outside the image is the input's zero point.
fn gather(w: &Window, input: &[u8], y: u32, x: u32, outside: i8, row: &mut [u8]) {
    let (rows, columns) = (w.rows(y), w.columns(x));
    let channels = w.in_c as usize;
    if rows.count() < w.kernel.h || columns.count() < w.kernel.w {
        fill(outside, row);
    }
    // Where taps are neighbours in the image, all of a row at once.
    let (steps, taps) = match columns.step {
        1 => (1, columns.count() as usize),
        _ => (columns.count(), 1),
    };
    for ky in rows.first..rows.end {
        let in_y = rows.at + (ky - rows.first) * rows.step;
        for i in 0..steps {
            let (kx, in_x) = (columns.first + i, columns.at + i * columns.step);
            let from = (in_y as usize * w.image.w as usize + in_x as usize) * channels;
            let to = (ky as usize * w.kernel.w as usize + kx as usize) * channels;
            widen(&input[from..from + taps * channels], row, to);
        }
    }
}
