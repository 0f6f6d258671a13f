//! The sum of two operands, each through a table of its own.

use super::binary;
use super::fixed::{check_scale, multiply};
use super::memory::{constants, words, Span};
use crate::Call;
use wasmote_sdk::Error;

const TABLE_BYTES: usize = 256 * 4;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let block: [u32; binary::WORDS + 7] = words(call)?;
    let rest = &block[binary::WORDS..];
    let table = |address| {
        constants(
            call.blob,
            Span {
                address,
                bytes: TABLE_BYTES,
            },
        )
    };
    let (table_a, table_b) = (table(rest[0])?, table(rest[1])?);
    let [multiplier, shift, zero, min, max] = [2, 3, 4, 5, 6].map(|i| rest[i] as i32);
    check_scale(multiplier, shift)?;
    if min > max {
        return Err(Error::Model);
    }
    binary::run(call.arena, call.blob, &block, |a, b| {
        let sum = entry(table_a, a).wrapping_add(entry(table_b, b));
        let value = multiply(sum, multiplier, shift).clamp(-512, 512) + zero;
        value.clamp(min, max) as u8
    })
}

fn entry(table: &[u8], byte: u8) -> i32 {
    let at = 4 * byte as usize;
    i32::from_le_bytes([table[at], table[at + 1], table[at + 2], table[at + 3]])
}
