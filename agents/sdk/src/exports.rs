//! The only file with `unsafe`: the static that holds the agent, its exports, the imports.
#![allow(unsafe_code)]

use crate::{Agent, Slot};
use core::cell::UnsafeCell;
use core::ptr;

/// Where [`export_agent!`](crate::export_agent) keeps the agent; not for use by hand.
pub struct Static<A: Agent, const M: usize>(UnsafeCell<Slot<A, M>>);

// SAFETY: an agent is a module of its own without threads (shared memory and atomics are no
// part of the ABI), and a host never calls an agent that is running (SPEC.md: AgentBusy).
#[cfg(target_arch = "wasm32")]
unsafe impl<A: Agent, const M: usize> Sync for Static<A, M> {}

impl<A: Agent, const M: usize> Static<A, M> {
    /// The agent before `init`.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Static(UnsafeCell::new(Slot::NEW))
    }

    /// Export `init`.
    pub fn init(&self, model_len: i32) -> i32 {
        // SAFETY: one caller at a time, see `Sync` above; `Static` gives out no references.
        unsafe { &mut *self.0.get() }.init(model_len)
    }

    /// Export `infer`.
    pub fn infer(&self, in_len: i32) -> i32 {
        // SAFETY: as in `init`.
        unsafe { &mut *self.0.get() }.infer(in_len)
    }

    /// Export `input`.
    pub fn input(&self, len: i32) -> *mut u8 {
        if !Slot::<A, M>::takes_input(len) {
            return ptr::null_mut();
        }
        // SAFETY: takes the address of a field of a live static without reading it.
        unsafe { ptr::addr_of_mut!((*self.0.get()).input) }.cast()
    }

    /// Export `output`.
    pub fn output(&self) -> *mut u8 {
        // SAFETY: as in `input`.
        unsafe { ptr::addr_of_mut!((*self.0.get()).output) }.cast()
    }

    /// Export `model`.
    pub fn model(&self, len: i32) -> *mut u8 {
        if !Slot::<A, M>::takes_model(len) {
            return ptr::null_mut();
        }
        // SAFETY: as in `input`.
        unsafe { ptr::addr_of_mut!((*self.0.get()).model) }.cast()
    }
}

/// Exports an [`Agent`] from the crate's module: `export_agent!(Type)`, or
/// `export_agent!(Type, model: BYTES)` for one that takes a model blob of up to `BYTES`.
///
/// On other targets than wasm32 it only checks the types, so that tests run natively.
#[macro_export]
macro_rules! export_agent {
    ($agent:ty) => {
        $crate::export_agent!(@exports $agent, 0, {});
    };
    ($agent:ty, model: $bytes:expr) => {
        $crate::export_agent!(@exports $agent, $bytes, {
            #[no_mangle]
            extern "C" fn model(len: i32) -> *mut u8 {
                AGENT.model(len)
            }
        });
    };
    (@exports $agent:ty, $bytes:expr, {$($more:item)*}) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code)]
        const _: () = {
            static AGENT: $crate::Static<$agent, { $bytes }> = $crate::Static::new();

            #[no_mangle]
            extern "C" fn abi() -> i32 {
                $crate::ABI
            }
            #[no_mangle]
            extern "C" fn init(model_len: i32) -> i32 {
                AGENT.init(model_len)
            }
            #[no_mangle]
            extern "C" fn input(len: i32) -> *mut u8 {
                AGENT.input(len)
            }
            #[no_mangle]
            extern "C" fn infer(in_len: i32) -> i32 {
                AGENT.infer(in_len)
            }
            #[no_mangle]
            extern "C" fn output() -> *mut u8 {
                AGENT.output()
            }
            $($more)*
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::Static<$agent, { $bytes }> = $crate::Static::new();
    };
}

#[cfg(all(target_arch = "wasm32", any(feature = "log", feature = "now_us")))]
mod host {
    #[link(wasm_import_module = "env")]
    extern "C" {
        #[cfg(feature = "log")]
        pub fn log(text: *const u8, len: usize);
        #[cfg(feature = "now_us")]
        pub fn now_us() -> i64;
    }
}

/// Writes one line to the node's log; the host cuts it at 128 bytes. Needs import `env.log`.
#[cfg(all(target_arch = "wasm32", feature = "log"))]
pub fn log(text: &str) {
    // SAFETY: the host reads `len` bytes of a live string and keeps no pointer.
    unsafe { host::log(text.as_ptr(), text.len()) }
}

/// Microseconds since the node's start, never falling. Needs import `env.now_us`.
#[cfg(all(target_arch = "wasm32", feature = "now_us"))]
pub fn now_us() -> i64 {
    // SAFETY: no arguments, a plain number back.
    unsafe { host::now_us() }
}

/// Native builds have no node: the line is dropped.
#[cfg(all(not(target_arch = "wasm32"), feature = "log"))]
pub fn log(_text: &str) {}

/// Native builds have no node: its clock stands at 0.
#[cfg(all(not(target_arch = "wasm32"), feature = "now_us"))]
pub fn now_us() -> i64 {
    0
}

/// A panic is a trap: the host drops the agent, names the function, and goes on.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
