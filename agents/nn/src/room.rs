//! Memory of the build's own, beside the model's arena, for constants and inputs laid out as its
//! loops read them. Only builds with SIMD128 have any.

/// What a vector holds.
pub type Vector = [u8; 16];

/// `N` vectors.
#[repr(C, align(16))]
pub struct Room<const N: usize>([Vector; N]);

impl<const N: usize> Room<N> {
    pub const NEW: Self = Room([[0; 16]; N]);

    pub fn vectors(&mut self) -> &mut [Vector] {
        &mut self.0
    }
}

/// The vectors that suffice for a model with an arena and a blob of so many bytes: eight times
/// both, and a little. Pages that are never used cost nothing on the hosts of such builds.
///
/// Layers without enough of it fail (portable/simd/tiles.rs says why that cannot be) or are done
/// another way (portable/simd/depthwise.rs).
pub const fn room(arena: usize, blob: usize) -> usize {
    if cfg!(all(target_feature = "simd128", not(feature = "nn"))) {
        (arena + blob) / 2 + 64
    } else {
        0
    }
}
