//! The agent on the development machine: `cargo test`. A `Slot` does what the exports do.

use template::Mean;
use wasmote_sdk::{Error, Slot};

fn mean(readings: [i16; 8]) -> i16 {
    let mut slot = Slot::<Mean, 0>::NEW;
    assert_eq!(slot.init(0), 0);
    slot.input = readings;
    assert_eq!(slot.infer(16), 2);
    slot.output[0]
}

#[test]
fn mean_is_rounded_to_the_nearest() {
    assert_eq!(mean([1, 2, 3, 4, 5, 6, 7, 8]), 5);
    assert_eq!(mean([3, 0, 0, 0, 0, 0, 0, 0]), 0);
    assert_eq!(mean([-5, 0, 0, 0, 0, 0, 0, 0]), -1);
}

#[test]
fn extremes_do_not_overflow() {
    assert_eq!(mean([i16::MAX; 8]), i16::MAX);
    assert_eq!(mean([i16::MIN; 8]), i16::MIN);
}

#[test]
fn other_lengths_are_refused() {
    let mut slot = Slot::<Mean, 0>::NEW;
    assert_eq!(slot.init(0), 0);
    assert_eq!(slot.infer(14), Error::InputLength.code());
}
