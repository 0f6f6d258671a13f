//! binary32 to bytes, by thresholds: no arithmetic on floats.

use super::memory::{cells, constants, sink, source, span, words};
use crate::Call;
use wasmote_sdk::Error;

const MOST_STEPS: u32 = 255;
/// The largest bits of a number that is not NaN, sign apart.
const INFINITY: u32 = 0x7F80_0000;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let [input, output, count, thresholds, steps, lowest, nan] = words(call)?;
    if steps > MOST_STEPS {
        return Err(Error::Model);
    }
    let table = constants(call.blob, span(thresholds, &[steps, 4])?)?;
    let arena = cells(call.arena);
    let from = source(arena, call.blob, span(input, &[count, 4])?)?;
    let to = sink(arena, span(output, &[count])?)?;
    for (i, to) in to.iter().enumerate() {
        let bits = u32::from_le_bytes([0, 1, 2, 3].map(|k| from.get(4 * i + k)));
        let value = if bits & !(1 << 31) > INFINITY {
            nan
        } else {
            lowest.wrapping_add(reached(table, key(bits)))
        };
        to.set(value as u8);
    }
    Ok(())
}

/// A value's place among all values.
fn key(bits: u32) -> i32 {
    let bits = bits as i32;
    if bits < 0 {
        bits ^ i32::MAX
    } else {
        bits
    }
}

/// How many of the rising thresholds are at most `key`.
fn reached(table: &[u8], key: i32) -> u32 {
    let (mut low, mut high) = (0, table.len() / 4);
    while low < high {
        let middle = (low + high) / 2;
        let at = 4 * middle;
        let bytes = [table[at], table[at + 1], table[at + 2], table[at + 3]];
        if i32::from_le_bytes(bytes) <= key {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low as u32
}
