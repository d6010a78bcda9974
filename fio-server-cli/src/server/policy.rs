//! What jobs of a peer may ask for: how many, how much memory, which files.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fio_engine::job::{JobSpec, SizeOrPercent};

use super::error::ServerError;
use super::options::{Limits, ServerOptions};

/// The rules every job of a peer is held to before it runs.
#[derive(Debug)]
pub(super) struct Policy {
    limits: Limits,
    /// Resolved; empty means no restriction.
    allowed_paths: Vec<PathBuf>,
    jobs_running: Arc<AtomicUsize>,
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
    #[error("job {job}: this server does not allow files at {}", path.display())]
    Path { job: String, path: PathBuf },
    #[error("job {job}: this server does not allow filename_format to leave its folder")]
    NameFormat { job: String },
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
            jobs_running: Arc::default(),
        })
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Checks all jobs of a run and counts them against the server's total.
    pub(super) fn admit(&self, jobs: &[JobSpec]) -> Result<JobSlots, Refusal> {
        let wanted = jobs
            .iter()
            .fold(0_usize, |sum, job| sum.saturating_add(job.clones as usize));
        let limit = self.limits.jobs_per_run;
        if wanted > limit {
            return Err(Refusal::JobsPerRun { wanted, limit });
        }
        self.check_memory(jobs)?;
        jobs.iter().try_for_each(|job| self.check_paths(job))?;
        self.reserve(wanted)
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

    fn check_memory(&self, jobs: &[JobSpec]) -> Result<(), Refusal> {
        let wanted = jobs.iter().fold(0, |sum: u64, job| {
            sum.saturating_add(memory_of(job).saturating_mul(u64::from(job.clones)))
        });
        let limit = self.limits.memory_per_run;
        if wanted > limit {
            return Err(Refusal::Memory { wanted, limit });
        }
        Ok(())
    }

    /// Checks where the files of a job are, links followed, as of now. Somebody who can already
    /// change links below an allowed folder on this machine could redirect a later open.
    fn check_paths(&self, job: &JobSpec) -> Result<(), Refusal> {
        if self.allowed_paths.is_empty() {
            return Ok(());
        }
        let leaves = |format: &String| format.contains("..") || format.starts_with('/');
        if job.file_name_format.as_ref().is_some_and(leaves) {
            return Err(Refusal::NameFormat {
                job: job.name.clone(),
            });
        }
        match files_of(job).find(|path| !self.allows(path)) {
            Some(path) => Err(Refusal::Path {
                job: job.name.clone(),
                path,
            }),
            None => Ok(()),
        }
    }

    fn allows(&self, path: &Path) -> bool {
        resolve_existing(path)
            .is_some_and(|path| self.allowed_paths.iter().any(|root| path.starts_with(root)))
    }
}

/// Every place a file of the job may be: each name in each folder. Without names they are made
/// from the job's own, which may hold slashes.
fn files_of(job: &JobSpec) -> impl Iterator<Item = PathBuf> {
    let mut folders = job.directories.clone();
    if folders.is_empty() {
        folders.push(PathBuf::new());
    }
    let mut names = job.file_names.clone();
    if names.is_empty() {
        names.push(job.name.clone());
    }
    folders.into_iter().flat_map(move |folder| {
        let names = names.clone().into_iter();
        names.map(move |name| folder.join(name))
    })
}

/// Bytes one clone needs for its I/O buffers and its random map, at least.
fn memory_of(job: &JobSpec) -> u64 {
    let largest = job.block_sizes.iter().map(|(_, sizes)| sizes.max()).max();
    let buffers = largest.unwrap_or(0).saturating_mul(u64::from(job.io_depth));
    let files = job.file_names.len().max(job.file_count as usize) as u64;
    buffers
        .saturating_add(random_map_of(job))
        .saturating_add(files.saturating_mul(BYTES_PER_FILE))
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
    use fio_engine::job::{BlockSizes, Pattern};

    use super::*;

    fn policy(change: impl FnOnce(&mut ServerOptions)) -> Policy {
        let mut options = ServerOptions::default();
        change(&mut options);
        Policy::new(&options).unwrap()
    }

    fn job(name: &str) -> JobSpec {
        JobSpec::new(name)
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
            policy.admit(&five),
            Err(Refusal::JobsPerRun {
                wanted: 5,
                limit: 4
            })
        ));
        let four = [four];
        let slots = policy.admit(&four).unwrap();
        assert!(matches!(
            policy.admit(&four),
            Err(Refusal::JobsInTotal { running: 4, .. })
        ));
        drop(slots);
        policy.admit(&four).unwrap();
    }

    #[test]
    fn buffers_and_random_maps_are_bounded() {
        let policy = policy(|options| options.limits.memory_per_run = 1 << 30);
        let mut large = job("large");
        large.block_sizes = PerDirection::splat(BlockSizes::Fixed(1 << 40));
        assert!(matches!(
            policy.admit(&[large]),
            Err(Refusal::Memory { .. })
        ));
        let mut files = job("files");
        files.file_count = 1 << 20;
        policy.admit(&[files.clone()]).unwrap();
        files.clones = 3;
        assert!(matches!(
            policy.admit(&[files]),
            Err(Refusal::Memory { .. })
        ));
        let mut map = job("map");
        map.pattern = Pattern::RANDOM_READ;
        map.size = Some(SizeOrPercent::Bytes(1 << 60));
        assert!(matches!(
            policy.admit(&[map.clone()]),
            Err(Refusal::Memory { .. })
        ));
        map.no_random_map = true;
        policy.admit(&[map]).unwrap();
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
        policy.admit(&[given.clone()]).unwrap();
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
            assert_eq!(policy.admit(&[given.clone()]).is_ok(), allowed, "{names}");
        }
        assert!(policy.admit(&[job("a")]).is_err(), "current folder");
    }

    #[test]
    fn name_formats_stay_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
        let mut given = job("a");
        given.directories = vec![folder.path().to_owned()];
        for (format, allowed) in [("$jobname.$filenum", true), ("../$jobname", false)] {
            given.file_name_format = Some(format.to_owned());
            assert_eq!(policy.admit(&[given.clone()]).is_ok(), allowed, "{format}");
        }
    }
}
