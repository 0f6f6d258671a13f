use crate::blob::Blob;
use crate::Call;
use core::marker::PhantomData;
use core::ops::Range;
use core::ptr;
use wasmote_sdk::{Error, Module};

const MAGIC: [u8; 4] = *b"WMNN";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 48;
const STEP_BYTES: usize = 8;

/// Calls an operation by its number.
pub trait Dispatch: 'static {
    /// 0 when it is done, or where the next slice begins.
    fn run(op: u32, call: &mut Call<'_>) -> Result<u32, Error>;
}

#[repr(C, align(16))]
struct Arena<const N: usize>([u8; N]);

#[derive(Clone, Copy)]
struct Step {
    op: u32,
    block: u32,
}

/// A model with its arena: `A` bytes, `S` steps at most, and room for a blob of `B` bytes where
/// the host does not keep it.
pub struct Model<D: Dispatch, const A: usize, const S: usize, const B: usize> {
    arena: Arena<A>,
    blob: Blob<B>,
    steps: [Step; S],
    count: usize, // of steps; 0: not ready
    input: Range<usize>,
    output: Range<usize>,
    next: usize, // step
    from: i32,   // where its next slice begins
    ops: PhantomData<fn() -> D>,
}

impl<D: Dispatch, const A: usize, const S: usize, const B: usize> Model<D, A, S, B> {
    fn try_init(&mut self, model_len: i32) -> Result<(), Error> {
        self.count = 0;
        let mut head = [0; HEADER_BYTES];
        let is_whole = self.blob.read(0, &mut head) && head.starts_with(&MAGIC);
        let [version, size, arena, count, steps] = [4, 8, 12, 16, 20].map(|at| word(&head, at));
        if !is_whole || version != VERSION || size as i32 != model_len || arena as usize > A {
            return Err(Error::Model);
        }
        self.input = span(&head, 24, A)?;
        self.output = span(&head, 32, A)?;
        let table = self.steps.get_mut(..count as usize).ok_or(Error::Model)?;
        for (i, step) in table.iter_mut().enumerate() {
            let mut entry = [0; STEP_BYTES];
            if !self
                .blob
                .read(steps.wrapping_add((i * STEP_BYTES) as u32), &mut entry)
            {
                return Err(Error::Model);
            }
            *step = Step {
                op: word(&entry, 0),
                block: word(&entry, 4),
            };
        }
        self.count = table.len();
        self.next = self.count;
        Ok(())
    }

    fn check(&self, in_len: i32) -> Result<(), Error> {
        if self.count == 0 {
            Err(Error::NotReady)
        } else if in_len as usize != self.input.len() {
            Err(Error::InputLength)
        } else {
            Ok(())
        }
    }

    fn call(&mut self, number: usize, from: i32) -> Result<u32, Error> {
        let Step { op, block } = *self.steps.get(number).ok_or(Error::Internal)?;
        let blob = self.blob.bytes();
        D::run(
            op,
            &mut Call {
                block,
                arena: &mut self.arena.0,
                blob,
                from,
            },
        )
    }

    fn try_infer(&mut self, in_len: i32) -> Result<usize, Error> {
        self.check(in_len)?;
        self.next = self.count;
        for number in 0..self.count {
            self.call(number, -1)?;
        }
        Ok(self.output.len())
    }

    /// Whether there is more to do.
    fn try_step(&mut self) -> Result<bool, Error> {
        if self.next < self.count {
            let number = self.next;
            // Stays there if the operation fails.
            self.next = self.count;
            self.from = self.call(number, self.from)? as i32;
            self.next = number + (self.from == 0) as usize;
        }
        Ok(self.next < self.count)
    }
}

impl<D: Dispatch, const A: usize, const S: usize, const B: usize> Module for Model<D, A, S, B> {
    const NEW: Self = Model {
        arena: Arena([0; A]),
        blob: Blob::NEW,
        steps: [Step { op: 0, block: 0 }; S],
        count: 0,
        input: 0..0,
        output: 0..0,
        next: 0,
        from: 0,
        ops: PhantomData,
    };

    fn init(&mut self, model_len: i32) -> i32 {
        code(self.try_init(model_len).map(|()| 0))
    }

    fn input(&mut self, len: i32) -> *mut u8 {
        let range = self.input.clone();
        match self.arena.0.get_mut(range) {
            Some(input) if len >= 0 && len as usize <= input.len() => input.as_mut_ptr(),
            _ => ptr::null_mut(),
        }
    }

    fn infer(&mut self, in_len: i32) -> i32 {
        code(self.try_infer(in_len).map(|length| length as i32))
    }

    fn output(&mut self) -> *mut u8 {
        let range = self.output.clone();
        self.arena
            .0
            .get_mut(range)
            .map_or(ptr::null_mut(), |output| output.as_mut_ptr())
    }

    fn model(&mut self, len: i32) -> *mut u8 {
        self.blob.address(len)
    }

    fn begin(&mut self, in_len: i32) -> i32 {
        let ready = self.check(in_len);
        if ready.is_ok() {
            self.next = 0;
            self.from = 0;
        }
        code(ready.map(|()| 0))
    }

    fn step(&mut self) -> i32 {
        code(self.try_step().map(i32::from))
    }
}

fn code(result: Result<i32, Error>) -> i32 {
    result.unwrap_or_else(Error::code)
}

/// The little-endian word at `at`, which lies within.
fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// Offset and length at `at`, as a range within an arena of `size`.
fn span(head: &[u8], at: usize, size: usize) -> Result<Range<usize>, Error> {
    let start = word(head, at) as usize;
    let end = start
        .checked_add(word(head, at + 4) as usize)
        .ok_or(Error::Model)?;
    if end <= size {
        Ok(start..end)
    } else {
        Err(Error::Model)
    }
}
