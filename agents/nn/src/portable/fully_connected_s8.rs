//! A fully connected layer.

use super::fixed::Ends;
use super::lanes::row;
use super::matrix::{padded, Matrix};
use super::memory::{parts, span, words};
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let [input, output, weights, at, bytes, rows, in_n, out_n, zero, min, max] = words(call)?;
    let ends = Ends {
        zero: zero as i32,
        min: min as i32,
        max: max as i32,
    };
    let (depth, channels) = (in_n as usize, out_n as usize);
    if depth == 0 || channels == 0 || ends.min > ends.max {
        return Err(Error::Model);
    }
    let matrix = Matrix::new(call.blob, weights, depth, out_n, ends)?;
    let (input, output) = (span(input, &[rows, in_n])?, span(output, &[rows, out_n])?);
    let part = parts(call.arena, call.blob, input, output, span(at, &[bytes])?)?;
    let whole = part.scratch.get_mut(..padded(depth)).ok_or(Error::Model)?;
    whole.fill(0);
    for (input, output) in part
        .input
        .chunks(depth)
        .zip(part.output.chunks_mut(channels))
    {
        whole[..depth].copy_from_slice(input);
        row(matrix, &mut call.room, whole, output)?;
    }
    Ok(())
}
