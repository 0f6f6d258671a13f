//! Room in vectors.

/// What a vector holds.
pub type Vector = [u8; 16];

/// For `S` steps `K` vectors of constants and `W` to work in.
#[repr(C, align(16))]
pub struct Room<const S: usize, const K: usize, const W: usize> {
    kept: [Vector; K],
    work: [Vector; W],
    starts: [Option<usize>; S],
    used: usize, // of those that are kept
}

impl<const S: usize, const K: usize, const W: usize> Room<S, K, W> {
    pub const NEW: Self = Room {
        kept: [[0; 16]; K],
        work: [[0; 16]; W],
        starts: [None; S],
        used: 0,
    };

    /// Forgets all constants.
    pub fn clear(&mut self) {
        self.starts = [None; S];
        self.used = 0;
    }

    /// For one call of a step.
    pub fn lend(&mut self, step: usize) -> Lease<'_> {
        Lease {
            kept: &mut self.kept,
            work: &mut self.work,
            starts: &mut self.starts,
            used: &mut self.used,
            step,
        }
    }
}

/// What a step may use during a call.
pub struct Lease<'a> {
    kept: &'a mut [Vector],
    /// What is in it is left over from another step.
    pub work: &'a mut [Vector],
    starts: &'a mut [Option<usize>],
    used: &'a mut usize,
    step: usize,
}

impl Lease<'_> {
    /// The step's own `count` vectors, as many in each call, and those to work in. `fill` is called
    /// when what is in them is not from an earlier call.
    pub fn constants(
        &mut self,
        count: usize,
        fill: impl FnOnce(&mut [Vector]),
    ) -> Option<(&[Vector], &mut [Vector])> {
        if let Some(start) = *self.starts.get(self.step)? {
            return Some((self.kept.get(start..start + count)?, self.work));
        }
        // There may be too little for all steps, where they share weights: it begins anew.
        if self.kept.len() - *self.used < count {
            self.starts.fill(None);
            *self.used = 0;
        }
        let start = *self.used;
        let place = self.kept.get_mut(start..start.checked_add(count)?)?;
        fill(place);
        *self.used += count;
        self.starts[self.step] = Some(start);
        Some((place, self.work))
    }
}
