//! Vectors from bytes.

use crate::room::Vector;
use core::arch::wasm32::*;
use wasmote_sdk::simd::load;

pub const BYTES: usize = 16;

/// As many bytes as there are, at most a vector's; the rest is 0.
#[inline(always)]
pub fn from_bytes(bytes: &[u8]) -> v128 {
    let mut vector: Vector = [0; BYTES];
    match bytes.get(..BYTES) {
        Some(bytes) => vector.copy_from_slice(bytes),
        None => vector[..bytes.len()].copy_from_slice(bytes),
    }
    load(&vector)
}

/// 8 bytes.
#[inline(always)]
pub fn half(bytes: &[u8]) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(bytes);
    u64::from_le_bytes(half)
}

/// A pair's weights for eight inputs, one channel's and the other's.
#[inline(always)]
pub fn unpacked(both: v128) -> [v128; 2] {
    let low = i16x8_shr(i16x8_shl(both, 8), 8);
    [low, i16x8_shr(i16x8_sub(both, low), 8)]
}

#[inline(always)]
pub fn lanes(vector: v128) -> [i32; 4] {
    [
        i32x4_extract_lane::<0>(vector),
        i32x4_extract_lane::<1>(vector),
        i32x4_extract_lane::<2>(vector),
        i32x4_extract_lane::<3>(vector),
    ]
}

#[inline(always)]
pub fn vector(lanes: [i32; 4]) -> v128 {
    i32x4(lanes[0], lanes[1], lanes[2], lanes[3])
}
