//! Where the model blob is: with the host, or in this module's memory.

/// With the host, which keeps it in flash.
#[cfg(feature = "nn")]
pub struct Blob<const N: usize>;

#[cfg(feature = "nn")]
impl<const N: usize> Blob<N> {
    pub const NEW: Self = Blob;

    /// Copies its bytes from `at` on; false when it has not that many.
    pub fn read(&self, at: u32, to: &mut [u8]) -> bool {
        wasmote_sdk::nn::read(at, to)
    }

    pub fn bytes(&self) -> &[u8] {
        &[]
    }

    pub fn address(&mut self, _len: i32) -> *mut u8 {
        core::ptr::null_mut()
    }
}

#[cfg(not(feature = "nn"))]
#[repr(C, align(16))]
pub struct Blob<const N: usize>([u8; N]);

#[cfg(not(feature = "nn"))]
impl<const N: usize> Blob<N> {
    pub const NEW: Self = Blob([0; N]);

    /// Copies its bytes from `at` on; false when it has not that many.
    pub fn read(&self, at: u32, to: &mut [u8]) -> bool {
        let found = self
            .0
            .get(at as usize..)
            .and_then(|rest| rest.get(..to.len()));
        found.map(|bytes| to.copy_from_slice(bytes)).is_some()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Where the host puts a blob of `len` bytes.
    pub fn address(&mut self, len: i32) -> *mut u8 {
        match usize::try_from(len) {
            Ok(len) if len <= N => self.0.as_mut_ptr(),
            _ => core::ptr::null_mut(),
        }
    }
}
