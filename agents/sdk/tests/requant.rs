//! Requantisation against gemmlowp's definition, written out as it stands there.

use wasmote_sdk::requant::{requantise, requantise_relu, Multiplier};

fn doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == b && a == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    // Rust's division, like C++'s, goes towards zero.
    ((product + nudge) / (1 << 31)) as i32
}

fn divide_by_pot(value: i32, exponent: u8) -> i32 {
    let mask = ((1i64 << exponent) - 1) as i32;
    let remainder = value & mask;
    let threshold = (mask >> 1) + i32::from(value < 0);
    (value >> exponent) + i32::from(remainder > threshold)
}

fn reference(sum: i32, by: Multiplier, zero_point: i32, low: i32) -> i8 {
    let scaled = divide_by_pot(doubling_high_mul(sum, by.mantissa), by.shift);
    i8::try_from((i64::from(scaled) + i64::from(zero_point)).clamp(low.into(), 127)).unwrap()
}

fn check(sum: i32, by: Multiplier, zero_point: i32) {
    let case = (sum, by, zero_point);
    assert_eq!(
        requantise(sum, by, zero_point),
        reference(sum, by, zero_point, -128),
        "{case:?}"
    );
    assert_eq!(
        requantise_relu(sum, by, zero_point),
        reference(sum, by, zero_point, zero_point).into(),
        "{case:?}"
    );
}

/// xorshift32: the same numbers each time.
fn next(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

#[test]
fn chance_cases_are_as_defined() {
    let mut state = 2026;
    for _ in 0..1_000_000 {
        let mantissa = (next(&mut state) >> 2 | 1 << 30) as i32;
        let by = Multiplier {
            mantissa,
            shift: (next(&mut state) % 31) as u8,
        };
        // Sums of every magnitude, so that small results are met as often as saturated ones.
        let sum = next(&mut state) as i32 >> (next(&mut state) % 32);
        check(sum, by, (next(&mut state) % 256) as i32 - 128);
    }
}

#[test]
fn halves_are_as_defined() {
    // mantissa 2^30 halves: with the shifts, each sum near zero is a tie of one of the roundings.
    for shift in 0..=30 {
        for sum in -4096..=4096 {
            check(
                sum,
                Multiplier {
                    mantissa: 1 << 30,
                    shift,
                },
                0,
            );
        }
    }
}

#[test]
fn extremes_are_as_defined() {
    for sum in [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX] {
        for mantissa in [0, 1 << 30, i32::MAX] {
            for shift in 0..=30 {
                check(sum, Multiplier { mantissa, shift }, -128);
            }
        }
    }
}
