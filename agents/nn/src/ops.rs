//! The operations: a type for each, so that a model names those that it uses.

use crate::Call;
use wasmote_sdk::Error;

/// One operation.
pub trait Operation {
    /// Its number in model blobs.
    const NUMBER: u32;

    /// Runs it; 0 when it is done, or where the next slice begins.
    fn run(call: &mut Call<'_>) -> Result<u32, Error>;
}

macro_rules! operations {
    ($($number:literal $name:ident)*) => {
        $(
            #[doc = concat!("Operation `", stringify!($name), "`.")]
            #[allow(non_camel_case_types)]
            pub struct $name;

            impl Operation for $name {
                const NUMBER: u32 = $number;

                #[cfg(feature = "nn")]
                fn run(call: &mut Call<'_>) -> Result<u32, Error> {
                    let next = wasmote_sdk::nn::$name(call.block, call.arena, call.from);
                    u32::try_from(next).map_err(|_| Error::Model)
                }

                /// Always whole: a host without operations of its own is in no hurry.
                #[cfg(not(feature = "nn"))]
                fn run(call: &mut Call<'_>) -> Result<u32, Error> {
                    crate::portable::$name::run(call).map(|()| 0)
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
}
