//! What jobs of a peer may ask for: how many, how much memory, which files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fio_engine::files;
use fio_engine::io::Engines;
use fio_engine::job::{IoPriority, JobSpec, SizeOrPercent};

use super::error::ServerError;
use super::options::{Limits, ServerOptions};

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
}

impl Usage {
    fn of(job: &JobSpec) -> Self {
        let clones = u64::from(job.clones);
        Self {
            jobs: job.clones as usize,
            files: file_count(job).saturating_mul(clones),
            memory: memory_of(job).saturating_mul(clones),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            jobs: self.jobs.saturating_add(other.jobs),
            files: self.files.saturating_add(other.files),
            memory: self.memory.saturating_add(other.memory),
        }
    }
}

/// Why jobs are not run. The text goes to the peer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{wanted} jobs are more than the {limit} this server runs for one client at once")]
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
    #[error("job {job}: {reason}")]
    Names { job: String, reason: String },
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
        if self.engines.needs_files(&job.engine) == Some(false) {
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

/// Files a job reads or maps besides those it works on.
fn other_paths(job: &JobSpec) -> impl Iterator<Item = &Path> {
    let pattern = job
        .buffers
        .pattern
        .iter()
        .flat_map(|pattern| pattern.files());
    pattern.chain(&job.memory.file).map(PathBuf::as_path)
}

/// Bytes one clone needs for its I/O buffers and its random map, at least.
fn memory_of(job: &JobSpec) -> u64 {
    buffers_of(job)
        .saturating_add(random_map_of(job))
        .saturating_add(file_count(job).saturating_mul(BYTES_PER_FILE))
}

/// Bytes of the I/O buffers of one clone.
fn buffers_of(job: &JobSpec) -> u64 {
    let largest = job.block_sizes.iter().map(|(_, sizes)| sizes.max()).max();
    let buffers = largest.unwrap_or(0).saturating_mul(u64::from(job.io_depth));
    let bytes = buffers.saturating_add(job.memory.alignment.into());
    let page = u64::from(job.memory.huge_page_size.max(1));
    if job.memory.kind.is_huge() {
        bytes.checked_next_multiple_of(page).unwrap_or(u64::MAX)
    } else {
        bytes
    }
}

/// Files of one clone.
fn file_count(job: &JobSpec) -> u64 {
    let named = job.file_names.len() as u64;
    named.max(job.file_count.into())
}

/// What a job remembers of each file, names included: about 500 bytes were measured.
const BYTES_PER_FILE: u64 = 512;

/// Bytes of the map that has one bit per block; 0 where its size is not known beforehand.
fn random_map_of(job: &JobSpec) -> u64 {
    if !job.pattern.random || job.no_random_map || job.soft_random_map {
        return 0;
    }
    let smallest = job.block_sizes.iter().map(|(_, sizes)| sizes.min()).min();
    let smallest = smallest.unwrap_or(1).max(1);
    let of_size = match job.size {
        Some(SizeOrPercent::Bytes(bytes)) => bytes,
        _ => 0,
    };
    let of_files = job.file_size.map_or(0, |(_, high)| {
        high.saturating_mul(u64::from(job.file_count))
    });
    of_size.max(of_files) / smallest / 8
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
mod tests {
    use fio_engine::PerDirection;
    use fio_engine::job::{BlockSizes, BufferPattern, MemoryKind, Pattern};

    use super::*;

    fn policy(change: impl FnOnce(&mut ServerOptions)) -> Policy {
        let mut options = ServerOptions::default();
        change(&mut options);
        Policy::new(&options).unwrap()
    }

    fn job(name: &str) -> JobSpec {
        JobSpec::new(name)
    }

    fn admit(policy: &Policy, jobs: &[JobSpec]) -> Result<(JobSlots, Usage), Refusal> {
        policy.admit(jobs, Usage::default(), &AtomicBool::new(false))
    }

    #[test]
    fn clones_count_against_one_client_and_against_all() {
        let policy = policy(|options| {
            options.limits.jobs_per_run = 4;
            options.limits.jobs_in_total = 6;
        });
        let mut four = job("a");
        four.clones = 4;
        let five = [four.clone(), job("b")];
        assert!(matches!(
            admit(&policy, &five),
            Err(Refusal::JobsPerRun {
                wanted: 5,
                limit: 4
            })
        ));
        let four = [four];
        let slots = admit(&policy, &four).unwrap();
        assert!(matches!(
            admit(&policy, &four),
            Err(Refusal::JobsInTotal { running: 4, .. })
        ));
        drop(slots);
        admit(&policy, &four).unwrap();
    }

    #[test]
    fn buffers_and_random_maps_are_bounded() {
        let policy = policy(|options| options.limits.memory_per_run = 1 << 30);
        let mut large = job("large");
        large.block_sizes = PerDirection::splat(BlockSizes::Fixed(1 << 40));
        assert!(matches!(
            admit(&policy, &[large]),
            Err(Refusal::Memory { .. })
        ));
        let mut files = job("files");
        files.file_count = 1 << 18;
        admit(&policy, &[files.clone()]).unwrap();
        files.clones = 2;
        assert!(matches!(
            admit(&policy, &[files]),
            Err(Refusal::Files { .. })
        ));
        let mut map = job("map");
        map.pattern = Pattern::RANDOM_READ;
        map.size = Some(SizeOrPercent::Bytes(1 << 60));
        assert!(matches!(
            admit(&policy, &[map.clone()]),
            Err(Refusal::Memory { .. })
        ));
        map.no_random_map = true;
        admit(&policy, &[map]).unwrap();
    }

    #[test]
    fn files_stay_in_the_allowed_folders() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        std::os::unix::fs::symlink("/", inside.join("link")).unwrap();
        std::os::unix::fs::symlink("/nonexistent/x", inside.join("dangling")).unwrap();
        let policy = policy(|options| options.allowed_paths = vec![inside.clone()]);

        let mut given = job("a");
        given.directories = vec![inside];
        admit(&policy, &[given.clone()]).unwrap();
        for (names, allowed) in [
            ("new", true),
            ("deep/new", true),
            ("../inside/new", true),
            ("../outside", false),
            ("link/etc/passwd", false),
            ("dangling", false),
            ("new/../../outside", false),
            ("/etc/passwd", false),
        ] {
            given.file_names = vec![names.to_owned()];
            assert_eq!(admit(&policy, &[given.clone()]).is_ok(), allowed, "{names}");
        }
        assert!(admit(&policy, &[job("a")]).is_err(), "current folder");
    }

    #[test]
    fn patterns_and_mapped_buffers_stay_in_the_allowed_folders() {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
        let mut given = job("a");
        given.engine = "null".to_owned();
        admit(&policy, &[given.clone()]).unwrap();
        for (path, allowed) in [
            (folder.path().join("x"), true),
            ("/etc/passwd".into(), false),
        ] {
            let text = format!("\"x\"'{}'", path.display());
            let pattern = BufferPattern::parse(text.as_bytes()).unwrap();
            let mut patterned = given.clone();
            patterned.buffers.pattern = Some(pattern);
            assert_eq!(admit(&policy, &[patterned]).is_ok(), allowed, "{text}");
            let mut mapped = given.clone();
            mapped.memory.file = Some(path);
            assert_eq!(admit(&policy, &[mapped]).is_ok(), allowed, "{text}");
        }
    }

    #[test]
    fn alignment_and_huge_pages_count_as_memory() {
        let policy = policy(|options| options.limits.memory_per_run = 1 << 30);
        let mut aligned = job("aligned");
        aligned.memory.alignment = u32::MAX;
        let mut huge = job("huge");
        huge.memory.kind = MemoryKind::HugeMapping;
        admit(&policy, &[huge.clone()]).unwrap();
        huge.memory.huge_page_size = u32::MAX;
        for job in [aligned, huge] {
            let refused = admit(&policy, &[job]);
            assert!(
                matches!(refused, Err(Refusal::Memory { .. })),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn folders_are_listed_only_where_they_are_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        for name in ["a", "b"] {
            std::fs::write(inside.join(name), b"x").unwrap();
        }
        let policy = policy(|options| {
            options.allowed_paths = vec![inside.clone()];
            options.limits.files_per_run = 2;
        });
        let mut given = job("a");
        given.files.folder = Some(folder.path().to_owned());
        assert!(matches!(
            admit(&policy, &[given.clone()]),
            Err(Refusal::Path { .. })
        ));
        given.files.folder = Some(inside);
        admit(&policy, &[given.clone()]).unwrap();
        given.clones = 2;
        let too_many = Refusal::Files {
            wanted: 4,
            limit: 2,
        };
        assert_eq!(admit(&policy, &[given]).unwrap_err(), too_many);
    }

    #[test]
    fn devices_in_use_are_not_written_for_peers() {
        let mut given = job("a");
        given.files.allow_mounted_write = true;
        let refusal = admit(&policy(|_| ()), &[given]).unwrap_err().to_string();
        assert!(refusal.contains("allow_mounted_write"), "{refusal}");
    }

    #[test]
    fn every_file_a_job_opens_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
        let link = |name: &str| {
            std::os::unix::fs::symlink("/etc/passwd", folder.path().join(name)).unwrap();
        };
        let mut given = job("a");
        given.directories = vec![folder.path().to_owned()];
        (given.clones, given.file_count) = (2, 3);
        admit(&policy, &[given.clone()]).unwrap();
        link("a.1.2");
        assert!(admit(&policy, &[given.clone()]).is_err());
        given.clones = 1;
        admit(&policy, &[given.clone()]).unwrap();
        for (format, allowed) in [
            ("$jobname.$filenum", true),
            ("../$jobname", false),
            ("/etc/$jobname", false),
        ] {
            given.file_name_format = Some(format.to_owned());
            assert_eq!(
                admit(&policy, &[given.clone()]).is_ok(),
                allowed,
                "{format}"
            );
        }
    }

    #[test]
    fn real_time_io_is_for_servers_that_allow_it() {
        let mut given = JobSpec::new("urgent");
        given.engine = "null".to_owned();
        given.priority.class = Some(IoPriority::BEST_EFFORT);
        let admit = |job: &JobSpec, allowed| {
            let policy = policy(|options| options.limits.real_time_io = allowed);
            let never = AtomicBool::new(false);
            let jobs = std::slice::from_ref(job);
            policy.admit(jobs, Usage::default(), &never).map(drop)
        };
        assert_eq!(admit(&given, false), Ok(()));
        given.priority.reads.percentage = 10;
        let refused = admit(&given, false).unwrap_err().to_string();
        assert!(
            refused.contains("urgent") && refused.contains("cmdprio_class"),
            "{refused}"
        );
        assert_eq!(admit(&given, true), Ok(()));
    }

    #[test]
    fn engines_without_files_are_not_held_to_folders() {
        let policy = policy(|options| options.allowed_paths = vec![std::env::temp_dir()]);
        let mut given = job("a");
        given.engine = "null".to_owned();
        admit(&policy, &[given]).unwrap();
    }

    #[test]
    fn usage_adds_up_over_messages() {
        let policy = policy(|options| options.limits.jobs_per_run = 3);
        let mut two = job("a");
        two.clones = 2;
        let two = [two];
        let (_slots, usage) = admit(&policy, &two).unwrap();
        let again = policy.admit(&two, usage, &AtomicBool::new(false));
        assert!(matches!(again, Err(Refusal::JobsPerRun { wanted: 4, .. })));
    }
}
