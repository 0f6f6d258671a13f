//! The largest value under a window; of nothing it is -128.

use super::pool::{self, Pool};
use crate::Call;
use wasmote_sdk::Error;

struct Max;

impl Pool for Max {
    const START: i32 = -128;

    fn add(most: i32, value: i32) -> i32 {
        most.max(value)
    }

    fn output(most: i32, _: i32) -> i32 {
        most
    }
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    pool::run::<Max>(call)
}
