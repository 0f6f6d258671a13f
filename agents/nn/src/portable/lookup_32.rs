//! Four bytes for each byte.

use super::lookup;
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    lookup::run(call, 4)
}
