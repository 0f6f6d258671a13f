use crate::blob::Blob;
use crate::room::Room;
use crate::Call;
use core::marker::PhantomData;
use core::ptr;
use wasmote_sdk::{Error, Module};

const MAGIC: u32 = u32::from_le_bytes(*b"WMNN");
const VERSION: u32 = 1;
const HEADER_WORDS: usize = 10;

/// Calls an operation by its number.
pub trait Dispatch: 'static {
    /// 0 when it is done, where the next slice begins, or below 0: refused.
    fn run(op: u32, call: &mut Call<'_>) -> i32;
}

#[repr(C, align(16))]
pub(crate) struct Arena<const N: usize>([u8; N]);

impl<const N: usize> Arena<N> {
    /// All of it.
    #[cfg(not(feature = "nn"))]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Where a span starts; null for one that does not lie within.
    fn at(&mut self, span: Span) -> *mut u8 {
        let rest = self.0.get_mut(span.start as usize..);
        rest.map_or(ptr::null_mut(), |rest| rest.as_mut_ptr())
    }
}

/// Number of its operation, offset of its parameter block.
const STEP_WORDS: usize = 2;

/// Bytes of the arena, in which they lie.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    pub(crate) len: u32,
}

#[cfg(not(feature = "nn"))]
impl Span {
    /// Where it starts and ends.
    pub(crate) fn ends(self) -> (usize, usize) {
        (self.start as usize, self.start as usize + self.len as usize)
    }
}

const NOWHERE: Span = Span { start: 0, len: 0 };

/// A model with its arena: `A` bytes, `S` steps at most, and room for a blob of `B` bytes where
/// the host does not keep it; `K` and `W` vectors (`room`) for builds that want
/// them.
pub struct Model<
    D: Dispatch,
    const A: usize,
    const S: usize,
    const B: usize,
    const K: usize = 0,
    const W: usize = 0,
> {
    pub(crate) arena: Arena<A>,
    pub(crate) blob: Blob<B>,
    room: Room<S, K, W>,
    steps: [[u32; STEP_WORDS]; S],
    count: usize, // of steps
    ready: bool,
    pub(crate) input: Span,
    pub(crate) output: Span,
    next: usize, // step
    from: i32,   // where its next slice begins
    ops: PhantomData<fn() -> D>,
}

impl<
        D: Dispatch,
        const A: usize,
        const S: usize,
        const B: usize,
        const K: usize,
        const W: usize,
    > Model<D, A, S, B, K, W>
{
    fn try_init(&mut self, model_len: i32) -> Option<()> {
        self.ready = false;
        self.room.clear();
        let mut head = [0; HEADER_WORDS];
        self.blob.read(0, &mut head).then_some(())?;
        let [magic, version, size, arena, count, at, given, given_len, made, made_len] = head;
        let known = magic == MAGIC && version == VERSION && size == model_len as u32;
        let fits = |start, len| start <= A as u32 && len <= A as u32 - start;
        let inside = fits(arena, 0) && fits(given, given_len) && fits(made, made_len);
        (known && inside).then_some(())?;
        self.input = Span {
            start: given,
            len: given_len,
        };
        self.output = Span {
            start: made,
            len: made_len,
        };
        for (i, step) in self.steps.get_mut(..count as usize)?.iter_mut().enumerate() {
            let at = at.wrapping_add((4 * STEP_WORDS * i) as u32);
            self.blob.read(at, step).then_some(())?;
        }
        self.count = count as usize;
        self.next = self.count;
        self.ready = true;
        Some(())
    }

    /// Codes rather than results from here on: that is less code in the interpreter's memory.
    fn check(&self, in_len: i32) -> i32 {
        if !self.ready {
            Error::NotReady.code()
        } else if in_len as u32 != self.input.len {
            Error::InputLength.code()
        } else {
            0
        }
    }

    fn call(&mut self, number: usize, from: i32) -> i32 {
        let [op, block] = self
            .steps
            .get(number)
            .copied()
            .unwrap_or([u32::MAX; STEP_WORDS]);
        let blob = self.blob.bytes();
        let next = D::run(
            op,
            &mut Call {
                block,
                arena: &mut self.arena.0,
                blob,
                room: self.room.lend(number),
                from,
            },
        );
        if next < 0 {
            Error::Model.code()
        } else {
            next
        }
    }
}

impl<
        D: Dispatch,
        const A: usize,
        const S: usize,
        const B: usize,
        const K: usize,
        const W: usize,
    > Module for Model<D, A, S, B, K, W>
{
    const NEW: Self = Model {
        arena: Arena([0; A]),
        blob: Blob::NEW,
        room: Room::NEW,
        steps: [[0; STEP_WORDS]; S],
        count: 0,
        ready: false,
        input: NOWHERE,
        output: NOWHERE,
        next: 0,
        from: 0,
        ops: PhantomData,
    };

    fn init(&mut self, model_len: i32) -> i32 {
        match self.try_init(model_len) {
            Some(()) => 0,
            None => Error::Model.code(),
        }
    }

    fn input(&mut self, len: i32) -> *mut u8 {
        if len as u32 <= self.input.len {
            self.arena.at(self.input)
        } else {
            ptr::null_mut()
        }
    }

    fn infer(&mut self, in_len: i32) -> i32 {
        let mut code = self.check(in_len);
        self.next = self.count;
        for number in 0..self.count {
            if code < 0 {
                return code;
            }
            code = self.call(number, -1);
        }
        if code < 0 {
            code
        } else {
            self.output.len as i32
        }
    }

    fn output(&mut self) -> *mut u8 {
        self.arena.at(self.output)
    }

    fn model(&mut self, len: i32) -> *mut u8 {
        self.blob.address(len)
    }

    fn begin(&mut self, in_len: i32) -> i32 {
        let code = self.check(in_len);
        self.next = if code < 0 { self.count } else { 0 };
        self.from = 0;
        code
    }

    fn step(&mut self) -> i32 {
        if self.next < self.count {
            let number = self.next;
            // Stays there if the operation is refused.
            self.next = self.count;
            self.from = self.call(number, self.from);
            if self.from < 0 {
                return self.from;
            }
            self.next = number + (self.from == 0) as usize;
        }
        (self.next < self.count) as i32
    }
}
