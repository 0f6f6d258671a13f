//! The same byte everywhere.

use super::memory::{cells, sink, span, words};
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let [output, bytes, value] = words(call)?;
    for to in sink(cells(call.arena), span(output, &[bytes])?)? {
        to.set(value as u8);
    }
    Ok(())
}
