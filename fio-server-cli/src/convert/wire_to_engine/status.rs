//! How far a server's jobs are.

use std::time::Duration;

use fio_engine::PerDirection;
use fio_engine::report::status::{Rate, RateLimits, Status};
use fio_proto::ServerVersion;
use fio_proto::message::Eta;

use super::{bounded, significant_figures, unit_base};

/// How far a server's jobs are, told in the given version. `since_start` is the client's own
/// measurement, for servers that do not tell the time.
#[must_use]
pub fn status(eta: &Eta, version: ServerVersion, since_start: Duration) -> Status {
    let first = version == ServerVersion::V1;
    let jobs = &eta.status;
    let rate = |index: usize| Rate {
        bytes_per_second: bounded(jobs.rate[index]),
        ios_per_second: bounded(jobs.iops[index]),
    };
    let limits = |values: [u64; 3]| PerDirection(values.map(bounded));
    let elapsed = if first {
        jobs.elapsed()
    } else {
        Some(jobs.elapsed_sec)
    };
    Status {
        running: jobs.running,
        ramping: jobs.ramping,
        pending: jobs.pending,
        setting_up: jobs.setting_up,
        done: jobs
            .threads
            .saturating_sub(jobs.running)
            .saturating_sub(jobs.pending)
            .saturating_sub(jobs.setting_up),
        open_files: jobs.files_open,
        run_string: run_lengths(&eta.thread_states),
        rates: PerDirection(std::array::from_fn(rate)),
        limits: RateLimits {
            bytes_per_second: (limits(jobs.minimum_rate), limits(jobs.rate_limit)),
            ios_per_second: (limits(jobs.minimum_iops), limits(jobs.iops_limit)),
        },
        elapsed: elapsed.map_or(since_start, |seconds| Duration::from_secs(bounded(seconds))),
        eta: jobs.remaining().map(Duration::from_secs),
        kb_base: if first || jobs.powers_of_two {
            1024
        } else {
            1000
        },
        unit_base: unit_base(jobs.unit_base),
        significant_figures: significant_figures(jobs.significant_figures),
    }
}

/// One character per thread as runs of equal ones: `rrrW` is `r(3),W(1)`.
fn run_lengths(states: &[u8]) -> String {
    let states = states.split(|byte| *byte == 0).next().unwrap_or_default();
    let runs: Vec<_> = states
        .chunk_by(|left, right| left == right)
        .map(|run| {
            let state = if run[0].is_ascii_graphic() {
                char::from(run[0])
            } else {
                '?'
            };
            format!("{state}({})", run.len())
        })
        .collect();
    runs.join(",")
}
