use crate::{Agent, Buffer, Error, Module};
use core::mem::size_of;
use core::ptr;

/// An agent with its tensors: everything that the exports do, without a pointer, so that an
/// agent's tests can run it as a host does.
///
/// `M` is the room for a model blob in bytes.
pub struct Slot<A: Agent, const M: usize> {
    /// The input tensors, which the host fills.
    pub input: A::Input,
    /// The output tensors of the last successful `infer`.
    pub output: A::Output,
    /// The model blob, which the host fills before `init`.
    pub model: [u8; M],
    agent: A,
    ready: bool,
}

impl<A: Agent, const M: usize> Slot<A, M> {
    /// The slot before `init`.
    pub const NEW: Self = Slot {
        input: A::Input::ZERO,
        output: A::Output::ZERO,
        model: [0; M],
        agent: A::NEW,
        ready: false,
    };

    /// The input's length in bytes.
    pub const INPUT_BYTES: usize = size_of::<A::Input>();

    /// Hands the first `model_len` bytes of the model to the agent; 0 or an error code.
    pub fn init(&mut self, model_len: i32) -> i32 {
        match self.try_init(model_len) {
            Ok(()) => 0,
            Err(error) => error.code(),
        }
    }

    /// One inference; the output's length in bytes or an error code.
    pub fn infer(&mut self, in_len: i32) -> i32 {
        match self.try_infer(in_len) {
            Ok(()) => size_of::<A::Output>() as i32,
            Err(error) => error.code(),
        }
    }

    /// Whether an input of `len` bytes fits.
    pub fn takes_input(len: i32) -> bool {
        len >= 0 && len as usize <= Self::INPUT_BYTES
    }

    /// Whether a model of `len` bytes fits.
    pub fn takes_model(len: i32) -> bool {
        len >= 0 && len as usize <= M
    }

    fn try_init(&mut self, model_len: i32) -> Result<(), Error> {
        if !Self::takes_model(model_len) {
            return Err(Error::Model);
        }
        self.ready = false;
        let model = self.model.get(..model_len as usize).ok_or(Error::Model)?;
        self.agent.init(model)?;
        self.ready = true;
        Ok(())
    }

    fn try_infer(&mut self, in_len: i32) -> Result<(), Error> {
        if !self.ready {
            return Err(Error::NotReady);
        }
        if in_len != Self::INPUT_BYTES as i32 {
            return Err(Error::InputLength);
        }
        self.agent.infer(&self.input, &mut self.output)
    }
}

impl<A: Agent, const M: usize> Module for Slot<A, M> {
    const NEW: Self = Slot::NEW;

    fn init(&mut self, model_len: i32) -> i32 {
        Slot::init(self, model_len)
    }

    fn input(&mut self, len: i32) -> *mut u8 {
        if Self::takes_input(len) {
            ptr::addr_of_mut!(self.input).cast()
        } else {
            ptr::null_mut()
        }
    }

    fn infer(&mut self, in_len: i32) -> i32 {
        Slot::infer(self, in_len)
    }

    fn output(&mut self) -> *mut u8 {
        ptr::addr_of_mut!(self.output).cast()
    }

    fn model(&mut self, len: i32) -> *mut u8 {
        if Self::takes_model(len) {
            ptr::addr_of_mut!(self.model).cast()
        } else {
            ptr::null_mut()
        }
    }
}
