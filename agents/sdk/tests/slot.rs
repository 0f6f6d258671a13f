//! An agent behind the exports, as a host drives it (SPEC.md, 1.1 and 1.4).

use wasmote_sdk::{Agent, Error, Slot};

/// Adds to each byte what its model says; refuses 255.
struct Adder {
    by: u8,
}

impl Agent for Adder {
    type Input = [u8; 4];
    type Output = [u8; 4];
    const NEW: Self = Adder { by: 0 };

    fn init(&mut self, model: &[u8]) -> Result<(), Error> {
        match model {
            [by] => {
                self.by = *by;
                Ok(())
            }
            _ => Err(Error::Model),
        }
    }

    fn infer(&mut self, input: &[u8; 4], output: &mut [u8; 4]) -> Result<(), Error> {
        for (byte, sum) in input.iter().zip(output) {
            *sum = byte.checked_add(self.by).ok_or(Error::Own(7))?;
        }
        Ok(())
    }
}

/// An agent with what the trait gives by default.
struct Copy;

impl Agent for Copy {
    type Input = [i16; 3];
    type Output = [i16; 3];
    const NEW: Self = Copy;

    fn infer(&mut self, input: &[i16; 3], output: &mut [i16; 3]) -> Result<(), Error> {
        *output = *input;
        Ok(())
    }
}

fn ready() -> Slot<Adder, 2> {
    let mut slot = Slot::<Adder, 2>::NEW;
    slot.model[0] = 3;
    assert_eq!(slot.init(1), 0);
    slot
}

#[test]
fn inference_gives_the_outputs_length() {
    let mut slot = ready();
    slot.input = [1, 2, 3, 4];
    assert_eq!(slot.infer(4), 4);
    assert_eq!(slot.output, [4, 5, 6, 7]);
}

#[test]
fn inference_before_init_is_not_ready() {
    let mut slot = Slot::<Adder, 2>::NEW;
    assert_eq!(slot.infer(4), -2);
}

#[test]
fn inference_after_a_failed_init_is_not_ready() {
    let mut slot = ready();
    assert_eq!(slot.init(2), -3);
    assert_eq!(slot.infer(4), -2);
}

#[test]
fn wrong_lengths_are_refused_and_right_ones_work_after() {
    let mut slot = ready();
    for length in [0, 3, 5, -1, i32::MIN, i32::MAX] {
        assert_eq!(slot.infer(length), -1);
    }
    assert_eq!(slot.infer(4), 4);
}

#[test]
fn own_error_is_its_code() {
    let mut slot = ready();
    slot.input = [255, 0, 0, 0];
    assert_eq!(slot.infer(4), -1007);
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let mut slot = Slot::<Adder, 2>::NEW;
    for length in [0, 2, 3, -1, i32::MAX] {
        assert_eq!(slot.init(length), -3);
    }
    assert!(Slot::<Adder, 2>::takes_model(2));
    assert!(!Slot::<Adder, 2>::takes_model(3));
    assert!(!Slot::<Adder, 2>::takes_model(-1));
}

#[test]
fn agent_without_a_model_takes_none() {
    let mut slot = Slot::<Copy, 1>::NEW;
    assert_eq!(slot.init(1), -3);
    assert_eq!(slot.init(0), 0);
    slot.input = [1, -2, 3];
    assert_eq!(slot.infer(6), 6);
    assert_eq!(slot.output, [1, -2, 3]);
}

#[test]
fn inputs_up_to_the_buffer_have_an_address() {
    for length in [0, 1, 6] {
        assert!(Slot::<Copy, 0>::takes_input(length));
    }
    for length in [7, -1, i32::MIN, i32::MAX] {
        assert!(!Slot::<Copy, 0>::takes_input(length));
    }
}

#[test]
fn codes_are_those_of_the_specification() {
    let codes = [
        (Error::InputLength, -1),
        (Error::NotReady, -2),
        (Error::Model, -3),
        (Error::Argument, -4),
        (Error::Internal, -5),
        (Error::Unsupported, -6),
        (Error::Own(0), -1000),
        (Error::Own(999), -1999),
        (Error::Own(1000), -1999),
        (Error::Own(u16::MAX), -1999),
    ];
    for (error, code) in codes {
        assert_eq!(error.code(), code);
    }
}
