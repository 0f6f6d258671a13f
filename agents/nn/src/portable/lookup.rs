//! Replaces each byte by an entry of a table of 256.

use super::memory::{cells, constants, sink, source, span, words, Span};
use crate::Call;
use wasmote_sdk::Error;

const ENTRIES: usize = 256;

/// Entries have `size` bytes.
pub fn run(call: &mut Call<'_>, size: u32) -> Result<(), Error> {
    let [input, output, count, address] = words(call)?;
    let table = constants(
        call.blob,
        Span {
            address,
            bytes: ENTRIES * size as usize,
        },
    )?;
    let arena = cells(call.arena);
    let from = source(arena, call.blob, span(input, &[count])?)?;
    let to = sink(arena, span(output, &[count, size])?)?;
    for (i, to) in to.chunks(size as usize).enumerate() {
        let entry = from.get(i) as usize * size as usize;
        for (byte, to) in table[entry..].iter().zip(to) {
            to.set(*byte);
        }
    }
    Ok(())
}
