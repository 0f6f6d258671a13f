//! Runs any model that measurements and tests make.

#![no_std]
#![deny(unsafe_code)]

#[cfg(feature = "nn")]
type Any = wasmote_nn::Model<wasmote_nn::ops::All, 45056, 64, 0>;

/// Bytes of arena and of blob where memory is cheap.
#[cfg(not(feature = "nn"))]
const MOST: usize = 4194304;
#[cfg(not(feature = "nn"))]
const ROOM: usize = wasmote_nn::room(MOST);
#[cfg(not(feature = "nn"))]
type Any = wasmote_nn::Model<wasmote_nn::ops::All, MOST, 1024, MOST, ROOM, ROOM>;

wasmote_nn::export_module!(Any);
