//! Which digit is on an 8x8 image: conv 3x3 (16 channels), ReLU, max pool 2x2, dense 32, ReLU,
//! dense 10. INT8, integers only, bit for bit what the TFLite reference kernels give.
//!
//! Made for an interpreter, where every operation costs a dispatch: four outputs share one word
//! (`lanes`), pooling comes before requantisation (which is monotonic, so the result is the
//! same), and each pooled cell goes into the dense layer at once, so that no tensor of
//! activations is stored whole.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(unsafe_code, missing_docs)]

mod conv;
mod dense;
mod lanes;
mod outputs;
mod weights;

use wasmote_sdk::{export_agent, Agent, Error};

const SIDE: usize = 8;
const CHANNELS: usize = 16;
/// Cells in a row of the pooled convolution, and in all.
const POOLED: usize = 3;
const CELLS: usize = POOLED * POOLED;
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
        let mut hidden = dense::Hidden::new();
        let mut features = [0; CHANNELS];
        for (rows, words) in conv::patches(image).zip(&dense::HIDDEN_WORDS) {
            conv::cell(rows, &mut features);
            hidden.add(words, &features);
        }
        let mut activations = [0; HIDDEN];
        hidden.activations(&mut activations);
        dense::logits(&activations, logits);
        Ok(())
    }
}

export_agent!(Digits);
