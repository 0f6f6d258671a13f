//! Which activity the last windows show: each window that is sure votes for its class, and the
//! majority of the last five windows is the answer, so that one odd window changes nothing.

#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(unsafe_code, missing_docs)]

use wasmote_sdk::{export_agent, Agent, Error};

const CLASSES: usize = 4;
const WINDOWS: usize = 5;
/// In steps of the logits: a window whose best one is less above the next is not sure. Ten of
/// `motion-net`'s are odds of 80 to 1.
const MARGIN: i32 = 10;
/// Instead of a class.
const NONE: i8 = -1;

/// The agent: the classes of the last windows, the newest at `at`.
pub struct Vote {
    last: [i8; WINDOWS],
    at: usize,
}

impl Agent for Vote {
    type Input = [i8; CLASSES];
    /// class, votes, now, score
    type Output = [i8; 4];
    const NEW: Self = Vote {
        last: [NONE; WINDOWS],
        at: 0,
    };

    fn infer(&mut self, logits: &Self::Input, out: &mut Self::Output) -> Result<(), Error> {
        let (best, score) = best(logits);
        let now = if score < MARGIN { NONE } else { best };
        self.at = (self.at + 1) % WINDOWS;
        self.last[self.at] = now;
        let (class, votes) = self.majority();
        // A score of up to 255 is a uint8.
        *out = [class, votes, now, score as u8 as i8];
        Ok(())
    }
}

impl Vote {
    /// The class with most votes and how many those are; of several, the one seen last.
    fn majority(&self) -> (i8, i8) {
        let mut most = (NONE, 0);
        for age in 0..WINDOWS {
            let class = self.last[(self.at + WINDOWS - age) % WINDOWS];
            let votes = self.last.iter().filter(|&&other| other == class).count() as i8;
            if class != NONE && votes > most.1 {
                most = (class, votes);
            }
        }
        most
    }
}

/// The first of the greatest logits, and how far it is above the next one.
fn best(logits: &[i8; CLASSES]) -> (i8, i32) {
    let (mut class, mut first, mut second) = (0, i32::MIN, i32::MIN);
    for (number, &logit) in logits.iter().enumerate() {
        let logit = i32::from(logit);
        if logit > first {
            second = first;
            class = number as i8;
            first = logit;
        } else if logit > second {
            second = logit;
        }
    }
    (class, first - second)
}

export_agent!(Vote);
