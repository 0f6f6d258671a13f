//! The agent's side of the wasmote ABI (SPEC.md, section 1).
//!
//! An agent is a type that implements [`Agent`], and one line that exports it:
//!
//! ```
//! use wasmote_sdk::{export_agent, Agent, Error};
//!
//! struct Double;
//!
//! impl Agent for Double {
//!     type Input = [u8; 1];
//!     type Output = [u8; 1];
//!     const NEW: Self = Double;
//!
//!     fn infer(&mut self, input: &[u8; 1], output: &mut [u8; 1]) -> Result<(), Error> {
//!         output[0] = input[0].checked_mul(2).ok_or(Error::Argument)?;
//!         Ok(())
//!     }
//! }
//!
//! export_agent!(Double);
//! # fn main() {}
//! ```
//!
//! The agent itself holds no `unsafe`, names no pointer and allocates nothing: its state
//! and its tensors are one static value that the macro makes.

#![no_std]
#![deny(unsafe_code, missing_docs)]

mod agent;
mod buffer;
mod error;
mod exports;
mod module;
pub mod requant;
mod slot;

pub use agent::Agent;
pub use buffer::Buffer;
pub use error::Error;
#[cfg(feature = "log")]
pub use exports::log;
#[cfg(feature = "nn")]
pub use exports::nn;
#[cfg(feature = "now_us")]
pub use exports::now_us;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use exports::simd;
#[doc(hidden)]
pub use exports::Static;
pub use module::Module;
pub use slot::Slot;

/// The version of the ABI that this crate speaks.
pub const ABI: i32 = 1;
