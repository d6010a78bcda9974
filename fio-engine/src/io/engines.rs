//! The engines a run may use, by name.

use std::collections::BTreeMap;
use std::fmt;

use super::locked::Locked;
use super::offload::worker;
use super::{
    CpuLoad, Falloc, FileCreate, FileDelete, FileStat, FileUse, Ftruncate, IoEngine, IoUring,
    LibAio, Mmap, Null, PosixAio, Psync, Pvsync, Pvsync2, Splice, Sync, Vsync,
};
use crate::job::{LockMode, SubmitMode};
use crate::run::{JobContext, JobLoop, job_loop, offloaded_job_loop};

/// The set of engines that `ioengine=` may name.
///
/// ```
/// use fio_engine::io::Engines;
/// assert!(Engines::standard().names().any(|name| name == "psync"));
/// ```
#[derive(Clone)]
pub struct Engines {
    by_name: BTreeMap<String, Engine>,
}

/// One registered engine: its job loop, compiled for it.
#[derive(Clone, Copy)]
pub(crate) struct Engine {
    pub(crate) files: FileUse,
    pub(crate) keeps_in_flight: bool,
    pub(crate) uses_cpu_only: bool,
    pub(crate) run: JobLoop,
}

impl Engines {
    /// The engines of this crate: see the [module documentation](super).
    #[must_use]
    pub fn standard() -> Self {
        Self {
            by_name: BTreeMap::new(),
        }
        .register::<Null>("null")
        .register::<Sync>("sync")
        .register::<Psync>("psync")
        .register::<Pvsync>("pvsync")
        .register::<Pvsync2>("pvsync2")
        .register::<Vsync>("vsync")
        .register::<Mmap>("mmap")
        .register::<Splice>("splice")
        .register::<Falloc>("falloc")
        .register::<Ftruncate>("ftruncate")
        .register::<FileCreate>("filecreate")
        .register::<FileStat>("filestat")
        .register::<FileDelete>("filedelete")
        .register::<CpuLoad>("cpuio")
        .register::<LibAio>("libaio")
        .register::<IoUring>("io_uring")
        .register::<PosixAio>("posixaio")
    }

    /// Adds an engine, or replaces the one of the same name.
    #[must_use]
    pub fn register<E: IoEngine>(mut self, name: impl Into<String>) -> Self {
        let run: JobLoop = |context: JobContext<'_>| {
            let spec = context.spec;
            let locks = E::FILES.opens() && spec.files.lock != LockMode::None;
            let offloads = spec.submit_mode == SubmitMode::Offload && !E::USES_CPU_ONLY;
            match (offloads, locks) {
                (false, false) => job_loop::<E>(context),
                (false, true) => job_loop::<Locked<E>>(context),
                (true, false) => offloaded_job_loop(context, worker::<E>),
                (true, true) => offloaded_job_loop(context, worker::<Locked<E>>),
            }
        };
        self.by_name.insert(
            name.into(),
            Engine {
                files: E::FILES,
                keeps_in_flight: E::KEEPS_IN_FLIGHT,
                uses_cpu_only: E::USES_CPU_ONLY,
                run,
            },
        );
        self
    }

    /// The registered names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Whether the engine of this name does anything to files; `None` without such an engine.
    #[must_use]
    pub fn needs_files(&self, name: &str) -> Option<bool> {
        self.find(name).map(|engine| engine.files != FileUse::None)
    }

    /// Whether the engine of this name can have several I/Os in flight; `None` without such an
    /// engine.
    #[must_use]
    pub fn keeps_in_flight(&self, name: &str) -> Option<bool> {
        self.find(name).map(|engine| engine.keeps_in_flight)
    }

    pub(crate) fn find(&self, name: &str) -> Option<Engine> {
        self.by_name.get(name).copied()
    }
}

impl Default for Engines {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
