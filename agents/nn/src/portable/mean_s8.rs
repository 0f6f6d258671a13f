//! The mean over some sides.

use super::fixed::{check_scale, multiply};
use super::memory::{cells, place, reach, sink, source, span, words};
use crate::Call;
use wasmote_sdk::Error;

/// More could not be summed in an int32.
const MOST: usize = 1 << 23;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let block: [u32; 18] = words(call)?;
    let (kept, gone) = (&block[2..5], &block[8..11]);
    let (kept_step, gone_step) = (&block[5..8], &block[11..14]);
    let [in_zero, multiplier, shift, zero] = [14, 15, 16, 17].map(|i| block[i] as i32);
    check_scale(multiplier, shift)?;
    let count = span(0, gone)?.bytes;
    let arena = cells(call.arena);
    let output = sink(arena, span(block[1], kept)?)?;
    if count == 0 || count > MOST || output.is_empty() {
        return Err(Error::Model);
    }
    let sides = [kept[0], kept[1], kept[2], gone[0], gone[1], gone[2]];
    let steps = [
        kept_step[0],
        kept_step[1],
        kept_step[2],
        gone_step[0],
        gone_step[1],
        gone_step[2],
    ];
    let input = source(arena, call.blob, reach(block[0], &sides, &steps)?)?;
    for (i, output) in output.iter().enumerate() {
        let start = place(i, kept, kept_step);
        let values = (0..count).map(|k| input.get(start + place(k, gone, gone_step)) as i8 as i32);
        let sum = values.sum::<i32>() - in_zero * count as i32;
        let value = multiply(sum, multiplier, shift).clamp(-512, 512) + zero;
        output.set(value.clamp(-128, 127) as u8);
    }
    Ok(())
}
