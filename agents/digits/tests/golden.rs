//! The agent, compiled for this machine, against outputs that are not its own.

use digits::Digits;
use wasmote_sdk::{Agent, Error};

const GOLDEN: &[u8] = include_bytes!("../golden.bin");
const HEADER: usize = 20;

fn infer(image: [i8; 64]) -> Result<[i8; 10], Error> {
    let mut logits = [0; 10];
    let mut agent = Digits::NEW;
    agent.infer(&image, &mut logits).map(|()| logits)
}

#[test]
fn outputs_are_the_golden_ones() {
    let pairs = GOLDEN[HEADER..].chunks_exact(64 + 10);
    assert!(pairs.len() >= 20);
    for pair in pairs {
        let pair: Vec<i8> = pair.iter().map(|&byte| byte as i8).collect();
        let image = pair[..64].try_into().unwrap();
        assert_eq!(infer(image).unwrap(), pair[64..]);
    }
}

#[test]
fn pixels_out_of_range_are_refused_wherever_they_are() {
    for at in 0..64 {
        for pixel in [17, 127, -1, -128] {
            let mut image = [0; 64];
            image[at] = pixel;
            assert_eq!(infer(image), Err(Error::Argument));
        }
        let mut image = [0; 64];
        image[at] = 16;
        assert!(infer(image).is_ok());
    }
}
