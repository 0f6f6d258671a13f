//! The agent on the development machine, window by window.

use motion_vote::Vote;
use wasmote_sdk::Agent;

const UNSURE: [i8; 4] = [9, 0, 0, 0];
const STANDING: [i8; 4] = [10, 0, 0, 0];
const RUNNING: [i8; 4] = [-128, -128, 127, -128];

/// The answers to windows in a row.
fn votes(windows: &[[i8; 4]]) -> Vec<[i8; 4]> {
    let mut agent = Vote::NEW;
    let answer = |window| {
        let mut out = [0; 4];
        agent.infer(window, &mut out).unwrap();
        out
    };
    windows.iter().map(answer).collect()
}

#[test]
fn unsure_windows_have_no_vote() {
    assert_eq!(votes(&[UNSURE; 6]), [[-1, 0, -1, 9]; 6]);
    assert_eq!(votes(&[STANDING, UNSURE])[1], [0, 1, -1, 9]);
}

#[test]
fn the_majority_decides_and_the_newest_of_equals() {
    let made = votes(&[STANDING, STANDING, RUNNING, UNSURE, RUNNING, RUNNING]);
    let classes: Vec<[i8; 2]> = made.iter().map(|out| [out[0], out[1]]).collect();
    assert_eq!(classes, [[0, 1], [0, 2], [0, 2], [0, 2], [2, 2], [2, 3]]);
    assert_eq!(made[5][2..], [2, 255u8 as i8]);
}

#[test]
fn votes_are_forgotten_after_five_windows() {
    let mut windows = vec![STANDING];
    windows.extend([UNSURE; 5]);
    let made = votes(&windows);
    assert_eq!(made[4][..2], [0, 1]);
    assert_eq!(made[5][..2], [-1, 0]);
}
