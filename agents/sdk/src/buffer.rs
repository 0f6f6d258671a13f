/// Memory that the host fills or reads: an array of plain numbers.
///
/// Every bit pattern is a value of every type that implements this, so whatever the host
/// writes is sound to read. The list is closed for that reason.
pub trait Buffer: sealed::Sealed + 'static {
    /// The value before the first call.
    const ZERO: Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! buffer {
    ($($element:ty),*) => {$(
        impl<const N: usize> sealed::Sealed for [$element; N] {}
        impl<const N: usize> Buffer for [$element; N] {
            const ZERO: Self = [0 as $element; N];
        }
    )*};
}

buffer!(i8, u8, i16, i32, f32);
