//! The largest value under a window; of nothing it is -128.

use super::pool;
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    pool::run(call, |values| values.iter().max().unwrap_or(-128))
}
