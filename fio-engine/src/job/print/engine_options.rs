//! Options of engines, written back.

use std::fmt::Display;

use super::Printer;
use crate::job::options;
use crate::job::spec::JobSpec;
use crate::job::spec::priority::{CommandPriority, IoPriority, PriorityOptions, SizedPriority};
use crate::job::{CpuWork, EngineOptions, StatCall};

impl Printer {
    /// The options that the job's engine has; it ignores the others.
    pub(super) fn engine_options(&mut self, spec: &JobSpec) {
        let given = &spec.engine_options;
        let (ring, libaio) = (&given.io_uring, &given.libaio);
        let flags = [
            ("hipri", given.polled),
            ("nowait", given.no_wait),
            ("uncached", given.uncached),
            ("fixedbufs", ring.fixed_buffers),
            ("registerfiles", ring.registered_files),
            ("sqthread_poll", ring.kernel_thread),
            ("libaio_vectored", libaio.vectored),
            ("userspace_reap", libaio.userspace_reap),
            ("thp", given.mmap.huge_pages),
            ("exit_on_io_done", given.cpu.exit_with_io),
        ];
        for (name, set) in flags {
            self.of_engine(spec, name, set.then_some(1));
        }
        self.of_engine(spec, "sqthread_poll_cpu", ring.kernel_thread_cpu);
        self.of_engine(spec, "nonvectored", ring.vectored.then_some(0));
        let force_async = Some(ring.force_async).filter(|every| *every > 0);
        self.of_engine(spec, "force_async", force_async);
        self.whole_files_and_cpu(spec);
        self.command_priorities(spec);
    }

    /// Values that are not the defaults.
    fn whole_files_and_cpu(&mut self, spec: &JobSpec) {
        let (given, default) = (&spec.engine_options, EngineOptions::default());
        let differs = |value: u32, default: u32| Some(value).filter(|value| *value != default);
        let polled = |options: &EngineOptions| u32::from(options.pvsync2.polled_percentage);
        let polled = differs(polled(given), polled(&default));
        self.of_engine(spec, "hipri_percentage", polled);
        let call = given.file_stat.call;
        let call = (call != StatCall::default()).then(|| call.name());
        self.of_engine(spec, "stat_type", call);
        self.of_engine(spec, "cpuload", differs(given.cpu.load.into(), 0));
        let chunk = differs(given.cpu.chunk_microseconds, default.cpu.chunk_microseconds);
        self.of_engine(spec, "cpuchunks", chunk);
        let work = given.cpu.work;
        let work = (work != CpuWork::default()).then(|| work.name());
        self.of_engine(spec, "cpumode", work);
    }

    pub(super) fn priority(&mut self, priority: &PriorityOptions) {
        let parts = [
            ("prioclass", priority.class.map(u64::from)),
            ("prio", priority.level.map(u64::from)),
            ("priohint", priority.hint.map(u64::from)),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                self.put(name, part);
            }
        }
    }

    fn command_priorities(&mut self, spec: &JobSpec) {
        let given = [&spec.priority.reads, &spec.priority.writes];
        let numbers = |of: fn(&CommandPriority) -> Option<u64>| pair(given.map(of));
        let percentages = numbers(|one| Some(one.percentage.into()).filter(|value| *value > 0));
        self.of_engine(spec, "cmdprio_percentage", percentages);
        self.of_engine(
            spec,
            "cmdprio_class",
            numbers(|one| one.class.map(u64::from)),
        );
        let levels = numbers(|one| Some(one.level.into()).filter(|value| *value > 0));
        self.of_engine(spec, "cmdprio", levels);
        let hints = numbers(|one| Some(one.hint.into()).filter(|value| *value > 0));
        self.of_engine(spec, "cmdprio_hint", hints);
        let splits = given.map(|one| {
            let entries: Vec<String> = one.by_size.iter().map(entry).collect();
            Some(entries.join(":")).filter(|entries| !entries.is_empty())
        });
        self.of_engine(spec, "cmdprio_bssplit", pair(splits));
    }

    fn of_engine(&mut self, spec: &JobSpec, name: &'static str, value: Option<impl Display>) {
        let known = options::find(name.as_bytes())
            .is_some_and(|option| option.engines.contains(&spec.engine.as_str()));
        if let (Some(value), true) = (value, known) {
            self.put(name, value);
        }
    }
}

/// `reads,writes`; where one is missing, nothing.
fn pair<T: Display>(values: [Option<T>; 2]) -> Option<String> {
    let [reads, writes] = values.map(|value| value.map(|value| value.to_string()));
    (reads.is_some() || writes.is_some()).then(|| {
        format!(
            "{},{}",
            reads.unwrap_or_default(),
            writes.unwrap_or_default()
        )
    })
}

fn entry(entry: &SizedPriority) -> String {
    let share = format!("{}/{}", entry.block_size, entry.percentage);
    match entry.priority {
        None => share,
        Some(priority) => {
            let (class, level, hint) = parts(priority);
            format!("{share}/{class}/{level}/{hint}")
        }
    }
}

const fn parts(priority: IoPriority) -> (u8, u16, u16) {
    let bits = priority.bits();
    (priority.class(), bits & 7, bits >> 3 & 0x3ff)
}
