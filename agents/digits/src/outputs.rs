//! What turns the sums of four outputs into their activations.

use crate::lanes::{LANES, LANE_MIDDLE};
use crate::weights::OUT_ZERO;
use crate::RELU_ZERO;
use wasmote_sdk::requant::{requantise, requantise_relu, Multiplier};

/// Biases and scales of the outputs that share a word.
#[derive(Clone, Copy)]
pub struct Outputs {
    bias: [i32; LANES],
    scale: [Multiplier; LANES],
}

impl Outputs {
    /// Of the outputs from `first` on, whose sums were raised by `LANE_MIDDLE` `raised` times.
    pub const fn of<const N: usize>(
        bias: &[i32; N],
        scale: &[Multiplier; N],
        first: usize,
        raised: i32,
    ) -> Self {
        let mut outputs = Outputs {
            bias: [0; LANES],
            scale: [scale[0]; LANES],
        };
        let mut lane = 0;
        // The last group may have lanes that are no output.
        while lane < LANES && first + lane < N {
            outputs.bias[lane] = bias[first + lane] - raised * LANE_MIDDLE;
            outputs.scale[lane] = scale[first + lane];
            lane += 1;
        }
        outputs
    }

    /// The activation behind a ReLU.
    #[inline(always)]
    pub fn relu(&self, lane: usize, sum: i32) -> i64 {
        requantise_relu(sum + self.bias[lane], self.scale[lane], RELU_ZERO).into()
    }

    /// The network's output.
    #[inline(always)]
    pub fn logit(&self, lane: usize, sum: i32) -> i8 {
        requantise(sum + self.bias[lane], self.scale[lane], OUT_ZERO)
    }
}
