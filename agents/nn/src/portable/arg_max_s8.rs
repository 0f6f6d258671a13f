//! Where the largest value of a side is; the first of several.

use super::memory::{cells, sink, source, span, words};
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let [input, output, outer, depth, inner, out_bytes] = words(call)?;
    if depth == 0 || inner == 0 || (out_bytes != 4 && out_bytes != 8) {
        return Err(Error::Model);
    }
    let arena = cells(call.arena);
    let from = source(arena, call.blob, span(input, &[outer, depth, inner])?)?;
    let to = sink(arena, span(output, &[outer, inner, out_bytes])?)?;
    let (depth, inner) = (depth as usize, inner as usize);
    for (i, to) in to.chunks(out_bytes as usize).enumerate() {
        let start = i / inner * depth * inner + i % inner;
        let value = |k: usize| from.get(start + k * inner) as i8;
        let best = (1..depth).fold(0, |best, k| if value(k) > value(best) { k } else { best });
        for (byte, to) in (best as u64).to_le_bytes().iter().zip(to) {
            to.set(*byte);
        }
    }
    Ok(())
}
