use crate::Lease;

/// One call of an operation.
pub struct Call<'a> {
    /// The offset of its parameter block in the model blob.
    pub block: u32,
    /// Where tensors lie.
    pub arena: &'a mut [u8],
    /// Constants; empty where they stay with the host.
    pub blob: &'a [u8],
    /// Memory of the build's own.
    pub room: Lease<'a>,
    /// -1: the whole of it; else where a slice begins.
    pub from: i32,
}
