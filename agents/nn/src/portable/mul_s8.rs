//! The product of two operands.

use super::binary;
use super::fixed::{check_scale, multiply};
use super::memory::words;
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let block: [u32; binary::WORDS + 7] = words(call)?;
    let rest = &block[binary::WORDS..];
    let [zero_a, zero_b, multiplier, shift, zero, min, max] =
        [0, 1, 2, 3, 4, 5, 6].map(|i| rest[i] as i32);
    check_scale(multiplier, shift)?;
    if min > max {
        return Err(Error::Model);
    }
    binary::run(call.arena, call.blob, &block, |a, b| {
        let product = (a as i8 as i32 - zero_a) * (b as i8 as i32 - zero_b);
        let value = multiply(product, multiplier, shift).clamp(-512, 512) + zero;
        value.clamp(min, max) as u8
    })
}
