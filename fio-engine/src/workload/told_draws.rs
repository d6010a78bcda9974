//! What is drawn for offsets, told of one by one: `--debug=random`.

use crate::debug::{DebugTeller, DebugTopic};

use super::random::AnyTausworthe;

/// Follows a generator from outside, so that it has nothing to do with its being told of.
#[derive(Debug)]
pub(super) struct ToldDraws {
    teller: DebugTeller,
    /// The generator as it was when its last draw was told.
    behind: AnyTausworthe,
}

impl ToldDraws {
    pub(super) fn new(teller: DebugTeller, generator: &AnyTausworthe) -> Self {
        Self {
            teller,
            behind: generator.clone(),
        }
    }

    /// Tells of all that the generator yielded since the last call. It is the one followed so far.
    pub(super) fn catch_up(&mut self, generator: &AnyTausworthe) {
        while self.behind != *generator {
            let (output, _) = self.behind.output();
            self.teller
                .tell(DebugTopic::Random, format!("off rand {output}"));
        }
    }

    /// Goes on with another generator, or the same one seeded anew.
    pub(super) fn follow(&mut self, generator: &AnyTausworthe) {
        self.behind.clone_from(generator);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::debug::{DebugOptions, DebugSink};
    use crate::job::{JobSpec, Pattern};
    use crate::workload::{FileRegion, Generator, RandomRule, Seeds, Stream};

    /// The draws of a job of 8 blocks that goes over its file twice.
    fn told(repeatable: bool) -> Vec<String> {
        let mut spec = JobSpec::new("told");
        spec.pattern = Pattern::RANDOM_READ;
        spec.loops = 2;
        spec.repeatable = repeatable;
        spec.random_seed = (!repeatable).then_some(7);
        let region = FileRegion {
            length: 8 * 4096,
            ..FileRegion::default()
        };
        let mut generator =
            Generator::new(&spec, 1, &[region], RandomRule::Newest).expect("room for I/Os");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink: DebugSink = {
            let lines = Arc::clone(&lines);
            Arc::new(move |_, _, text| lines.lock().expect("no test panicked").push(text))
        };
        let options = DebugOptions {
            topics: vec![DebugTopic::Random],
            only_job: None,
        };
        generator.tell(DebugTeller::new(&options, &sink, 0, 0).expect("a topic is asked for"));
        assert_eq!(std::iter::from_fn(|| generator.next()).count(), 16);
        let told = lines.lock().expect("no test panicked").clone();
        let mut draws = Seeds::new(&spec, 1, RandomRule::Newest).generator(Stream::Offset);
        for line in &told[..8] {
            assert_eq!(*line, format!("off rand {}", draws.next_u32()));
        }
        told
    }

    #[test]
    fn draws_of_each_pass_are_told() {
        let repeated = told(true);
        // The draw that finds no free block belongs to no I/O.
        assert_eq!(repeated.len(), 17);
        assert_eq!(repeated[..8], repeated[9..]);
        let going_on = told(false);
        assert_eq!(going_on.len(), 17);
        assert_ne!(going_on[..8], going_on[9..]);
    }
}
