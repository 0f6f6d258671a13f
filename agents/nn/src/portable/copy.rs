//! Bytes from one place to another.

use super::memory::{cells, constants, is_in_blob, reach, sink, words, Source};
use crate::Call;
use core::cell::Cell;
use wasmote_sdk::Error;

const SIDES: usize = 6;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let block: [u32; 2 + 3 * SIDES] = words(call)?;
    let (shape, rest) = block[2..].split_at(SIDES);
    let (in_step, out_step) = rest.split_at(SIDES);
    if shape.contains(&0) {
        return Err(Error::Model);
    }
    let arena = cells(call.arena);
    let output = sink(arena, reach(block[1], shape, out_step)?)?;
    // Strides may lead backwards: the lowest byte that is read is not always the first one.
    let back = (0..SIDES)
        .map(|i| ends(shape[i], in_step[i]).0)
        .sum::<i64>();
    let forth = (0..SIDES)
        .map(|i| ends(shape[i], in_step[i]).1)
        .sum::<i64>();
    let input = Input::new(arena, call.blob, block[0], back, forth)?;
    let count = shape.iter().map(|&side| side as usize).product::<usize>();
    for i in 0..count {
        let (from, to) = places(i, shape, in_step, out_step);
        output[to].set(input.get(from));
    }
    Ok(())
}

/// How far a side reaches below and above its first element.
fn ends(side: u32, step: u32) -> (i64, i64) {
    let last = i64::from(side - 1) * i64::from(step as i32);
    (last.min(0), last.max(0))
}

/// What is read, and where in it the first element is.
struct Input<'a> {
    bytes: Source<'a>,
    first: i64,
}

impl<'a> Input<'a> {
    fn new(
        arena: &'a [Cell<u8>],
        blob: &'a [u8],
        address: u32,
        back: i64,
        forth: i64,
    ) -> Result<Self, Error> {
        let from = i64::from(address & !(1 << 31)) + back;
        let start = u32::try_from(from).map_err(|_| Error::Model)? | address & 1 << 31;
        let bytes = usize::try_from(forth - back + 1).map_err(|_| Error::Model)?;
        let at = super::memory::Span {
            address: start,
            bytes,
        };
        let bytes = if is_in_blob(address) {
            Source::Blob(constants(blob, at)?)
        } else {
            Source::Arena(sink(arena, at)?)
        };
        Ok(Input {
            bytes,
            first: -back,
        })
    }

    fn get(&self, at: i64) -> u8 {
        self.bytes.get((self.first + at) as usize)
    }
}

/// Where element `i` comes from, and where it goes to.
fn places(mut i: usize, shape: &[u32], in_step: &[u32], out_step: &[u32]) -> (i64, usize) {
    let (mut from, mut to) = (0, 0);
    for side in (0..SIDES).rev() {
        let at = i % shape[side] as usize;
        i /= shape[side] as usize;
        from += at as i64 * i64::from(in_step[side] as i32);
        to += at * out_step[side] as usize;
    }
    (from, to)
}
