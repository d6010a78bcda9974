//! What jobs of a peer may ask for: how many, how much memory, which files, what of the system.

mod burden;
mod system;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fio_engine::files;
use fio_engine::io::Engines;
use fio_engine::job::{IoPriority, JobSpec};
use fio_engine::replay::ReplayNeeds;

use super::error::ServerError;
use super::options::{Limits, ServerOptions};

/// Powers that one run sums up at most before its first I/O: some ten seconds of one CPU, during
/// which a job cannot be stopped.
const MOST_POWERS: u64 = 500_000_000;

/// The rules every job of a peer is held to before it runs.
pub(super) struct Policy {
    limits: Limits,
    /// Resolved; empty means no restriction.
    allowed_paths: Vec<PathBuf>,
    engines: Engines,
    jobs_running: Arc<AtomicUsize>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut policy = formatter.debug_struct("Policy");
        policy
            .field("limits", &self.limits)
            .field("allowed_paths", &self.allowed_paths)
            .finish_non_exhaustive()
    }
}

/// What the jobs of one run use, as far as that is known before it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    jobs: usize,
    files: u64,
    memory: u64,
    /// Powers summed up before the first I/O, for distributions of offsets.
    powers: u64,
}

impl Usage {
    fn of(job: &JobSpec) -> Self {
        let clones = u64::from(job.clones);
        Self {
            jobs: burden::threads_of(job).saturating_mul(job.clones as usize),
            files: burden::file_count(job).saturating_mul(clones),
            memory: burden::memory_of(job).saturating_mul(clones),
            powers: burden::powers_of(job).saturating_mul(clones),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            jobs: self.jobs.saturating_add(other.jobs),
            files: self.files.saturating_add(other.files),
            memory: self.memory.saturating_add(other.memory),
            powers: self.powers.saturating_add(other.powers),
        }
    }
}

/// Why jobs are not run. The text goes to the peer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "{wanted} jobs, threads for offloaded I/O counted, are more than the {limit} this server runs \
         for one client at once"
    )]
    JobsPerRun { wanted: usize, limit: usize },
    #[error(
        "this server runs {running} jobs already and at most {limit}; {wanted} more do not fit, \
         try again later"
    )]
    JobsInTotal {
        wanted: usize,
        running: usize,
        limit: usize,
    },
    #[error(
        "the jobs need {wanted} bytes for buffers, files and random maps, this server gives one \
         client {limit}; lower bs, iodepth, nrfiles or numjobs, or set norandommap"
    )]
    Memory { wanted: u64, limit: u64 },
    #[error(
        "the jobs must sum up {wanted} powers for random_distribution=zipf before their first I/O, \
         this server does {MOST_POWERS} for one client; lower numjobs or size, or raise bs"
    )]
    Powers { wanted: u64 },
    #[error("the jobs have {wanted} files, this server gives one client {limit}; lower nrfiles")]
    Files { wanted: u64, limit: u64 },
    #[error("job {job}: this server does not allow files at {}", path.display())]
    Path { job: String, path: PathBuf },
    #[error(
        "job {job}: this server does not let I/O of the real-time class go before that of others; \
         set prioclass, and with cmdprio_percentage or cmdprio_bssplit cmdprio_class, to 2 or 3"
    )]
    RealTime { job: String },
    #[error(
        "job {job}: this server writes to no device that is in use; leave out allow_mounted_write"
    )]
    MountedWrite { job: String },
    #[error("job {job}: {option} is not for clients of a server: {reason}")]
    System {
        job: String,
        option: &'static str,
        reason: &'static str,
    },
    #[error("job {job}: {reason}")]
    Names { job: String, reason: String },
    #[error("job {job}: read_iolog=- is the standard input of the server, which holds no log")]
    StandardInput { job: String },
    #[error("given up")]
    Cancelled,
}

/// Jobs counted against the server's total until this is dropped.
#[derive(Debug)]
pub(super) struct JobSlots {
    jobs_running: Arc<AtomicUsize>,
    count: usize,
}

impl Drop for JobSlots {
    fn drop(&mut self) {
        self.jobs_running.fetch_sub(self.count, Ordering::Relaxed);
    }
}

impl Policy {
    pub(super) fn new(options: &ServerOptions) -> Result<Self, ServerError> {
        let resolve = |path: &PathBuf| {
            path.canonicalize()
                .map_err(|source| ServerError::AllowedPath {
                    path: path.clone(),
                    source,
                })
        };
        Ok(Self {
            limits: options.limits.clone(),
            allowed_paths: options
                .allowed_paths
                .iter()
                .map(resolve)
                .collect::<Result<_, _>>()?,
            engines: options.engines.clone(),
            jobs_running: Arc::default(),
        })
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Checks jobs that are to run with others that use `before`, and counts them against the
    /// server's total. Returns what all of them use.
    pub(super) fn admit(
        &self,
        jobs: &[JobSpec],
        before: Usage,
        cancelled: &AtomicBool,
    ) -> Result<(JobSlots, Usage), Refusal> {
        let mut places = Places::default();
        let jobs: Vec<_> = jobs
            .iter()
            .map(|job| self.with_folder(job, &mut places))
            .collect::<Result<_, _>>()?;
        let usage = jobs.iter().map(|job| Usage::of(job));
        let usage = usage.fold(before, Usage::plus);
        self.check_usage(usage)?;
        for job in &jobs {
            self.check_priority(job)?;
            check_devices(job)?;
            system::check(job)?;
            check_logs(job)?;
        }
        if !self.allowed_paths.is_empty() {
            for job in &jobs {
                self.check_paths(job, &mut places, cancelled)?;
            }
        }
        let slots = self.reserve(usage.jobs - before.jobs)?;
        Ok((slots, usage))
    }

    /// The job with the files of its folder (`opendir`), which is listed only if it is allowed.
    fn with_folder<'j>(
        &self,
        job: &'j JobSpec,
        places: &mut Places,
    ) -> Result<Cow<'j, JobSpec>, Refusal> {
        if let Some(folder) = &job.files.folder
            && !self.allowed_paths.is_empty()
            && !places.real(folder).is_some_and(|real| self.allows(&real))
        {
            return Err(Refusal::Path {
                job: job.name.clone(),
                path: folder.clone(),
            });
        }
        match files::with_folder(job) {
            Ok(expanded) => Ok(expanded.map_or(Cow::Borrowed(job), Cow::Owned)),
            Err(error) => Err(Refusal::Names {
                job: job.name.clone(),
                reason: error.to_string(),
            }),
        }
    }

    /// Whether a log may be replayed that a peer has named. Where its files are and how large its
    /// I/Os become known when the run begins.
    pub(super) fn check_replay(&self, needs: &ReplayNeeds<'_>) -> Result<(), Refusal> {
        let (wanted, limit) = (needs.buffer_bytes, self.limits.memory_per_run);
        if wanted > limit {
            return Err(Refusal::Memory { wanted, limit });
        }
        let (wanted, limit) = (needs.files.len() as u64, self.limits.files_per_run);
        if wanted > limit {
            return Err(Refusal::Files { wanted, limit });
        }
        let mut places = Places::default();
        let restricted = !self.allowed_paths.is_empty();
        for path in needs.files.iter().filter(|_| restricted) {
            if !places.real(path).is_some_and(|real| self.allows(&real)) {
                let (job, path) = (needs.job.to_owned(), path.clone());
                return Err(Refusal::Path { job, path });
            }
        }
        Ok(())
    }

    fn check_usage(&self, usage: Usage) -> Result<(), Refusal> {
        let limits = &self.limits;
        if usage.jobs > limits.jobs_per_run {
            return Err(Refusal::JobsPerRun {
                wanted: usage.jobs,
                limit: limits.jobs_per_run,
            });
        }
        if usage.files > limits.files_per_run {
            return Err(Refusal::Files {
                wanted: usage.files,
                limit: limits.files_per_run,
            });
        }
        if usage.powers > MOST_POWERS {
            let wanted = usage.powers;
            return Err(Refusal::Powers { wanted });
        }
        if usage.memory > limits.memory_per_run {
            return Err(Refusal::Memory {
                wanted: usage.memory,
                limit: limits.memory_per_run,
            });
        }
        Ok(())
    }

    fn check_priority(&self, job: &JobSpec) -> Result<(), Refusal> {
        let real_time = job.priority.highest_class() == Some(IoPriority::REAL_TIME);
        if real_time && !self.limits.real_time_io {
            let job = job.name.clone();
            return Err(Refusal::RealTime { job });
        }
        Ok(())
    }

    fn reserve(&self, wanted: usize) -> Result<JobSlots, Refusal> {
        let limit = self.limits.jobs_in_total;
        let add = |running: usize| running.checked_add(wanted).filter(|sum| *sum <= limit);
        match self
            .jobs_running
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
        {
            Ok(_) => Ok(JobSlots {
                jobs_running: self.jobs_running.clone(),
                count: wanted,
            }),
            Err(running) => Err(Refusal::JobsInTotal {
                wanted,
                running,
                limit,
            }),
        }
    }

    /// Checks where the files of a job are, links followed, as of now. Somebody who can already
    /// change links below an allowed folder on this machine could redirect a later open.
    fn check_paths(
        &self,
        job: &JobSpec,
        places: &mut Places,
        cancelled: &AtomicBool,
    ) -> Result<(), Refusal> {
        for path in other_paths(job) {
            if !places.real(path).is_some_and(|real| self.allows(&real)) {
                let (job, path) = (job.name.clone(), path.to_owned());
                return Err(Refusal::Path { job, path });
            }
        }
        // The files of a log are looked at when it is read.
        if self.engines.needs_files(&job.engine) == Some(false) || job.replay.replays() {
            return Ok(());
        }
        // Names the user gave are the same for all clones.
        let clones = if job.file_names.is_empty() {
            job.clones
        } else {
            1
        };
        for clone in 0..clones {
            let paths = files::paths(job, clone).map_err(|error| Refusal::Names {
                job: job.name.clone(),
                reason: error.to_string(),
            })?;
            for path in paths {
                if cancelled.load(Ordering::Relaxed) {
                    return Err(Refusal::Cancelled);
                }
                if !places.real(&path).is_some_and(|real| self.allows(&real)) {
                    let job = job.name.clone();
                    return Err(Refusal::Path { job, path });
                }
            }
        }
        Ok(())
    }

    fn allows(&self, real: &Path) -> bool {
        self.allowed_paths.iter().any(|root| real.starts_with(root))
    }
}

fn check_devices(job: &JobSpec) -> Result<(), Refusal> {
    if job.files.allow_mounted_write {
        let job = job.name.clone();
        return Err(Refusal::MountedWrite { job });
    }
    Ok(())
}

/// The real places of paths. Each folder is looked up once: a job can have very many files.
#[derive(Debug, Default)]
struct Places {
    folders: HashMap<PathBuf, Option<PathBuf>>,
}

impl Places {
    /// The real place of a path whose last parts may not exist yet; `None` if it cannot be told.
    fn real(&mut self, path: &Path) -> Option<PathBuf> {
        let name = path.components().next_back();
        let (Some(Component::Normal(name)), Some(folder)) = (name, path.parent()) else {
            return resolve_existing(path);
        };
        let is_link = path
            .symlink_metadata()
            .is_ok_and(|found| found.is_symlink());
        if is_link {
            return resolve_existing(path);
        }
        let known = self
            .folders
            .entry(folder.to_owned())
            .or_insert_with(|| resolve_existing(folder));
        known.as_ref().map(|folder| folder.join(name))
    }
}

/// Refuses to replay what the server's own standard input holds.
fn check_logs(job: &JobSpec) -> Result<(), Refusal> {
    if job
        .replay
        .read_logs
        .iter()
        .any(|path| path.as_os_str() == "-")
    {
        let job = job.name.clone();
        return Err(Refusal::StandardInput { job });
    }
    Ok(())
}

/// Files a job reads or maps besides those it works on.
fn other_paths(job: &JobSpec) -> impl Iterator<Item = &Path> {
    let pattern = job.buffers.pattern.iter();
    let replay = &job.replay;
    let logs = replay.read_logs.iter().chain(&replay.write_log);
    let logs = logs.chain(&replay.merge.file);
    pattern
        .flat_map(|pattern| pattern.files())
        .chain(logs)
        .chain(&replay.redirect)
        .chain(&job.memory.file)
        .map(PathBuf::as_path)
}

/// The real place of a path whose last parts may not exist yet; `None` if it cannot be told.
fn resolve_existing(path: &Path) -> Option<PathBuf> {
    let here = Path::new(".");
    let path = if path.as_os_str().is_empty() {
        here
    } else {
        path
    };
    let absolute = std::path::absolute(path).ok()?;
    let mut rest = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        if let Ok(real) = existing.canonicalize() {
            return Some(rest.iter().rev().fold(real, |path, part| path.join(part)));
        }
        // A link that leads nowhere exists, and its target may be made through it.
        if existing.symlink_metadata().is_ok() {
            return None;
        }
        match existing.components().next_back()? {
            Component::Normal(part) => rest.push(part),
            _ => return None,
        }
        existing = existing.parent()?;
    }
}

#[cfg(test)]
mod tests;
