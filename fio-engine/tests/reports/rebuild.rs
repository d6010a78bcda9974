//! From fio's JSON back to a [`Report`].
//!
//! What JSON gives in percent is turned back into counts. Where it has no bins, a histogram is
//! made that has the percentiles shown.

use std::time::{Duration, UNIX_EPOCH};

use fio_engine::idle::{CpuIdleness, UnitWork};
use fio_engine::job::{
    DEFAULT_PERCENTILES, JobSpec, PercentileKinds, SteadyMeasure, UnifiedReporting,
};
use fio_engine::report::{
    Background, ClientReport, DirectionReport, DiskReport, GroupReport, Host, HostJob, HostReport,
    JobReport, LatencyReport, LatencyTarget, PriorityReport, Report, ServerBackground, SteadyState,
};
use fio_engine::stats::{Histogram, Moments};
use fio_engine::{Direction, PerDirection};
use serde_json::Value;

/// Calls assumed in the submit and complete maps, of which JSON shows only shares.
const CALLS: u64 = 100_000_000;

/// The report of a local run.
pub(crate) fn rebuild(json: &Value) -> Report {
    let jobs: Vec<_> = members(&json["jobs"]).map(rebuild_job).collect();
    let finished = UNIX_EPOCH + Duration::from_millis(integer(&json["timestamp_ms"]));
    let elapsed = integer(&json["jobs"][0]["elapsed"]);
    Report {
        started: finished - Duration::from_secs(elapsed.saturating_sub(1)),
        finished,
        global_options: options(&json["global options"]),
        groups: GroupReport::collect(&jobs),
        jobs,
        disks: members(&json["disk_util"]).map(rebuild_disk).collect(),
        cpu_idleness: json.get("cpu_idleness").map(rebuild_idleness),
        // What was estimated last, in runs that took long enough for an estimate.
        remaining: (json["jobs"][0]["eta"] == 0).then_some(Duration::ZERO),
        background: Background::default(),
        logs: Vec::new(),
    }
}

/// The report of a client, without the sum over all jobs that ends it.
pub(crate) fn rebuild_client(json: &Value) -> ClientReport {
    let finished = UNIX_EPOCH + Duration::from_secs(integer(&json["timestamp"]));
    let single = members(&json["client_stats"]).filter(|job| job["jobname"] != "All clients");
    let jobs: Vec<_> = single
        .map(|job| {
            let report = rebuild_job(job);
            // fio told the share of a job in its group, which here is the whole.
            let group = GroupReport::collect(std::slice::from_ref(&report)).remove(0);
            HostJob { report, group }
        })
        .collect();
    let of_host = |host: &Host| {
        let theirs = jobs
            .iter()
            .filter(|job| job.report.host.as_ref() == Some(host));
        theirs.cloned().collect()
    };
    let hosts = hosts_of(json)
        .into_iter()
        .map(|(host, global_options)| HostReport {
            jobs: of_host(&host),
            host,
            global_options,
            background: ServerBackground::default(),
            groups: Vec::new(),
            disks: members(&json["disk_util"]).map(rebuild_disk).collect(),
        });
    ClientReport {
        started: finished,
        finished,
        notices: Vec::new(),
        hosts: hosts.collect(),
    }
}

/// The servers of a client with their global options, which of several name the server.
fn hosts_of(json: &Value) -> Vec<(Host, Vec<(String, String)>)> {
    let host = |json: &Value| Host {
        name: text(&json["hostname"]).to_owned(),
        port: integer(&json["port"]) as u16,
    };
    let given = &json["global options"];
    if given.is_object() {
        return vec![(host(&json["client_stats"][0]), options(given))];
    }
    let of_each = members(given).map(|of_one| {
        let mut options = options(of_one);
        options.retain(|(name, _)| name != "hostname" && name != "port");
        (host(of_one), options)
    });
    of_each.collect()
}

fn rebuild_idleness(json: &Value) -> CpuIdleness {
    let cpus = json.as_object().into_iter().flatten();
    let cpus = cpus.filter_map(|(name, idle)| {
        let number = name.strip_prefix("cpu-")?.parse().ok()?;
        Some((number, float(idle)))
    });
    CpuIdleness {
        system: float(&json["system"]),
        per_cpu: cpus.collect(),
        unit: UnitWork {
            mean: float(&json["unit_mean"]),
            deviation: float(&json["unit_stddev"]),
        },
    }
}

/// Adds what only the normal text says: members, process identifiers and error texts.
pub(crate) fn identify(report: &mut Report, text: &str) {
    let heads = text.lines().filter(|line| line.contains(": (groupid="));
    for (job, head) in report.jobs.iter_mut().zip(heads) {
        let after = |key: &str| head.split_once(key).map_or("", |(_, rest)| rest);
        let number = |text: &str| {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().unwrap_or(0)
        };
        job.members = number(after("jobs="));
        job.process_id = number(after(": pid="));
        if let Some((message, _)) = after("err=")
            .split_once(" (")
            .map_or("", |x| x.1)
            .split_once("): pid")
        {
            message.clone_into(&mut job.error_message);
        }
    }
}

/// Names and values of an object of options.
pub(crate) fn options(json: &Value) -> Vec<(String, String)> {
    let pairs = json.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()))
        .collect()
}

fn rebuild_job(json: &Value) -> JobReport {
    let mut job = JobReport::new(&JobSpec::new(text(&json["jobname"])), 0);
    job.group_id = integer(&json["groupid"]) as u32;
    job.description = json["desc"].as_str().map(str::to_owned);
    let start = integer(&json["job_start"]);
    job.started = (start > 0).then(|| UNIX_EPOCH + Duration::from_millis(start));
    job.error = integer(&json["error"]) as i32;
    job.options = options(&json["job options"]);
    job.host = json["hostname"].as_str().map(|name| Host {
        name: name.to_owned(),
        port: integer(&json["port"]) as u16,
    });
    job.percentile_list = percentile_list(json);
    job.unified = match (json.get("mixed"), json.get("read")) {
        (None, _) => UnifiedReporting::Separate,
        (Some(_), None) => UnifiedReporting::Mixed,
        (Some(_), Some(_)) => UnifiedReporting::Both,
    };
    job.directions =
        PerDirection(Direction::ALL.map(|direction| rebuild_direction(&json[direction.name()])));
    if job.unified == UnifiedReporting::Mixed {
        job.directions[Direction::Read] = rebuild_direction(&json["mixed"]);
    }
    job.percentiles = PercentileKinds {
        submission: shows_percentiles(json, "slat_ns"),
        completion: shows_percentiles(json, "clat_ns"),
        total: shows_percentiles(json, "lat_ns"),
    };
    job.total_syncs = integer(&json["sync"]["total_ios"]);
    job.sync = rebuild_latency(&json["sync"]["lat_ns"]);
    rebuild_resources(&mut job, json);
    rebuild_maps(&mut job, json);
    job.latency_target = json.get("latency_depth").map(|depth| LatencyTarget {
        depth: integer(depth) as u32,
        target: Duration::from_nanos(integer(&json["latency_target_ns"])),
        window: Duration::from_micros(integer(&json["latency_window_us"])),
        percentile: float(&json["latency_percentile"]),
    });
    job.steady_state = json.get("steadystate").map(rebuild_steady_state);
    job
}

/// Of jobs that watch IOPS and their largest deviation, in percent.
fn rebuild_steady_state(json: &Value) -> SteadyState {
    let percent = |value: &Value| {
        let number = text(value).strip_suffix('%').expect("a percentage");
        number.parse().expect("a number")
    };
    let limit = text(&json["ss"]).strip_prefix("iops:").expect("of IOPS");
    let samples = |name: &str| members(&json["data"][name]).map(integer).collect();
    SteadyState {
        watched: SteadyMeasure::Iops,
        by_slope: false,
        in_percent: true,
        attained: integer(&json["attained"]) == 1,
        limit: percent(&Value::from(limit)),
        criterion: percent(&json["criterion"]),
        deviation: float(&json["max_deviation"]),
        slope: float(&json["slope"]),
        length: integer(&json["duration"]),
        iops: samples("iops"),
        bandwidth: samples("bw"),
        latency: Vec::new(),
    }
}

fn rebuild_priority(json: &Value) -> PriorityReport {
    let part = |name: &str| integer(&json[name]) as u32;
    PriorityReport {
        priority: part("prioclass") << 13 | part("priohint") << 3 | part("prio"),
        latency: rebuild_latency(&json["clat_ns"]),
    }
}

fn rebuild_direction(json: &Value) -> DirectionReport {
    let samples = |kind: &str, deviation: &str| {
        moments(
            &json[format!("{kind}_samples")],
            &json[format!("{kind}_min")],
            &json[format!("{kind}_max")],
            &json[format!("{kind}_mean")],
            &json[format!("{kind}_{deviation}")],
        )
    };
    DirectionReport {
        bytes: integer(&json["io_bytes"]),
        total_ios: integer(&json["total_ios"]),
        short_ios: integer(&json["short_ios"]),
        dropped_ios: integer(&json["drop_ios"]),
        runtime: Duration::from_millis(integer(&json["runtime"])),
        submission: rebuild_latency(&json["slat_ns"]),
        completion: rebuild_latency(&json["clat_ns"]),
        total: rebuild_latency(&json["lat_ns"]),
        intended: None,
        priorities: members(&json["prios"]).map(rebuild_priority).collect(),
        bandwidth: samples("bw", "dev"),
        iops: samples("iops", "stddev"),
    }
}

fn rebuild_latency(json: &Value) -> LatencyReport {
    LatencyReport {
        moments: moments(
            &json["N"],
            &json["min"],
            &json["max"],
            &json["mean"],
            &json["stddev"],
        ),
        histogram: rebuild_histogram(json),
    }
}

fn moments(samples: &Value, min: &Value, max: &Value, mean: &Value, deviation: &Value) -> Moments {
    let samples = integer(samples);
    Moments {
        samples,
        min: integer(min),
        max: integer(max),
        mean: float(mean),
        squared_deviations: float(deviation).powi(2) * samples.saturating_sub(1) as f64,
    }
}

/// From bins where there are any; otherwise as many values as each percentile needs, at its value.
fn rebuild_histogram(json: &Value) -> Option<Box<Histogram>> {
    let mut histogram = Box::new(Histogram::new());
    if let Some(bins) = json["bins"].as_object() {
        for (value, count) in bins {
            let value = value.parse().expect("a bin is named by a number");
            histogram.add(Histogram::bucket_index(value), integer(count));
        }
        return Some(histogram);
    }
    let total = integer(&json["N"]);
    let mut placed = 0;
    for (percent, value) in json["percentile"].as_object()? {
        let percent: f64 = percent.parse().expect("a percentile is named by a number");
        let rank = (percent / 100.0 * total as f64).ceil() as u64;
        histogram.add(
            Histogram::bucket_index(integer(value)),
            rank.saturating_sub(placed),
        );
        placed = placed.max(rank);
    }
    Some(histogram)
}

fn rebuild_resources(job: &mut JobReport, json: &Value) {
    job.total_runtime = Duration::from_millis(integer(&json["job_runtime"]));
    job.user_time = job.total_runtime.mul_f64(float(&json["usr_cpu"]) / 100.0);
    job.system_time = job.total_runtime.mul_f64(float(&json["sys_cpu"]) / 100.0);
    job.context_switches = integer(&json["ctx"]);
    job.major_faults = integer(&json["majf"]);
    job.minor_faults = integer(&json["minf"]);
}

fn rebuild_maps(job: &mut JobReport, json: &Value) {
    let total = job.total_ios();
    job.depth_map = counts(&json["iodepth_level"], total);
    job.submit_map = counts(&json["iodepth_submit"], CALLS);
    job.complete_map = counts(&json["iodepth_complete"], CALLS);
    (job.total_submit, job.total_complete) = (CALLS, CALLS);
    job.latency_ns = counts(&json["latency_ns"], total);
    job.latency_us = counts(&json["latency_us"], total);
    job.latency_ms = counts(&json["latency_ms"], total);
}

fn counts<const N: usize>(shares: &Value, total: u64) -> [u64; N] {
    let shares: Vec<f64> = shares
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, share)| float(share))
        .collect();
    assert_eq!(shares.len(), N);
    // fio raises small shares to 0.01 or 0.1; a count a little too large would not be raised.
    std::array::from_fn(|index| match shares[index] * total as f64 / 100.0 {
        raised if [0.01, 0.1].contains(&shares[index]) => raised.floor().max(1.0) as u64,
        count => count.round() as u64,
    })
}

/// Every percentile list of the job's latencies is the same; without any, fio's default.
fn percentile_list(json: &Value) -> Vec<f64> {
    let kinds = ["slat_ns", "clat_ns", "lat_ns"];
    let found = ["read", "write", "trim", "sync", "mixed"]
        .iter()
        .flat_map(|direction| {
            kinds
                .iter()
                .map(|kind| &json[*direction][*kind]["percentile"])
        })
        .find_map(Value::as_object);
    match found {
        Some(percentiles) => percentiles
            .keys()
            .map(|key| key.parse().expect("a number"))
            .collect(),
        None => DEFAULT_PERCENTILES.to_vec(),
    }
}

fn shows_percentiles(json: &Value, kind: &str) -> bool {
    let shown = |latency: &Value| latency["percentile"].is_object();
    let shown_for_sync = kind == "clat_ns" && shown(&json["sync"]["lat_ns"]);
    shown_for_sync
        || ["read", "write", "trim", "mixed"]
            .iter()
            .any(|name| shown(&json[*name][kind]))
}

fn rebuild_disk(json: &Value) -> DiskReport {
    let pair = |what: &str| {
        [
            integer(&json[format!("read_{what}")]),
            integer(&json[format!("write_{what}")]),
        ]
    };
    DiskReport {
        name: text(&json["name"]).to_owned(),
        ios: pair("ios"),
        merges: pair("merges"),
        sectors: pair("sectors"),
        ticks_ms: pair("ticks"),
        in_queue_ms: integer(&json["in_queue"]),
        busy_ms: 0,
        utilisation_percent: float(&json["util"]),
    }
}

fn members(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

fn integer(json: &Value) -> u64 {
    json.as_u64().unwrap_or(0)
}

fn float(json: &Value) -> f64 {
    json.as_f64().unwrap_or(0.0)
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap_or("")
}
