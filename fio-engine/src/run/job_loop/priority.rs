//! Which priority each I/O gets: fio's `cmdprio` family.
//!
//! A draw of 1 to 100 from a stream of its own decides. As in fio, nothing is drawn for an I/O that
//! no option gives a chance, and the draws start over with each loop of a repeatable job.

use crate::direction::Direction;
use crate::job::{CommandPriority, IoPriority, JobSpec, PriorityOptions};
use crate::workload::Tausworthe;

use super::failure::JobFailure;

/// Chooses the priorities of a job's I/Os.
#[derive(Debug)]
pub(super) struct PriorityChooser {
    /// Of I/Os that were not chosen: the job's, or 0.
    base: u16,
    reads: Rule,
    writes: Rule,
    random: Tausworthe,
    start: Tausworthe,
    /// The loop the draws belong to; `None` if they never start over.
    pass: Option<u64>,
}

#[derive(Debug)]
enum Rule {
    Never,
    Share(Step),
    BySize(Vec<(u64, Vec<Step>)>),
}

/// A draw up to the percentage gives this priority.
#[derive(Debug, Clone, Copy)]
struct Step {
    up_to: u32,
    priority: u16,
}

impl PriorityChooser {
    /// The chooser of a clone; `None` if its I/Os all have the process's priority. `seed` is
    /// that of [`Stream::Priority`](crate::workload::Stream::Priority).
    ///
    /// # Errors
    /// Options that contradict each other.
    pub(super) fn new(spec: &JobSpec, seed: u64) -> Result<Option<Self>, JobFailure> {
        let options = &spec.priority;
        let base = options.of_job();
        if base.is_none() && !options.by_command() {
            return Ok(None);
        }
        // As fio, a generator takes the low 32 bits.
        let random = Tausworthe::new(seed as u32);
        let starts_over = spec.repeatable && spec.random_seed.is_none() && !spec.time_based;
        Ok(Some(Self {
            base: base.map_or(0, IoPriority::bits),
            reads: Rule::new(&options.reads)?,
            writes: Rule::new(&options.writes)?,
            start: random.clone(),
            random,
            pass: starts_over.then_some(0),
        }))
    }

    /// The priority of the next I/O, 0 for that of the process. `pass` counts the job's loops.
    pub(super) fn choose(&mut self, direction: Direction, bytes: u64, pass: u64) -> u16 {
        if self.pass.is_some_and(|known| known != pass) {
            self.pass = Some(pass);
            self.random = self.start.clone();
        }
        let rule = match direction {
            Direction::Read => &self.reads,
            Direction::Write => &self.writes,
            Direction::Trim => return self.base,
        };
        let steps = match rule {
            Rule::Never => return self.base,
            Rule::Share(step) => std::slice::from_ref(step),
            Rule::BySize(sizes) => match sizes.iter().find(|(size, _)| *size == bytes) {
                Some((_, steps)) => steps.as_slice(),
                None => return self.base,
            },
        };
        let draw = self.random.percent();
        steps
            .iter()
            .find(|step| draw <= step.up_to)
            .map_or(self.base, |step| step.priority)
    }
}

impl Rule {
    fn new(command: &CommandPriority) -> Result<Self, JobFailure> {
        let invalid = |message: String| Err(JobFailure::new(libc::EINVAL, message));
        if command.percentage > 0 && command.splits() {
            return invalid(
                "cmdprio_percentage and cmdprio_bssplit exclude each other; take one away"
                    .to_owned(),
            );
        }
        if command.percentage > 0 {
            return Ok(Self::Share(Step {
                up_to: command.percentage.into(),
                priority: command.priority().bits(),
            }));
        }
        let mut sizes: Vec<(u64, Vec<Step>)> = Vec::new();
        for entry in command.by_size.iter().filter(|entry| entry.percentage > 0) {
            let place = sizes.iter().position(|(size, _)| *size == entry.block_size);
            let place = place.unwrap_or_else(|| {
                sizes.push((entry.block_size, Vec::new()));
                sizes.len() - 1
            });
            let steps = &mut sizes[place].1;
            let up_to = steps.last().map_or(0, |step| step.up_to) + u32::from(entry.percentage);
            if up_to > 100 {
                return invalid(format!(
                    "cmdprio_bssplit: the shares of blocks of {} bytes are more than 100 %",
                    entry.block_size
                ));
            }
            let priority = entry.priority.unwrap_or_else(|| command.priority());
            steps.push(Step {
                up_to,
                priority: priority.bits(),
            });
        }
        if sizes.is_empty() {
            Ok(Self::Never)
        } else {
            Ok(Self::BySize(sizes))
        }
    }
}

/// The priorities that I/Os of each direction may have, the job's own first: reads, writes.
pub(super) fn expected(options: &PriorityOptions) -> [Vec<u16>; 2] {
    let base = options.of_job().map_or(0, IoPriority::bits);
    [&options.reads, &options.writes].map(|command| {
        let chosen = command.priorities().map(IoPriority::bits);
        std::iter::once(base).chain(chosen).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::SizedPriority;
    use crate::workload::{RandomRule, Seeds, Stream};

    fn chooser(change: impl FnOnce(&mut JobSpec)) -> Result<PriorityChooser, JobFailure> {
        let mut spec = JobSpec::new("prioritised");
        change(&mut spec);
        let seeds = Seeds::new(&spec, 1, RandomRule::Newest);
        PriorityChooser::new(&spec, seeds.of(Stream::Priority))
            .map(|chooser| chooser.expect("priorities are given"))
    }

    fn shares(chooser: &mut PriorityChooser, direction: Direction, pass: u64) -> String {
        (0..32)
            .map(|_| match chooser.choose(direction, 4096, pass) {
                0 => '.',
                0x4001 => 'H',
                _ => '?',
            })
            .collect()
    }

    /// `fio --rw=randread --cmdprio_percentage=30 --cmdprio_class=2 --cmdprio=1 --log_prio=1
    /// --write_lat_log` of Debian's fio 3.33.
    const OF_FIO: &str = "H.HH.........H....H...HHH...H...";

    #[test]
    fn draws_are_fios_and_start_over_with_each_loop() {
        let mut chooser = chooser(|spec| {
            spec.priority.reads.percentage = 30;
            spec.priority.reads.class = Some(2);
            spec.priority.reads.level = 1;
        })
        .unwrap();
        assert_eq!(shares(&mut chooser, Direction::Write, 0), ".".repeat(32));
        assert_eq!(shares(&mut chooser, Direction::Read, 0), OF_FIO);
        assert_ne!(shares(&mut chooser, Direction::Read, 0), OF_FIO);
        assert_eq!(shares(&mut chooser, Direction::Read, 1), OF_FIO);
    }

    #[test]
    fn sizes_have_shares_of_their_own_in_the_order_given() {
        let sized = |block_size, percentage, bits: Option<(u8, u8)>| SizedPriority {
            block_size,
            percentage,
            priority: bits.map(|(class, level)| IoPriority::new(class, level, 0)),
        };
        let mut chooser = chooser(|spec| {
            spec.priority.reads.by_size = vec![
                sized(4096, 30, Some((2, 3))),
                sized(4096, 20, Some((2, 1))),
                sized(8192, 60, Some((1, 2))),
                sized(16384, 0, None),
            ];
        })
        .unwrap();
        // The first I/Os of the same in fio; its draws are 2, 71, 21, 8, 71, 34.
        assert_eq!(chooser.choose(Direction::Read, 16384, 0), 0);
        let chosen = [4096, 8192, 8192, 4096, 8192, 4096]
            .map(|bytes| chooser.choose(Direction::Read, bytes, 0));
        assert_eq!(chosen, [0x4003, 0, 0x2002, 0x4003, 0, 0x4001]);
    }

    #[test]
    fn contradictions_are_refused() {
        let twice = |percentage| SizedPriority {
            block_size: 4096,
            percentage,
            priority: None,
        };
        let both = chooser(|spec| {
            spec.priority.reads.percentage = 1;
            spec.priority.reads.by_size = vec![twice(1)];
        });
        assert!(both.unwrap_err().message.contains("exclude each other"));
        let too_much = chooser(|spec| {
            spec.priority.writes.by_size = vec![twice(60), twice(60)];
        });
        assert!(too_much.unwrap_err().message.contains("more than 100"));
    }
}
