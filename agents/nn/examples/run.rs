//! Runs a model natively: `run MODEL.BIN INPUTS` writes the outputs, one behind the other, to
//! standard output. INPUTS holds the input bytes of as many inferences as there are.

use std::io::{self, Write};
use std::process::ExitCode;
use std::{env, fs, thread};
use wasmote_nn::{ops::All, Model};
use wasmote_sdk::Module;

/// Room for any model that a test makes.
type Any = Model<All, 0x40_0000, 0x1000, 0x100_0000>;

/// The model is built on the stack before it is boxed.
const STACK_BYTES: usize = 0x400_0000;

fn run(model: &[u8], inputs: &[u8]) -> Result<Vec<u8>, String> {
    let mut any = Box::new(Any::NEW);
    any.load(model)
        .map_err(|error| format!("the model is refused: {error:?}"))?;
    let size = any.input_len();
    if size == 0 || inputs.len() % size != 0 {
        return Err(format!("{} bytes are no inputs of {size}", inputs.len()));
    }
    let mut outputs = Vec::new();
    for input in inputs.chunks(size) {
        let output = any
            .run(input)
            .map_err(|error| format!("no answer: {error:?}"))?;
        outputs.extend_from_slice(output);
    }
    Ok(outputs)
}

fn from_files() -> Result<Vec<u8>, String> {
    let mut words = env::args().skip(1);
    let mut word = || words.next().ok_or("usage: run MODEL.BIN INPUTS");
    let (model, inputs) = (word()?, word()?);
    let read = |path: String| fs::read(&path).map_err(|error| format!("{path}: {error}"));
    run(&read(model)?, &read(inputs)?)
}

fn main() -> ExitCode {
    let worker = thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(from_files);
    match worker.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(outputs))) if io::stdout().write_all(&outputs).is_ok() => ExitCode::SUCCESS,
        Ok(Ok(Err(why))) => {
            eprintln!("run: {why}");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}
