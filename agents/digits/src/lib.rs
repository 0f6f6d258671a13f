//! Which digit is on an 8x8 image: conv 3x3 (16 channels), ReLU, max pool 2x2, dense 32, ReLU,
//! dense 10. INT8, integers only, bit for bit what the TFLite reference kernels give.
//!
//! Made for an interpreter, where each load and each operation costs a dispatch: two channels
//! of the convolution share one word (see `conv`), pooling comes before requantisation (which
//! is monotonic, so the result is the same), and each pooled cell goes into the dense layer at
//! once, so that no tensor of activations is stored whole.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(unsafe_code, missing_docs)]

mod conv;
mod weights;

use conv::Cell;
use wasmote_sdk::requant::requantise;
use wasmote_sdk::{export_agent, Agent, Error};
use weights::{
    CONV_BIAS, CONV_SCALE, DENSE_BIAS, DENSE_SCALE, DENSE_WEIGHTS, LOGITS_BIAS, LOGITS_SCALE,
    LOGITS_WEIGHTS, OUT_ZERO,
};

const SIDE: usize = 8;
const CHANNELS: usize = 16;
/// Cells in a row of the pooled convolution.
const POOLED: usize = 3;
const HIDDEN: usize = 32;
const CLASSES: usize = 10;
/// The largest value of a pixel; the scale 1/16 makes it 1.
const WHITE: i8 = 16;
/// Zero behind a ReLU, which is also its lower bound.
const RELU_ZERO: i32 = -128;

/// The agent: it keeps nothing from one image to the next.
pub struct Digits;

impl Agent for Digits {
    type Input = [i8; SIDE * SIDE];
    type Output = [i8; CLASSES];
    const NEW: Self = Digits;

    fn infer(&mut self, image: &Self::Input, logits: &mut Self::Output) -> Result<(), Error> {
        // The packed sums of `conv` hold only for such pixels.
        if image.iter().any(|pixel| !(0..=WHITE).contains(pixel)) {
            return Err(Error::Argument);
        }
        let mut sums = DENSE_BIAS;
        for (cell, weights) in DENSE_WEIGHTS.iter().enumerate() {
            let features = features(&conv::cell(image, cell / POOLED, cell % POOLED));
            for (sum, row) in sums.iter_mut().zip(weights) {
                *sum += dot(row, &features);
            }
        }
        let mut hidden = [0i32; HIDDEN];
        for (neuron, value) in hidden.iter_mut().enumerate() {
            *value = requantise(sums[neuron], DENSE_SCALE[neuron], RELU_ZERO, RELU_ZERO).into();
        }
        for (class, logit) in logits.iter_mut().enumerate() {
            let sum = LOGITS_BIAS[class] + dot(&LOGITS_WEIGHTS[class], &hidden);
            *logit = requantise(sum, LOGITS_SCALE[class], OUT_ZERO, i8::MIN.into());
        }
        Ok(())
    }
}

fn features(sums: &Cell) -> [i32; CHANNELS] {
    let mut features = [0; CHANNELS];
    for (channel, feature) in features.iter_mut().enumerate() {
        let sum = sums[channel] + CONV_BIAS[channel];
        *feature = requantise(sum, CONV_SCALE[channel], RELU_ZERO, RELU_ZERO).into();
    }
    features
}

#[inline(always)]
fn dot<const N: usize>(weights: &[i8; N], values: &[i32; N]) -> i32 {
    let mut sum = 0;
    for (weight, value) in weights.iter().zip(values) {
        sum += i32::from(*weight) * value;
    }
    sum
}

export_agent!(Digits);
