//! Runs any model that measurements and tests make.

#![no_std]
#![deny(unsafe_code)]

#[cfg(feature = "nn")]
type Any = wasmote_nn::Model<wasmote_nn::ops::All, 45056, 64, 0>;
#[cfg(not(feature = "nn"))]
type Any = wasmote_nn::Model<wasmote_nn::ops::All, 4194304, 1024, 4194304>;

wasmote_nn::export_module!(Any);
