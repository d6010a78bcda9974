//! File descriptors: a run that needs more than it can have is refused before it makes a file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::RunError;
use super::options::RunOptions;
use super::plan::JobClone;
use crate::files;

/// Descriptors left to the rest of the process.
const SPARE: u64 = 64;

/// The most files that are open at the same time, those of logs included: those of the largest wave.
pub(super) fn needed(clones: &[JobClone], options: &RunOptions) -> u64 {
    let of_data = |clone: &JobClone| {
        let engine = options.engines.find(&clone.spec.engine);
        // Files that are only made are open one at a time.
        let opens =
            engine.is_some_and(|engine| engine.files.opens()) && !clone.spec.files.create_only;
        if opens {
            let files = files::count(&clone.spec);
            let limit = clone.spec.files.open_limit;
            // One more is open while it takes the place of another.
            limit.map_or(files, |limit| files.min(u64::from(limit) + 1))
        } else {
            0
        }
    };
    let of_logs = |clone: &JobClone| {
        let written = options.log_files.is_some() && !clone.spec.files.create_only;
        let logs = if written { clone.spec.logs.count() } else { 0 };
        logs as u64
    };
    let files = |clone: &JobClone| of_data(clone).saturating_add(of_logs(clone));
    clones
        .chunk_by(|one, other| one.wave == other.wave)
        .map(|wave| wave.iter().map(files).fold(0, u64::saturating_add))
        .max()
        .unwrap_or(0)
}

/// Whether the process may ever have so many more descriptors.
pub(super) fn check(files: u64) -> Result<(), RunError> {
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    fits(files, in_use(), limit)
}

/// Raises the limit of the process as far as these files need it; see [`check`].
pub(super) fn provide(files: u64) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = files.saturating_add(in_use()).saturating_add(SPARE);
    let too_low = limit.current.is_some_and(|current| current < wanted);
    if files > 0 && too_low {
        let current = limit.maximum.map_or(wanted, |maximum| wanted.min(maximum));
        // If it is refused, opening the files will fail and say so.
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(current),
                ..limit
            },
        );
    }
}

fn fits(files: u64, in_use: u64, limit: u64) -> Result<(), RunError> {
    let available = limit.saturating_sub(in_use).saturating_sub(SPARE);
    if files > available {
        return Err(RunError::TooManyFiles { files, available });
    }
    Ok(())
}

/// Descriptors in use; none where the system does not tell.
fn in_use() -> u64 {
    std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobSpec;
    use crate::run::RunOptions;
    use crate::run::plan::Plan;

    fn job(engine: &str, files: u32, clones: u32, stonewall: bool) -> JobSpec {
        JobSpec {
            engine: engine.to_owned(),
            file_count: files,
            clones,
            stonewall,
            ..JobSpec::new("files")
        }
    }

    #[test]
    fn waves_do_not_add_up_but_clones_do() {
        let jobs = vec![
            job("psync", 10, 3, false),
            job("null", 1000, 1, false),
            job("psync", 40, 1, true),
        ];
        let options = RunOptions::default();
        let plan = Plan::new(jobs, &options).unwrap();
        assert_eq!(needed(&plan.clones, &options), 40);
    }

    #[test]
    fn some_descriptors_are_left_to_others() {
        assert_eq!(fits(936, 100, 1100), Ok(()));
        let error = fits(937, 100, 1100).unwrap_err().to_string();
        assert!(
            error.contains("937 files") && error.contains("936"),
            "{error}"
        );
        assert!(fits(1, 5000, 1024).is_err());
    }
}
