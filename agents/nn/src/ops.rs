//! The operations: a type for each, so that a model names those that it uses.

use crate::{Call, Dispatch};

/// One operation.
pub trait Operation {
    /// Its number in model blobs.
    const NUMBER: u32;

    /// Runs it: 0 when it is done, where the next slice begins, or below 0: refused.
    fn run(call: &mut Call<'_>) -> i32;
}

macro_rules! operations {
    ($($number:literal $name:ident)*) => {
        /// All of them, for programs that run any model.
        pub struct All;

        impl Dispatch for All {
            fn run(op: u32, call: &mut Call<'_>) -> i32 {
                match op {
                    $($number => $name::run(call),)*
                    _ => -1,
                }
            }
        }

        $(
            #[doc = concat!("Operation `", stringify!($name), "`.")]
            #[allow(non_camel_case_types)]
            pub struct $name;

            impl Operation for $name {
                const NUMBER: u32 = $number;

                #[cfg(feature = "nn")]
                fn run(call: &mut Call<'_>) -> i32 {
                    wasmote_sdk::nn::$name(call.block, call.arena, call.from)
                }

                /// Always whole: a host without operations of its own is in no hurry.
                #[cfg(not(feature = "nn"))]
                fn run(call: &mut Call<'_>) -> i32 {
                    match crate::portable::$name::run(call) {
                        Ok(()) => 0,
                        Err(error) => error.code(),
                    }
                }
            }
        )*
    };
}

operations! {
    0 conv2d_s8
    1 depthwise_conv2d_s8
    2 fully_connected_s8
    3 average_pool_s8
    4 max_pool_s8
    5 add_s8
    6 softmax_s8
    7 transpose_conv_s8
    8 mul_s8
    9 mean_s8
    10 arg_max_s8
    11 lookup_8
    12 lookup_32
    13 quantize_f32
    14 copy
    15 fill
    16 resize_nearest_s8
    17 resize_bilinear_s8
}
