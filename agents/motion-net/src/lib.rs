//! A converted model: `wasmote convert` wrote this file and `model.bin`.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(unsafe_code)]

wasmote_nn::export_model! {
    arena: 1928,
    steps: 4,
    blob: 2816,
    ops: [conv2d_s8, fully_connected_s8, mean_s8],
}
