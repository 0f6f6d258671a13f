//! The operations in portable Rust: a file for each, bit for bit what the host's kernels answer
//! (firmware/kernels). A parameter block that makes no sense is an error, never a wrong access.

mod binary;
mod fixed;
mod lookup;
mod matrix;
mod memory;
#[cfg(not(target_feature = "simd128"))]
mod plain;
mod pool;
mod resize;
#[cfg(target_feature = "simd128")]
mod simd;
mod window;

#[cfg(not(target_feature = "simd128"))]
use plain as lanes;
#[cfg(target_feature = "simd128")]
use simd as lanes;

pub mod add_s8;
pub mod arg_max_s8;
pub mod average_pool_s8;
pub mod conv2d_s8;
pub mod copy;
pub mod depthwise_conv2d_s8;
pub mod fill;
pub mod fully_connected_s8;
pub mod lookup_32;
pub mod lookup_8;
pub mod max_pool_s8;
pub mod mean_s8;
pub mod mul_s8;
pub mod quantize_f32;
pub mod resize_bilinear_s8;
pub mod resize_nearest_s8;
pub mod softmax_s8;
pub mod transpose_conv_s8;
