use crate::{Buffer, Error};

/// What an agent author writes; [`export_agent!`](crate::export_agent) does the rest.
pub trait Agent: Sized + 'static {
    /// All input tensors, in the manifest's order: `[i8; 64]`, or bytes where types differ.
    type Input: Buffer;
    /// All output tensors, likewise.
    type Output: Buffer;
    /// The agent as it is before `init`. It lies in static memory, not on the stack.
    const NEW: Self;

    /// Called once before the first `infer`. `model` is empty unless the agent was exported
    /// with room for a model blob.
    fn init(&mut self, model: &[u8]) -> Result<(), Error> {
        if model.is_empty() {
            Ok(())
        } else {
            Err(Error::Model)
        }
    }

    /// One inference. Lengths are checked before; after an error the output is not read.
    fn infer(&mut self, input: &Self::Input, output: &mut Self::Output) -> Result<(), Error>;
}
