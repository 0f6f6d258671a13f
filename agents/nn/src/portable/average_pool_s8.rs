//! The mean under a window, halves away from zero; of nothing it is 0.

use super::pool::{self, Pool};
use crate::Call;
use wasmote_sdk::Error;

struct Average;

impl Pool for Average {
    const START: i32 = 0;

    fn add(sum: i32, value: i32) -> i32 {
        sum + value
    }

    fn output(sum: i32, count: i32) -> i32 {
        match count {
            0 => 0,
            _ if sum > 0 => (sum + count / 2) / count,
            _ => (sum - count / 2) / count,
        }
    }
}

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    pool::run::<Average>(call)
}
