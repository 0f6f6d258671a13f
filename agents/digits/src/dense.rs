//! The dense layers: weights of four outputs in one word, lanes emptied after each chunk.

use crate::lanes::{dot, fits, pack, Wide, CHUNK, LANES, LANE_MIDDLE};
use crate::weights::{
    DENSE_BIAS, DENSE_SCALE, DENSE_WEIGHTS, LOGITS_BIAS, LOGITS_SCALE, LOGITS_WEIGHTS, OUT_ZERO,
};
use crate::{CELLS, CHANNELS, CLASSES, HIDDEN, RELU_ZERO};
use wasmote_sdk::requant::{requantise, requantise_relu};

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
    pub fn activations(&self) -> [i64; HIDDEN] {
        // Each chunk raised each sum.
        const RAISED: i32 = (CELLS * CHANNELS / CHUNK) as i32 * LANE_MIDDLE;
        let mut activations = [0; HIDDEN];
        let constants = DENSE_BIAS
            .chunks_exact(LANES)
            .zip(DENSE_SCALE.chunks_exact(LANES));
        let groups = activations.chunks_exact_mut(LANES).zip(&self.0);
        for ((outputs, wide), (biases, scales)) in groups.zip(constants) {
            let constants = biases.iter().zip(scales);
            for ((output, sum), (bias, scale)) in outputs.iter_mut().zip(wide.sums()).zip(constants)
            {
                *output = requantise_relu(sum - RAISED + bias, *scale, RELU_ZERO).into();
            }
        }
        activations
    }
}

/// The last layer.
pub fn logits(hidden: &[i64; HIDDEN], logits: &mut [i8; CLASSES]) {
    const RAISED: i32 = (HIDDEN / CHUNK) as i32 * LANE_MIDDLE;
    let constants = LOGITS_BIAS.chunks(LANES).zip(LOGITS_SCALE.chunks(LANES));
    let groups = logits.chunks_mut(LANES).zip(&CLASS_WORDS);
    for ((outputs, words), (biases, scales)) in groups.zip(constants) {
        let mut wide = Wide::ZERO;
        add_chunks(&mut wide, words, hidden);
        let constants = biases.iter().zip(scales);
        for ((output, sum), (bias, scale)) in outputs.iter_mut().zip(wide.sums()).zip(constants) {
            *output = requantise(sum - RAISED + bias, *scale, OUT_ZERO);
        }
    }
}

#[inline(always)]
fn add_chunks<const N: usize>(wide: &mut Wide, weights: &[u64; N], values: &[i64; N]) {
    for (weights, values) in weights.chunks_exact(CHUNK).zip(values.chunks_exact(CHUNK)) {
        if let (Ok(weights), Ok(values)) = (weights.try_into(), values.try_into()) {
            wide.add(dot::<CHUNK>(weights, values));
        }
    }
}
