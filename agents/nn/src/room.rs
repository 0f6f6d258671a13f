//! Memory of the build's own, beside the model's arena, for constants and inputs laid out as its
//! loops read them. Only builds with SIMD128 have any.

#[cfg(not(all(target_feature = "simd128", not(feature = "nn"))))]
mod none;
#[cfg(all(target_feature = "simd128", not(feature = "nn")))]
mod vectors;

#[cfg(not(all(target_feature = "simd128", not(feature = "nn"))))]
pub use none::{Lease, Room};
#[cfg(all(target_feature = "simd128", not(feature = "nn")))]
pub use vectors::{Lease, Room, Vector};

/// The vectors that suffice beside so many bytes of arena or of blob: eight times as many bytes,
/// and a little. Pages that are never used cost nothing on the hosts of such builds.
///
/// An operation that gets less fails (portable/simd/tiles.rs says why that cannot be) or does
/// without (portable/simd/depthwise.rs).
pub const fn room(bytes: usize) -> usize {
    if cfg!(all(target_feature = "simd128", not(feature = "nn"))) {
        bytes / 2 + 64
    } else {
        0
    }
}
