//! The dense layers: weights of four outputs in one word, lanes emptied after each chunk.

use crate::lanes::{dot, fits, pack, Wide, CHUNK, LANES};
use crate::outputs::Outputs;
use crate::weights::{
    DENSE_BIAS, DENSE_SCALE, DENSE_WEIGHTS, LOGITS_BIAS, LOGITS_SCALE, LOGITS_WEIGHTS,
};
use crate::{CELLS, CHANNELS, CLASSES, HIDDEN};

/// Of an activation's magnitude.
const LARGEST: i32 = 128;
const HIDDEN_GROUPS: usize = HIDDEN / LANES;
const CLASS_GROUPS: usize = (CLASSES + LANES - 1) / LANES;

/// The hidden layer's weights for one cell, [group][channel].
pub type CellWords = [[u64; CHANNELS]; HIDDEN_GROUPS];

/// The hidden layer's weights for all cells.
pub static HIDDEN_WORDS: [CellWords; CELLS] = hidden_words();
/// [group][neuron]
static CLASS_WORDS: [[u64; HIDDEN]; CLASS_GROUPS] = class_words();
static HIDDEN_OUTPUTS: [Outputs; HIDDEN_GROUPS] = hidden_outputs();
static CLASS_OUTPUTS: [Outputs; CLASS_GROUPS] = class_outputs();

const fn hidden_words() -> [CellWords; CELLS] {
    let mut words = [[[0; CHANNELS]; HIDDEN_GROUPS]; CELLS];
    let mut cell = 0;
    while cell < CELLS {
        let mut group = 0;
        while group < HIDDEN_GROUPS {
            words[cell][group] = group_words(&DENSE_WEIGHTS[cell], group);
            group += 1;
        }
        cell += 1;
    }
    words
}

const fn class_words() -> [[u64; HIDDEN]; CLASS_GROUPS] {
    let mut words = [[0; HIDDEN]; CLASS_GROUPS];
    let mut group = 0;
    while group < CLASS_GROUPS {
        words[group] = group_words(&LOGITS_WEIGHTS, group);
        group += 1;
    }
    words
}

const fn hidden_outputs() -> [Outputs; HIDDEN_GROUPS] {
    // Each chunk raises each sum.
    const RAISED: i32 = (CELLS * CHANNELS / CHUNK) as i32;
    let mut outputs = [Outputs::of(&DENSE_BIAS, &DENSE_SCALE, 0, RAISED); HIDDEN_GROUPS];
    let mut group = 1;
    while group < HIDDEN_GROUPS {
        outputs[group] = Outputs::of(&DENSE_BIAS, &DENSE_SCALE, group * LANES, RAISED);
        group += 1;
    }
    outputs
}

const fn class_outputs() -> [Outputs; CLASS_GROUPS] {
    const RAISED: i32 = (HIDDEN / CHUNK) as i32;
    let mut outputs = [Outputs::of(&LOGITS_BIAS, &LOGITS_SCALE, 0, RAISED); CLASS_GROUPS];
    let mut group = 1;
    while group < CLASS_GROUPS {
        outputs[group] = Outputs::of(&LOGITS_BIAS, &LOGITS_SCALE, group * LANES, RAISED);
        group += 1;
    }
    outputs
}

/// The words of one group of outputs; outputs that do not exist weigh nothing.
const fn group_words<const N: usize, const M: usize>(
    rows: &[[i8; N]; M],
    group: usize,
) -> [u64; N] {
    let mut words = [0; N];
    let mut at = 0;
    while at < N {
        let mut weights = [0; LANES];
        let mut lane = 0;
        while lane < LANES && group * LANES + lane < M {
            let row = &rows[group * LANES + lane];
            assert!(
                fits(row, at - at % CHUNK, LARGEST),
                "a sum does not fit its lane"
            );
            weights[lane] = row[at];
            lane += 1;
        }
        words[at] = pack(weights);
        at += 1;
    }
    words
}

/// The sums of the hidden layer, to which the cells are added one by one.
pub struct Hidden([Wide; HIDDEN_GROUPS]);

impl Hidden {
    pub fn new() -> Self {
        Hidden([Wide::ZERO; HIDDEN_GROUPS])
    }

    /// Adds what a cell contributes: its activations by its weights.
    #[inline(always)]
    pub fn add(&mut self, words: &CellWords, features: &[i64; CHANNELS]) {
        for (wide, weights) in self.0.iter_mut().zip(words) {
            add_chunks(wide, weights, features);
        }
    }

    /// The layer's activations.
    #[inline(always)]
    pub fn activations(&self, activations: &mut [i64; HIDDEN]) {
        for (group, (wide, outputs)) in self.0.iter().zip(&HIDDEN_OUTPUTS).enumerate() {
            let sums = wide.sums();
            for lane in 0..LANES {
                activations[group * LANES + lane] = outputs.relu(lane, sums[lane]);
            }
        }
    }
}

/// The last layer.
#[inline(always)]
pub fn logits(hidden: &[i64; HIDDEN], logits: &mut [i8; CLASSES]) {
    let mut all = [0; CLASS_GROUPS * LANES];
    for (group, (words, outputs)) in CLASS_WORDS.iter().zip(&CLASS_OUTPUTS).enumerate() {
        let mut wide = Wide::ZERO;
        add_chunks(&mut wide, words, hidden);
        let sums = wide.sums();
        for lane in 0..LANES {
            all[group * LANES + lane] = outputs.logit(lane, sums[lane]);
        }
    }
    logits.copy_from_slice(&all[..CLASSES]);
}

#[inline(always)]
fn add_chunks<const N: usize>(wide: &mut Wide, weights: &[u64; N], values: &[i64; N]) {
    for (weights, values) in weights.chunks_exact(CHUNK).zip(values.chunks_exact(CHUNK)) {
        if let (Ok(weights), Ok(values)) = (weights.try_into(), values.try_into()) {
            wide.add(dot::<CHUNK>(weights, values));
        }
    }
}
