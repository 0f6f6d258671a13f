//! The only file with `unsafe`: the static that holds the agent, its exports, the imports.
#![allow(unsafe_code)]

use crate::Module;
use core::cell::UnsafeCell;

/// Where [`export_module!`](crate::export_module) keeps the module; not for use by hand.
pub struct Static<M: Module>(UnsafeCell<M>);

// SAFETY: an agent is a module of its own without threads (shared memory and atomics are no
// part of the ABI), and a host never calls an agent that is running (SPEC.md: AgentBusy).
#[cfg(target_arch = "wasm32")]
unsafe impl<M: Module> Sync for Static<M> {}

impl<M: Module> Static<M> {
    /// The module before `init`.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Static(UnsafeCell::new(M::NEW))
    }

    /// Lends the module to one call of an export.
    pub fn with<R>(&self, call: impl FnOnce(&mut M) -> R) -> R {
        // SAFETY: one caller at a time, see `Sync` above; no reference outlives the call.
        call(unsafe { &mut *self.0.get() })
    }
}

/// Exports an [`Agent`](crate::Agent) from the crate's module: `export_agent!(Type)`, or
/// `export_agent!(Type, model: BYTES)` for one that takes a model blob of up to `BYTES`.
///
/// On other targets than wasm32 it only checks the types, so that tests run natively.
#[macro_export]
macro_rules! export_agent {
    ($agent:ty) => {
        $crate::export_module!($crate::Slot<$agent, 0>);
    };
    ($agent:ty, model: $bytes:expr) => {
        $crate::export_module!($crate::Slot<$agent, { $bytes }>, model);
    };
}

/// Exports a [`Module`]; behind its type, the names of exports that not every module has: `model`,
/// `slices` (`begin` and `step`).
#[macro_export]
macro_rules! export_module {
    ($module:ty $(, $more:ident)*) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code)]
        const _: () = {
            static MODULE: $crate::Static<$module> = $crate::Static::new();

            #[no_mangle]
            extern "C" fn abi() -> i32 {
                $crate::ABI
            }
            #[no_mangle]
            extern "C" fn init(model_len: i32) -> i32 {
                MODULE.with(|m| $crate::Module::init(m, model_len))
            }
            #[no_mangle]
            extern "C" fn input(len: i32) -> *mut u8 {
                MODULE.with(|m| $crate::Module::input(m, len))
            }
            #[no_mangle]
            extern "C" fn infer(in_len: i32) -> i32 {
                MODULE.with(|m| $crate::Module::infer(m, in_len))
            }
            #[no_mangle]
            extern "C" fn output() -> *mut u8 {
                MODULE.with(|m| $crate::Module::output(m))
            }
            $($crate::export_module!(@more $more);)*
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: $crate::Static<$module> = $crate::Static::new();
    };
    (@more model) => {
        #[no_mangle]
        extern "C" fn model(len: i32) -> *mut u8 {
            MODULE.with(|m| $crate::Module::model(m, len))
        }
    };
    (@more slices) => {
        #[no_mangle]
        extern "C" fn begin(in_len: i32) -> i32 {
            MODULE.with(|m| $crate::Module::begin(m, in_len))
        }
        #[no_mangle]
        extern "C" fn step() -> i32 {
            MODULE.with(|m| $crate::Module::step(m))
        }
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

/// The host's operations, module `nn` (SPEC.md, 6). Each import must also stand in the manifest.
#[cfg(feature = "nn")]
pub mod nn {
    /// For each operation its import, and a safe way to call it.
    macro_rules! operations {
        ($($name:ident)*) => {
            #[cfg(target_arch = "wasm32")]
            mod host {
                #[link(wasm_import_module = "nn")]
                extern "C" {
                    pub fn read(at: u32, to: *mut u32, len: usize) -> i32;
                    $(pub fn $name(block: u32, arena: *mut u8, len: usize, from: i32) -> i32;)*
                }
            }

            $(
                /// Runs the operation of this name with the parameter block at `block` of the
                /// model blob, on tensors in `arena`: whole (`from` -1), or a slice from `from` on.
                /// 0: done; above: where the next slice begins; below: the host's refusal.
                pub fn $name(block: u32, arena: &mut [u8], from: i32) -> i32 {
                    #[cfg(target_arch = "wasm32")]
                    // SAFETY: the host reads and writes the arena only, within its length, and
                    // keeps no pointer.
                    return unsafe {
                        host::$name(IN_BLOB | block, arena.as_mut_ptr(), arena.len(), from)
                    };
                    #[cfg(not(target_arch = "wasm32"))]
                    return unsupported(block, arena, from);
                }
            )*
        };
    }

    /// The bit of an address that says: offset into the model blob.
    pub const IN_BLOB: u32 = 1 << 31;

    operations! {
        conv2d_s8 depthwise_conv2d_s8 fully_connected_s8 average_pool_s8 max_pool_s8 add_s8
        softmax_s8 transpose_conv_s8 mul_s8 mean_s8 arg_max_s8 lookup_8 lookup_32 quantize_f32
        copy fill resize_nearest_s8 resize_bilinear_s8
    }

    /// Copies words of the model blob, which are little-endian as WebAssembly's memory is, from
    /// offset `at` on; false when it has not that many.
    pub fn read(at: u32, to: &mut [u32]) -> bool {
        #[cfg(target_arch = "wasm32")]
        // SAFETY: the host writes within the length of a live slice, and keeps no pointer.
        return unsafe { host::read(at, to.as_mut_ptr(), 4 * to.len()) } == 0;
        #[cfg(not(target_arch = "wasm32"))]
        return unsupported(at, &mut [], to.len() as i32) == 0;
    }

    /// Native builds have no host.
    #[cfg(not(target_arch = "wasm32"))]
    fn unsupported(_: u32, _: &mut [u8], _: i32) -> i32 {
        crate::Error::Unsupported.code()
    }
}

/// Vectors to and from memory, for builds with SIMD128.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod simd {
    use core::arch::wasm32::{v128, v128_load, v128_store};

    /// 16 bytes as a vector.
    #[inline(always)]
    pub fn load(bytes: &[u8; 16]) -> v128 {
        // SAFETY: reads 16 bytes of a live array; any bits are a vector, no alignment is needed.
        unsafe { v128_load(bytes.as_ptr().cast()) }
    }

    /// A vector as 16 bytes.
    #[inline(always)]
    pub fn store(bytes: &mut [u8; 16], vector: v128) {
        // SAFETY: writes 16 bytes of a live array; any bits are bytes, no alignment is needed.
        unsafe { v128_store(bytes.as_mut_ptr().cast(), vector) }
    }
}

/// A panic is a trap: the host drops the agent, names the function, and goes on.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
