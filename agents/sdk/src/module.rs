/// What the exports of a module do (SPEC.md, 1.1). [`export_module!`](crate::export_module) makes
/// exports of it; most agents implement [`Agent`](crate::Agent) instead, and have it done.
///
/// Addresses are given out, never read: null stands for 0, "does not fit".
pub trait Module: 'static {
    /// The module before `init`. It lies in static memory, not on the stack.
    const NEW: Self;

    /// Export `init`: 0 or an error code.
    fn init(&mut self, model_len: i32) -> i32;
    /// Export `input`: where `len` bytes of input go.
    fn input(&mut self, len: i32) -> *mut u8;
    /// Export `infer`: the output's length in bytes or an error code.
    fn infer(&mut self, in_len: i32) -> i32;
    /// Export `output`: where the last output is.
    fn output(&mut self) -> *mut u8;

    /// Export `model`: where a model blob of `len` bytes goes.
    fn model(&mut self, len: i32) -> *mut u8 {
        let _ = len;
        core::ptr::null_mut()
    }

    /// Export `begin`: 0 or an error code.
    fn begin(&mut self, in_len: i32) -> i32 {
        let _ = in_len;
        crate::Error::Internal.code()
    }

    /// Export `step`: 1 while there is more to do, 0 when the output is ready, or an error code.
    fn step(&mut self) -> i32 {
        crate::Error::Internal.code()
    }
}
