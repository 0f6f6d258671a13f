//! Walks two operands in the shape of the output (nn_binary_t in firmware/kernels/nn.h).

use super::memory::{cells, place, reach, sink, source, span};
use wasmote_sdk::Error;

/// How many words of a parameter block the walk takes.
pub const WORDS: usize = 15;

/// Calls `answer` for each element of the output with the operands' bytes.
pub fn run(
    arena: &mut [u8],
    blob: &[u8],
    words: &[u32],
    answer: impl Fn(u8, u8) -> u8,
) -> Result<(), Error> {
    let arena = cells(arena);
    let shape = &words[11..15];
    let output = sink(arena, span(words[10], shape)?)?;
    if output.is_empty() {
        return Err(Error::Model);
    }
    let steps = [&words[1..5], &words[6..10]];
    let a = source(arena, blob, reach(words[0], shape, steps[0])?)?;
    let b = source(arena, blob, reach(words[5], shape, steps[1])?)?;
    for (i, output) in output.iter().enumerate() {
        let [at_a, at_b] = steps.map(|step| place(i, shape, step));
        output.set(answer(a.get(at_a), b.get(at_b)));
    }
    Ok(())
}
