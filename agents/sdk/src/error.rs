/// Why an agent gives no answer (SPEC.md, 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The input's length is not what the agent takes.
    InputLength,
    /// `infer` came before a successful `init`.
    NotReady,
    /// The model blob is missing or not understood.
    Model,
    /// The input holds a value that the agent refuses.
    Argument,
    /// A state that cannot be.
    Internal,
    /// The host lacks something that the agent needs.
    Unsupported,
    /// An error of the agent's own, 0 to 999, which the agent documents.
    Own(u16),
}

impl Error {
    /// The code that the host sees. Numbers above 999 are reported as 999.
    pub const fn code(self) -> i32 {
        match self {
            Error::InputLength => -1,
            Error::NotReady => -2,
            Error::Model => -3,
            Error::Argument => -4,
            Error::Internal => -5,
            Error::Unsupported => -6,
            Error::Own(number) if number < 1000 => -1000 - number as i32,
            Error::Own(_) => -1999,
        }
    }
}
