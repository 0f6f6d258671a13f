//! The smallest useful agent: the mean of eight readings, rounded to the nearest.
//!
//! `wasmote agent new NAME` copies this crate. Then change, in this order:
//! 1. `Cargo.toml`: the tensors and limits under `[package.metadata.wasmote]`;
//! 2. `Input`, `Output` and `infer` below, so that they agree with it;
//! 3. `golden.py`, which writes inputs with the outputs that you expect of them.
//!
//! `wasmote agent build` and `wasmote agent check` say what does not fit together.

// The node has no operating system; tests on the development machine have one.
#![cfg_attr(target_arch = "wasm32", no_std)]
// All `unsafe` is in the sdk.
#![deny(unsafe_code, missing_docs)]

use wasmote_sdk::{export_agent, Agent, Error};

const READINGS: usize = 8;

/// The agent's state, kept from one inference to the next. This one needs none.
pub struct Mean;

impl Agent for Mean {
    // Arrays of i8, u8, i16, i32 or f32. Their lengths are checked before `infer` is called.
    type Input = [i16; READINGS];
    type Output = [i16; 1];

    // The state in which the agent starts. Work that takes time belongs into `init`.
    const NEW: Self = Mean;

    fn infer(&mut self, input: &Self::Input, output: &mut Self::Output) -> Result<(), Error> {
        let sum: i32 = input.iter().map(|&reading| i32::from(reading)).sum();
        // Integers only: the answer is the same on every board and on the gateway.
        let mean = (sum + READINGS as i32 / 2).div_euclid(READINGS as i32);
        // An `Err` reaches the node as a named error; a panic stops the agent.
        output[0] = i16::try_from(mean).map_err(|_| Error::Internal)?;
        Ok(())
    }
}

export_agent!(Mean);
