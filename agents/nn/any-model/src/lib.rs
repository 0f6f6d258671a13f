//! Runs any model that measurements and tests make.

#![no_std]
#![deny(unsafe_code)]

/// Bytes of arena and of blob where memory is cheap.
#[cfg(not(feature = "nn"))]
const MOST: usize = 4194304;

#[cfg(feature = "nn")]
type Any = wasmote_nn::Model<wasmote_nn::ops::All, 45056, 64, 0>;
#[cfg(not(feature = "nn"))]
type Any = wasmote_nn::Model<wasmote_nn::ops::All, MOST, 1024, MOST, { wasmote_nn::room(MOST, MOST) }>;

wasmote_nn::export_module!(Any);
