//! The agent, compiled for this machine, against outputs that are not its own.

use motion_window::Window;
use wasmote_sdk::Agent;

const GOLDEN: &[u8] = include_bytes!("../golden.bin");
const HEADER: usize = 20;
const READINGS: usize = 600;
const COLUMNS: usize = 800;

fn window(readings: &[i16; READINGS]) -> [i8; COLUMNS] {
    let mut out = [0; COLUMNS];
    let mut agent = Window::NEW;
    agent.infer(readings, &mut out).unwrap();
    out
}

#[test]
fn outputs_are_the_golden_ones() {
    let pairs = GOLDEN[HEADER..].chunks_exact(2 * READINGS + COLUMNS);
    assert!(pairs.len() >= 9);
    for pair in pairs {
        let (given, wanted) = pair.split_at(2 * READINGS);
        let words = given
            .chunks_exact(2)
            .map(|two| i16::from_le_bytes([two[0], two[1]]));
        let readings: Vec<i16> = words.collect();
        let wanted: Vec<i8> = wanted.iter().map(|&byte| byte as i8).collect();
        assert_eq!(window(&readings.try_into().unwrap())[..], wanted[..]);
    }
}

#[test]
fn lengths_are_rounded_as_axes_are() {
    // With two axes of 0 the length is the third one, on half the scale.
    for axis in 0..=i16::MAX {
        let mut readings = [0; READINGS];
        readings[2] = axis;
        let length = (i32::from(axis) + 64) >> 7;
        assert_eq!(i32::from(window(&readings)[3]), length.min(127), "{axis}");
    }
}
