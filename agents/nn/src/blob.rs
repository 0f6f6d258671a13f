//! Where the model blob is: with the host, or in this module's memory.

/// With the host, which keeps it in flash.
#[cfg(feature = "nn")]
pub struct Blob<const N: usize>;

#[cfg(feature = "nn")]
impl<const N: usize> Blob<N> {
    pub const NEW: Self = Blob;

    /// Copies its words from offset `at` on; false when it has not that many.
    pub fn read(&self, at: u32, to: &mut [u32]) -> bool {
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

    /// Copies its words from offset `at` on; false when it has not that many.
    pub fn read(&self, at: u32, to: &mut [u32]) -> bool {
        let from = self.0.get(at as usize..).unwrap_or_default();
        if from.len() < 4 * to.len() {
            return false;
        }
        for (word, bytes) in to.iter_mut().zip(from.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        true
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts a blob there; None when it does not fit.
    pub fn fill(&mut self, blob: &[u8]) -> Option<()> {
        self.0.get_mut(..blob.len())?.copy_from_slice(blob);
        Some(())
    }

    /// Where the host puts a blob of `len` bytes.
    pub fn address(&mut self, len: i32) -> *mut u8 {
        if len as usize <= N {
            self.0.as_mut_ptr()
        } else {
            core::ptr::null_mut()
        }
    }
}
