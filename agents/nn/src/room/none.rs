//! No room.

use core::marker::PhantomData;

pub struct Room<const S: usize, const K: usize, const W: usize>;

impl<const S: usize, const K: usize, const W: usize> Room<S, K, W> {
    pub const NEW: Self = Room;

    pub fn clear(&mut self) {}

    pub fn lend(&mut self, _step: usize) -> Lease<'_> {
        Lease(PhantomData)
    }
}

/// What a step may use during a call.
pub struct Lease<'a>(PhantomData<&'a ()>);
