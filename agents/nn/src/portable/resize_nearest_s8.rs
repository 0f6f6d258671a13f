//! Each output pixel is the input pixel that the tables say.

use super::resize::{index, Resize};
use crate::Call;
use wasmote_sdk::Error;

const ENTRY: u32 = 2;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let r = Resize::parse(call, ENTRY)?;
    for (i, pixel) in r.part.output.chunks_exact_mut(r.channels).enumerate() {
        let y = index(r.rows, 2 * (i / r.out_w), r.in_h)?;
        let x = index(r.columns, 2 * (i % r.out_w), r.in_w)?;
        let from = (y * r.in_w + x) * r.channels;
        pixel.copy_from_slice(&r.part.input[from..from + r.channels]);
    }
    Ok(())
}
