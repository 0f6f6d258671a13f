//! Ten seconds of accelerometer and gyroscope as `motion-net` wants them: each axis scaled to
//! int8, and for each sensor the length of its three axes, which does not depend on how the
//! watch is turned. Integers only.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(unsafe_code, missing_docs)]

use wasmote_sdk::{export_agent, Agent, Error};

const STEPS: usize = 100;
const AXES: usize = 3;
const SENSORS: usize = 2;
/// An output of a sensor: its axes and their length.
const COLUMNS: usize = AXES + 1;
const MOST: i32 = 127;

/// For each sensor the powers of two that axes and their length are divided by.
const SHIFTS: [(u32, u32); SENSORS] = [(6, 7), (5, 6)];

/// The agent: it keeps nothing from one window to the next.
pub struct Window;

impl Agent for Window {
    type Input = [i16; STEPS * SENSORS * AXES];
    type Output = [i8; STEPS * SENSORS * COLUMNS];
    const NEW: Self = Window;

    fn infer(&mut self, readings: &Self::Input, window: &mut Self::Output) -> Result<(), Error> {
        let sensors = readings.chunks_exact(AXES);
        let columns = window.chunks_exact_mut(COLUMNS);
        for ((axes, out), &(axis_shift, length_shift)) in
            sensors.zip(columns).zip(SHIFTS.iter().cycle())
        {
            let mut squares = 0;
            for (&axis, out) in axes.iter().zip(out.iter_mut()) {
                *out = scaled(i32::from(axis), axis_shift);
                // Three squares of 2^30 at most.
                squares += u32::from(axis.unsigned_abs()).pow(2);
            }
            out[AXES] = scaled_root(squares, length_shift);
        }
        Ok(())
    }
}

/// Divided by a power of two, halves upwards, saturated.
fn scaled(value: i32, shift: u32) -> i8 {
    ((value + (1 << (shift - 1))) >> shift).clamp(i32::from(i8::MIN), MOST) as i8
}

/// The same of a square root, bit by bit from above: a root is not needed more exactly.
fn scaled_root(squares: u32, shift: u32) -> i8 {
    let mut root = 0;
    for bit in (0..7).rev() {
        let more = root | 1 << bit;
        // The least root that becomes `more`.
        let least: u32 = (more << shift) - (1 << (shift - 1));
        if least * least <= squares {
            root = more;
        }
    }
    root as i8
}

export_agent!(Window);
