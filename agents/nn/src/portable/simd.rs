//! Inner loops with SIMD128: the same answers as plain.rs.

mod depthwise;
mod quad;
mod row;
mod tiles;
mod vectors;

pub use depthwise::depthwise;
pub use row::row;
pub use tiles::Tiles;
