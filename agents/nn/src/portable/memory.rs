//! What parameter blocks point at.

use crate::Call;
use core::cell::Cell;
use wasmote_sdk::Error;

/// The bit of an address that says: offset into the blob, not into the arena.
const IN_BLOB: u32 = 1 << 31;

/// Bytes from an address on.
#[derive(Clone, Copy)]
pub struct Span {
    pub address: u32,
    pub bytes: usize,
}

/// A span of `count` times `unit` times ... bytes; an error where no memory has so many.
pub fn span(address: u32, sizes: &[u32]) -> Result<Span, Error> {
    let size = |bytes: usize, side: &u32| bytes.checked_mul(*side as usize);
    let bytes = sizes.iter().try_fold(1, size).ok_or(Error::Model)?;
    Ok(Span { address, bytes })
}

/// From the first element of a walk over `sides` to its last.
pub fn reach(address: u32, sides: &[u32], steps: &[u32]) -> Result<Span, Error> {
    let ends = sides.iter().zip(steps).map(|(&side, &step)| {
        let last = u64::from(side).checked_sub(1)?;
        Some(last * u64::from(step))
    });
    let last = ends.sum::<Option<u64>>().ok_or(Error::Model)?;
    let bytes = usize::try_from(last + 1).map_err(|_| Error::Model)?;
    Ok(Span { address, bytes })
}

/// Where element `i` of a walk is.
pub fn place(mut i: usize, sides: &[u32], steps: &[u32]) -> usize {
    let mut at = 0;
    for (side, step) in sides.iter().zip(steps).rev() {
        at += i % *side as usize * *step as usize;
        i /= *side as usize;
    }
    at
}

/// The words of a parameter block.
pub fn words<const N: usize>(call: &Call<'_>) -> Result<[u32; N], Error> {
    words_at(call.blob, call.block)
}

/// The words of the parameter block at an offset in the blob.
pub fn words_at<const N: usize>(blob: &[u8], block: u32) -> Result<[u32; N], Error> {
    let bytes = within(blob, block as usize, 4 * N)?;
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    Ok(words)
}

/// Whether an address is one of the blob.
pub fn is_in_blob(address: u32) -> bool {
    address & IN_BLOB != 0
}

/// Constants, which are always in the blob.
pub fn constants(blob: &[u8], at: Span) -> Result<&[u8], Error> {
    if !is_in_blob(at.address) {
        return Err(Error::Model);
    }
    within(blob, (at.address & !IN_BLOB) as usize, at.bytes)
}

fn within(bytes: &[u8], start: usize, count: usize) -> Result<&[u8], Error> {
    bytes
        .get(start..)
        .and_then(|rest| rest.get(..count))
        .ok_or(Error::Model)
}

/// What most operations work on; none of the three lies over another.
pub struct Parts<'a> {
    pub input: &'a [u8],
    pub output: &'a mut [u8],
    pub scratch: &'a mut [u8],
}

/// The input may be in the blob.
pub fn parts<'a>(
    arena: &'a mut [u8],
    blob: &'a [u8],
    input: Span,
    output: Span,
    scratch: Span,
) -> Result<Parts<'a>, Error> {
    if is_in_blob(input.address) {
        let input = constants(blob, input)?;
        let [output, scratch] = pieces(arena, [output, scratch])?;
        return Ok(Parts {
            input,
            output,
            scratch,
        });
    }
    let [input, output, scratch] = pieces(arena, [input, output, scratch])?;
    Ok(Parts {
        input,
        output,
        scratch,
    })
}

fn pieces<const N: usize>(arena: &mut [u8], spans: [Span; N]) -> Result<[&mut [u8]; N], Error> {
    let mut found = [(); N].map(|()| None);
    let mut rest = arena;
    let mut start = 0;
    for _ in 0..N {
        let i = first_left(&spans, &found);
        let Span { address, bytes } = spans[i];
        let skipped = (address as usize).checked_sub(start).ok_or(Error::Model)?;
        if skipped > rest.len() || bytes > rest.len() - skipped {
            return Err(Error::Model);
        }
        let (piece, behind) = rest.split_at_mut(skipped).1.split_at_mut(bytes);
        found[i] = Some(piece);
        rest = behind;
        start = address as usize + bytes;
    }
    Ok(found.map(Option::unwrap_or_default))
}

/// Which span that has not been found yet begins first.
fn first_left<T>(spans: &[Span], found: &[Option<T>]) -> usize {
    let left = (0..spans.len()).filter(|&i| found[i].is_none());
    left.min_by_key(|&i| (spans[i].address, spans[i].bytes))
        .unwrap_or(0)
}

/// Bytes of an operation that may work in place, element by element.
pub enum Source<'a> {
    Arena(&'a [Cell<u8>]),
    Blob(&'a [u8]),
}

impl Source<'_> {
    /// The byte at `at`, which lies within.
    pub fn get(&self, at: usize) -> u8 {
        match self {
            Source::Arena(cells) => cells[at].get(),
            Source::Blob(bytes) => bytes[at],
        }
    }
}

/// The arena, to be read and written in turns.
pub fn cells(arena: &mut [u8]) -> &[Cell<u8>] {
    Cell::from_mut(arena).as_slice_of_cells()
}

/// What is read.
pub fn source<'a>(arena: &'a [Cell<u8>], blob: &'a [u8], at: Span) -> Result<Source<'a>, Error> {
    if is_in_blob(at.address) {
        return constants(blob, at).map(Source::Blob);
    }
    sink(arena, at).map(Source::Arena)
}

/// What is written.
pub fn sink(arena: &[Cell<u8>], at: Span) -> Result<&[Cell<u8>], Error> {
    let rest = arena.get(at.address as usize..).ok_or(Error::Model)?;
    rest.get(..at.bytes).ok_or(Error::Model)
}
