//! The operations in portable Rust: a file for each, bit for bit what the host's kernels answer
//! (firmware/kernels). A parameter block that makes no sense is an error, never a wrong access.

mod binary;
mod fixed;
mod matrix;
mod memory;
mod pool;
mod window;

pub mod add_s8;
pub mod average_pool_s8;
pub mod conv2d_s8;
pub mod depthwise_conv2d_s8;
pub mod fully_connected_s8;
pub mod max_pool_s8;
pub mod softmax_s8;
