//! `steadystate`: what is watched, for how long, and whether the figures that are reported agree with each other.

use serde_json::Value;

use super::{both, number};

/// A job for each criterion, all at the same time, at a rate that every machine keeps.
const JOBS: &str = "[global]\nioengine=null\nsize=1g\nrw=randread\nrate_iops=500\ntime_based\nruntime=5\n\
    steadystate_duration=2\nnew_group\n[attained-iops]\nsteadystate=iops:80%\n[attained-bw]\nsteadystate=bw:1g\n\
    [attained-slope]\nsteadystate=iops_slope:80%\n[ramped]\nsteadystate=iops:80%\nss_ramp=2\n\
    [some-iops]\nsteadystate=iops:10%\n[some-slope]\nsteadystate=bw_slope:10%\n\
    [never-bw]\nsteadystate=bw:0\n[never-slope]\nsteadystate=bw_slope:0.0001\n";

fn figures(values: &Value) -> Vec<f64> {
    values
        .as_array()
        .expect("a list")
        .iter()
        .map(number)
        .collect()
}

/// Least squares over the places of the values.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean_x = (count - 1.0) / 2.0;
    let mean_y = values.iter().sum::<f64>() / count;
    let pairs = || (0..).map(f64::from).zip(values);
    let over: f64 = pairs().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    over / pairs().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 0.001 * one.abs().max(other.abs()) + 1.0
}

fn check(name: &str, job: &Value) {
    let state = &job["steadystate"];
    assert_eq!(state["duration"], 2, "{name}");
    let data = &state["data"];
    let (iops, bw) = (figures(&data["iops"]), figures(&data["bw"]));
    assert_eq!((iops.len(), bw.len()), (2, 2), "{name}");
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(
        close(number(&data["iops_mean"]), mean(&iops)),
        "{name}: {state}"
    );
    assert!(
        close(number(&data["bw_mean"]), mean(&bw)),
        "{name}: {state}"
    );
    let text = state["ss"].as_str().expect("a text");
    let (watched, limit) = text.split_once(':').expect("a limit");
    let values = if watched.starts_with("iops") {
        iops
    } else {
        bw
    };
    let by_slope = watched.ends_with("_slope");
    let value = match by_slope {
        true => slope(&values),
        false => values
            .iter()
            .map(|value| (value - mean(&values)).abs())
            .fold(0.0, f64::max),
    };
    let told = &state[if by_slope { "slope" } else { "max_deviation" }];
    assert!(close(number(told), value), "{name}: {value} {state}");
    let in_percent = limit.ends_with('%');
    let criterion = if in_percent {
        100.0 * value / mean(&values)
    } else {
        value
    };
    assert!(
        close(number(&state["criterion"]), criterion),
        "{name}: {criterion} {state}"
    );
    let attained = number(&state["attained"]) > 0.0;
    let limit: f64 = limit.trim_end_matches('%').parse().expect("a number");
    // What is told has six places.
    let told = number(&state["criterion"]).abs();
    assert!(
        if attained {
            told <= limit
        } else {
            told >= limit - 1e-6
        },
        "{name}: {state}"
    );
    let milliseconds = number(&job["read"]["runtime"]);
    match name.split('-').next() {
        Some("attained") => assert!(
            attained && milliseconds < 4900.0,
            "{name}: {milliseconds}, {state}"
        ),
        Some("ramped") => assert!(
            attained && milliseconds > 3500.0,
            "{name}: {milliseconds}, {state}"
        ),
        Some("never") => assert!(
            !attained && milliseconds > 4900.0,
            "{name}: {milliseconds}, {state}"
        ),
        _ => {}
    }
}

#[test]
fn figures_of_a_steady_state_agree_with_each_other() {
    let mut criteria = Vec::new();
    for ran in both(JOBS, &["--output-format=json", "--eta=never", "job.fio"]) {
        let jobs = ran.jobs();
        for job in &jobs {
            let name = job["jobname"].as_str().expect("a name");
            println!("{}: {name}: {}", ran.who, job["steadystate"]);
            check(name, job);
        }
        criteria.push(
            jobs.iter()
                .map(|job| job["steadystate"]["ss"].clone())
                .collect::<Vec<_>>(),
        );
    }
    if let [theirs, ours] = &criteria[..] {
        assert_eq!(theirs, ours);
    }
}

/// Jobs that are reported together would otherwise end with the state of others.
#[test]
fn jobs_of_a_group_that_differ_are_refused() {
    let global = "[global]\nioengine=null\nsize=64k\nss_dur=2\n";
    for (sections, code) in [
        ("[a]\nss=iops:10\n[b]\nss=iops:11\n", 1),
        ("[a]\nss=iops:10\n[b]\nss=iops:10\nss_ramp=1\n", 1),
        ("[a]\nss=iops:10\n[b]\nss=iops:10\n", 0),
        ("[a]\nss=iops:10\n[b]\nnew_group\nss=iops:11\n", 0),
        ("[a]\nss=iops:10\n[b]\nstonewall\nss=iops:11\n", 0),
    ] {
        let job = format!("{global}{sections}");
        for ran in both(&job, &["--eta=never", "job.fio"]) {
            assert_eq!(
                ran.finished.code,
                Some(code),
                "{}: {sections}: {:?}",
                ran.who,
                ran.finished
            );
        }
    }
}

/// A limit of bandwidth is whole bytes, with a unit or without.
#[test]
fn limits_are_taken_and_refused_as_by_fio() {
    for limit in [
        "bw_slope:0.0001",
        "bw_slope:0.0001%",
        "bw:0.5",
        "bw:12.7",
        "bw:10k",
        "bw:1m",
        "iops:10.5",
        "iops:10.5%",
        "iops:0",
        "bw",
        "bw:",
        "bw:x",
        "iops:x",
        "bw_slope:.5",
        "nosuch:1",
    ] {
        let steady = format!("--ss={limit}");
        let words = [
            "--parse-only",
            "--name=job",
            "--ioengine=null",
            "--size=1m",
            "--ss_dur=2",
            &steady,
        ];
        if let [theirs, ours] = &both("", &words)[..] {
            assert_eq!(
                theirs.finished.code, ours.finished.code,
                "{limit}: {:?}",
                ours.finished
            );
        }
    }
}
