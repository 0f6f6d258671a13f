//! The mean under a window, halves away from zero; of nothing it is 0.

use super::pool;
use crate::Call;
use wasmote_sdk::Error;

pub fn run(call: &mut Call<'_>) -> Result<(), Error> {
    pool::run(call, |values| {
        let (sum, count) = (values.iter().sum::<i32>(), values.count());
        match count {
            0 => 0,
            _ if sum > 0 => (sum + count / 2) / count,
            _ => (sum - count / 2) / count,
        }
    })
}
