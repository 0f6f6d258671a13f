//! Models within a native program, without the exports' addresses.

use crate::{Dispatch, Model};
use wasmote_sdk::{Error, Module};

impl<D: Dispatch, const A: usize, const S: usize, const B: usize, const R: usize>
    Model<D, A, S, B, R>
{
    /// Takes a model blob over.
    pub fn load(&mut self, blob: &[u8]) -> Result<(), Error> {
        self.blob.fill(blob).ok_or(Error::Model)?;
        match self.init(blob.len() as i32) {
            0 => Ok(()),
            _ => Err(Error::Model),
        }
    }

    /// The bytes that an inference takes.
    pub fn input_len(&self) -> usize {
        self.input.len as usize
    }

    /// One inference; the output's bytes.
    pub fn run(&mut self, input: &[u8]) -> Result<&[u8], Error> {
        let (start, end) = self.input.ends();
        let place = self
            .arena
            .bytes()
            .get_mut(start..end)
            .ok_or(Error::NotReady)?;
        if place.len() != input.len() {
            return Err(Error::InputLength);
        }
        place.copy_from_slice(input);
        if self.infer(input.len() as i32) < 0 {
            return Err(Error::Model);
        }
        let (start, end) = self.output.ends();
        self.arena.bytes().get(start..end).ok_or(Error::Internal)
    }
}
