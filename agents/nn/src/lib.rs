//! Runs a model that `wasmote convert` has made (SPEC.md, section 6).
//!
//! One source, three builds: with the feature `nn` every operation is a call of the host, whose
//! kernels are native; without it the operations are those of this crate, in portable Rust, and
//! with SIMD128 where the build allows it. All of them give the same bytes.
//!
//! An agent is one line:
//!
//! ```
//! wasmote_nn::export_model! {
//!     arena: 64,
//!     steps: 2,
//!     blob: 1024,
//!     ops: [fully_connected_s8, softmax_s8],
//! }
//! # fn main() {}
//! ```

#![no_std]
#![deny(unsafe_code, missing_docs)]

mod blob;
mod call;
mod model;
#[cfg(not(feature = "nn"))]
mod native;
pub mod ops;
#[cfg(not(feature = "nn"))]
mod portable;
mod room;

pub use call::Call;
pub use model::{Dispatch, Model};
#[doc(hidden)]
pub use room::room;
pub use room::Lease;
#[doc(hidden)]
pub use wasmote_sdk as sdk;

/// Makes the crate an agent that runs one converted model.
///
/// `arena` and `blob` are bytes, `steps` is how many calls the model has, `ops` names the
/// operations that it uses: no others become part of the module.
#[macro_export]
macro_rules! export_model {
    (arena: $arena:expr, steps: $steps:expr, blob: $blob:expr, ops: [$($op:ident),* $(,)?] $(,)?) => {
        /// The operations of this model.
        pub struct Ops;

        impl $crate::Dispatch for Ops {
            fn run(op: u32, call: &mut $crate::Call<'_>) -> i32 {
                $(
                    if op == <$crate::ops::$op as $crate::ops::Operation>::NUMBER {
                        return <$crate::ops::$op as $crate::ops::Operation>::run(call);
                    }
                )*
                -1
            }
        }

        /// The model that this agent runs.
        pub type Model = $crate::Model<
            Ops,
            { $arena },
            { $steps },
            { $blob },
            { $crate::room($blob) },
            { $crate::room($arena) },
        >;

        $crate::export_module!(Model);
    };
}

/// With host operations the blob stays with the host.
#[cfg(feature = "nn")]
#[doc(hidden)]
#[macro_export]
macro_rules! export_module {
    ($module:ty) => {
        $crate::sdk::export_module!($module, slices);
    };
}

#[cfg(not(feature = "nn"))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_module {
    ($module:ty) => {
        $crate::sdk::export_module!($module, model, slices);
    };
}
