//! Four 16-bit sums in one 64-bit word.
//!
//! An interpreter spends its time on dispatch, not on arithmetic: one 64-bit multiplication
//! and addition cost little more than 32-bit ones and do the work of four. A word of weights is
//! `w0 + 2^16 w1 + 2^32 w2 + 2^48 w3` with signed `w`; times a value and added up, each lane
//! holds its own sum as long as that stays within 16 bits, which `fits` proves for all inputs
//! while the agent is compiled.

/// Outputs whose weights share a word.
pub const LANES: usize = 4;
/// Products that a lane adds up before it is emptied into a wider sum.
pub const CHUNK: usize = 8;
/// Half of a lane's range in every lane: from there, sums are never negative and borrow nothing.
const MIDDLE: u64 = 0x8000_8000_8000_8000;
/// What `MIDDLE` adds to a lane.
pub const LANE_MIDDLE: i32 = 0x8000;
const EVEN: u64 = 0x0000_ffff_0000_ffff;

/// Puts four weights into one word.
pub const fn pack(weights: [i8; LANES]) -> u64 {
    let mut word = 0u64;
    let mut lane = 0;
    while lane < LANES {
        word = word.wrapping_add((weights[lane] as i64 as u64) << (16 * lane));
        lane += 1;
    }
    word
}

/// Whether `weights` times values of at most `largest` cannot leave a lane, in any order.
pub const fn fits(weights: &[i8], start: usize, largest: i32) -> bool {
    let mut sum = 0;
    let mut at = start;
    while at < start + CHUNK {
        sum += (weights[at] as i32).abs() * largest;
        at += 1;
    }
    sum < LANE_MIDDLE
}

/// The four sums of weight times value, each raised by `LANE_MIDDLE`.
#[inline(always)]
pub fn dot<const N: usize>(weights: &[u64; N], values: &[i64; N]) -> u64 {
    let mut sum = MIDDLE;
    for (weight, value) in weights.iter().zip(values) {
        sum = sum.wrapping_add(weight.wrapping_mul(*value as u64));
    }
    sum
}

/// The largest lanes, each raised by `LANE_MIDDLE`, of words that came from `dot`.
#[inline(always)]
pub fn largest(words: &[u64; 4]) -> [i32; LANES] {
    let mut largest = [0u32; LANES];
    for word in words {
        // Where the high lane is larger the whole half is; shifted up, the low lane is alone.
        let (low, high) = (*word as u32, (*word >> 32) as u32);
        largest[0] = largest[0].max(low << 16);
        largest[1] = largest[1].max(low);
        largest[2] = largest[2].max(high << 16);
        largest[3] = largest[3].max(high);
    }
    largest.map(|half| (half >> 16) as i32)
}

/// Four sums of 32 bits, raised by `LANE_MIDDLE` for each word that was added.
#[derive(Clone, Copy)]
pub struct Wide {
    even: u64,
    odd: u64,
}

impl Wide {
    /// Nothing added yet.
    pub const ZERO: Self = Wide { even: 0, odd: 0 };

    /// Adds the four lanes of `word`.
    #[inline(always)]
    pub fn add(&mut self, word: u64) {
        self.even += word & EVEN;
        self.odd += (word >> 16) & EVEN;
    }

    /// The four sums.
    #[inline(always)]
    pub fn sums(self) -> [i32; LANES] {
        [self.even, self.odd, self.even >> 32, self.odd >> 32].map(|sum| sum as u32 as i32)
    }
}
