//! A transposed convolution: the matrix of a convolution over windows that are gathered in
//! another way.

use super::conv2d_s8::{self, Pixel};
use super::window::Window;
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    conv2d_s8::run_with(call, gather)
}

/// Under a tap of the kernel lies the input that spreads over this output, if there is one.
fn gather(w: &Window, input: &[u8], pixel: Pixel, outside: u8, row: &mut [u8]) {
    let channels = w.in_c as usize;
    row.fill(outside);
    for ky in 0..w.kernel.h {
        for kx in 0..w.kernel.w {
            let in_y = source(pixel.y + w.pad.h, ky, w.stride.h, w.image.h);
            let in_x = source(pixel.x + w.pad.w, kx, w.stride.w, w.image.w);
            if let (Some(in_y), Some(in_x)) = (in_y, in_x) {
                let from = (in_y * w.image.w as usize + in_x) * channels;
                let to = (ky as usize * w.kernel.w as usize + kx as usize) * channels;
                row[to..to + channels].copy_from_slice(&input[from..from + channels]);
            }
        }
    }
}

/// Along one side: which input it is that step `tap` of the kernel spreads to output `place`.
fn source(place: u32, tap: u32, stride: u32, side: u32) -> Option<usize> {
    let from = place.checked_sub(tap)?;
    (from % stride == 0 && from / stride < side).then_some((from / stride) as usize)
}
