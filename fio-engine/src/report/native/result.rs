//! What a job, or the jobs of a group, measured.

use serde::Serialize;

use super::blocks::BlocksDocument;
use super::definition::OptionDocument;
use super::document::unix_nanoseconds;
use super::latency::{LatencyDocument, SamplesDocument, nanoseconds};
use super::series::SeriesDocument;
use crate::direction::Direction;
use crate::job::UnifiedReporting;
use crate::report::{DirectionReport, Host, JobReport, LatencyTarget, PriorityReport, SteadyState};
use crate::stats::DEPTH_BUCKETS;

/// The results of one job.
#[derive(Debug, Serialize)]
pub(super) struct ResultDocument {
    name: String,
    description: Option<String>,
    /// The server, in the results of a client.
    host_name: Option<String>,
    group_id: u32,
    first_clone: Option<u32>,
    /// How many clones are summed up here.
    clones: u32,
    process_id: Option<u32>,
    started_unix_ns: Option<u64>,
    given_options: Vec<OptionDocument>,
    error: Option<ErrorDocument>,
    unified_reporting: &'static str,
    read: Option<DirectionDocument>,
    write: Option<DirectionDocument>,
    trim: Option<DirectionDocument>,
    synchronisations: u64,
    synchronisation_latency: Option<LatencyDocument>,
    runtime_ns: u64,
    user_cpu_time_ns: u64,
    system_cpu_time_ns: u64,
    context_switches: u64,
    minor_page_faults: u64,
    major_page_faults: u64,
    /// I/Os by how many were in flight with them.
    ios_by_depth: Vec<CountDocument>,
    submitting_calls: u64,
    reaping_calls: u64,
    /// Calls by how many I/Os they moved.
    submitting_calls_by_ios: Vec<CountDocument>,
    reaping_calls_by_ios: Vec<CountDocument>,
    blocks: Option<BlocksDocument>,
    latency_target: Option<TargetDocument>,
    steady_state: Option<SteadyStateDocument>,
    /// `null` where there are none: the protocol of servers carries no intervals.
    series: Option<Vec<SeriesDocument>>,
}

impl ResultDocument {
    pub(super) fn new(report: &JobReport) -> Self {
        let direction = |direction: Direction| {
            DirectionDocument::new(&report.directions[direction], &report.percentile_list)
        };
        Self {
            name: report.name.clone(),
            description: report.description.clone(),
            host_name: report.host.as_ref().map(|host: &Host| host.name.clone()),
            group_id: report.group_id,
            first_clone: Some(report.thread_number).filter(|number| *number > 0),
            clones: report.members,
            process_id: Some(report.process_id).filter(|id| *id > 0),
            started_unix_ns: report.started.map(unix_nanoseconds),
            given_options: OptionDocument::list(&report.options),
            error: ErrorDocument::new(report),
            unified_reporting: match report.unified {
                UnifiedReporting::Separate => "separate",
                UnifiedReporting::Mixed => "mixed",
                UnifiedReporting::Both => "both",
            },
            read: direction(Direction::Read),
            write: direction(Direction::Write),
            trim: direction(Direction::Trim),
            synchronisations: report.total_syncs,
            synchronisation_latency: LatencyDocument::new(&report.sync, &report.percentile_list),
            runtime_ns: nanoseconds(report.total_runtime),
            user_cpu_time_ns: nanoseconds(report.user_time),
            system_cpu_time_ns: nanoseconds(report.system_time),
            context_switches: report.context_switches,
            minor_page_faults: report.minor_faults,
            major_page_faults: report.major_faults,
            ios_by_depth: counts(&DEPTHS, &report.depth_map),
            submitting_calls: report.total_submit,
            reaping_calls: report.total_complete,
            submitting_calls_by_ios: counts(&BATCHES, &report.submit_map),
            reaping_calls_by_ios: counts(&BATCHES, &report.complete_map),
            blocks: BlocksDocument::new(report),
            latency_target: report.latency_target.as_ref().and_then(TargetDocument::new),
            steady_state: report.steady_state.as_ref().map(SteadyStateDocument::new),
            series: (!report.series.is_empty())
                .then(|| report.series.iter().map(SeriesDocument::new).collect()),
        }
    }
}

#[derive(Debug, Serialize)]
struct ErrorDocument {
    errno: i32,
    message: String,
    /// The job went no further.
    ended_the_job: bool,
    /// Errors in all, those included after which the job went on.
    errors: u64,
}

impl ErrorDocument {
    fn new(report: &JobReport) -> Option<Self> {
        let any = report.error != 0 || report.has_failed() || report.errors.total > 0;
        any.then(|| Self {
            errno: report.error,
            message: report.error_message.clone(),
            ended_the_job: report.has_failed(),
            errors: report.errors.total.max(1),
        })
    }
}

/// Both ends are included; the last has none.
#[derive(Debug, Serialize)]
struct CountDocument {
    from: u32,
    to: Option<u32>,
    count: u64,
}

/// Where the entries of a depth map begin; see [`depth_bucket`](crate::stats::depth_bucket).
const DEPTHS: [u32; DEPTH_BUCKETS] = [1, 2, 4, 8, 16, 32, 64];

/// Where those of a map of calls begin; see [`batch_bucket`](crate::stats::batch_bucket).
const BATCHES: [u32; DEPTH_BUCKETS] = [0, 1, 5, 9, 17, 33, 65];

fn counts(begins: &[u32; DEPTH_BUCKETS], counts: &[u64; DEPTH_BUCKETS]) -> Vec<CountDocument> {
    let ends = begins.iter().skip(1).map(|next| Some(next - 1));
    let all = begins.iter().zip(ends.chain([None])).zip(counts);
    all.map(|((from, to), count)| CountDocument {
        from: *from,
        to,
        count: *count,
    })
    .collect()
}

#[derive(Debug, Serialize)]
struct DirectionDocument {
    ios: u64,
    bytes: u64,
    short_ios: u64,
    dropped_ios: u64,
    runtime_ns: u64,
    ios_per_second: f64,
    bandwidth_bytes_per_second: f64,
    submission_latency: Option<LatencyDocument>,
    completion_latency: Option<LatencyDocument>,
    total_latency: Option<LatencyDocument>,
    /// From when each I/O should have been issued; of jobs with a rate.
    intended_start_latency: Option<LatencyDocument>,
    latency_by_priority: Vec<PriorityDocument>,
    bandwidth_samples_bytes_per_second: Option<SamplesDocument>,
    samples_ios_per_second: Option<SamplesDocument>,
}

impl DirectionDocument {
    /// `None` for a direction without I/O.
    fn new(report: &DirectionReport, percents: &[f64]) -> Option<Self> {
        if report.total_ios == 0 && report.dropped_ios == 0 {
            return None;
        }
        let latency = |report| LatencyDocument::new(report, percents);
        let seconds = report.runtime.as_secs_f64().max(1e-9);
        let priority = |report: &PriorityReport| PriorityDocument::new(report, percents);
        Some(Self {
            ios: report.total_ios,
            bytes: report.bytes,
            short_ios: report.short_ios,
            dropped_ios: report.dropped_ios,
            runtime_ns: nanoseconds(report.runtime),
            ios_per_second: report.total_ios as f64 / seconds,
            bandwidth_bytes_per_second: report.bytes as f64 / seconds,
            submission_latency: latency(&report.submission),
            completion_latency: latency(&report.completion),
            total_latency: latency(&report.total),
            intended_start_latency: report.intended.as_ref().and_then(latency),
            latency_by_priority: report.priorities.iter().map(priority).collect(),
            bandwidth_samples_bytes_per_second: SamplesDocument::new(&report.bandwidth, 1024),
            samples_ios_per_second: SamplesDocument::new(&report.iops, 1),
        })
    }
}

#[derive(Debug, Serialize)]
struct PriorityDocument {
    class: u32,
    level: u32,
    hint: u32,
    latency: Option<LatencyDocument>,
}

impl PriorityDocument {
    fn new(report: &PriorityReport, percents: &[f64]) -> Self {
        let (class, level, hint) = report.parts();
        Self {
            class,
            level,
            hint,
            latency: LatencyDocument::new(&report.latency, percents),
        }
    }
}

#[derive(Debug, Serialize)]
struct TargetDocument {
    found_depth: u32,
    target_ns: u64,
    window_ns: u64,
    percent: f64,
}

impl TargetDocument {
    /// `None` of a job without a target.
    fn new(target: &LatencyTarget) -> Option<Self> {
        (!target.target.is_zero()).then(|| Self {
            found_depth: target.depth,
            target_ns: nanoseconds(target.target),
            window_ns: nanoseconds(target.window),
            percent: target.percentile,
        })
    }
}

/// Limit, criterion, deviation and slope are in the unit of what is watched, or percent of its mean.
#[derive(Debug, Serialize)]
struct SteadyStateDocument {
    watched: &'static str,
    by_slope: bool,
    in_percent_of_mean: bool,
    attained: bool,
    limit: f64,
    criterion: f64,
    largest_deviation: f64,
    slope: f64,
    measurements: u64,
    ios_per_second: Vec<u64>,
    bandwidth_bytes_per_second: Vec<u64>,
    mean_latency_ns: Vec<u64>,
}

impl SteadyStateDocument {
    fn new(state: &SteadyState) -> Self {
        Self {
            watched: state.watched.name(),
            by_slope: state.by_slope,
            in_percent_of_mean: state.in_percent,
            attained: state.attained,
            limit: state.limit,
            criterion: state.criterion,
            largest_deviation: state.deviation,
            slope: state.slope,
            measurements: state.length,
            ios_per_second: state.iops.clone(),
            bandwidth_bytes_per_second: state.bandwidth.clone(),
            mean_latency_ns: state.latency.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{batch_bucket, depth_bucket};

    #[test]
    fn entries_begin_where_the_maps_do() {
        for index in 0..DEPTH_BUCKETS {
            assert_eq!(depth_bucket(DEPTHS[index]), index);
            assert_eq!(batch_bucket(BATCHES[index]), index);
        }
        for index in 1..DEPTH_BUCKETS {
            assert_eq!(depth_bucket(DEPTHS[index] - 1), index - 1);
            assert_eq!(batch_bucket(BATCHES[index] - 1), index - 1);
        }
    }
}
