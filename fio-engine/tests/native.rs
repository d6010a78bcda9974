//! Documents of this project's own JSON, held against their schema and against the report they tell of.

use std::sync::LazyLock;
use std::time::Duration;

use fio_engine::job::{JobSource, ParseOptions, parse_jobs};
use fio_engine::report::native::{self, SCHEMA_VERSION, Style};
use fio_engine::report::{
    ClientReport, GroupReport, Host, HostJob, HostReport, Report, ServerBackground, ServerIdentity,
};
use fio_engine::run::{Run, RunOptions};
use fio_engine::stats::IntervalSeries;
use jsonschema::Validator;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../docs/native-output.schema.json");

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("the schema is one")
});

fn style() -> Style {
    Style {
        tool: "test".to_owned(),
        version: "1".to_owned(),
    }
}

/// The one line of a document, parsed.
fn checked(line: &str) -> Value {
    assert_eq!(line.matches('\n').count(), 1, "one line");
    let document = serde_json::from_str(line).expect("JSON");
    let errors: Vec<_> = VALIDATOR
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    document
}

fn of_run(report: &Report) -> Value {
    let mut line = String::new();
    native::write_report(&mut line, report, &style()).expect("a string takes all");
    checked(&line)
}

fn of_client(report: &ClientReport) -> Value {
    let mut line = String::new();
    native::write_client_report(&mut line, report, &style()).expect("a string takes all");
    checked(&line)
}

fn run(file: &str) -> Report {
    let parsed = parse_jobs(&[JobSource::text("native", file)], &ParseOptions::default());
    let parsed = parsed.expect("jobs");
    let mut options = RunOptions::default();
    options.explains = true;
    options.global_options = parsed.global_options;
    options.notices = parsed.notices.iter().map(ToString::to_string).collect();
    Run::start(parsed.jobs, options).expect("a run").wait()
}

#[test]
fn documents_of_all_kinds_of_jobs_follow_the_schema() {
    for job in [
        "rw=randrw\nnumjobs=3\ngroup_reporting",
        "rw=randrw\nunified_rw_reporting=mixed",
        "rw=randtrimwrite\nunified_rw_reporting=both",
        "rw=trimwrite\nblock_error_percentiles=1",
        "rw=randread\niodepth=8\ngtod_reduce=1",
        "rw=read\nrate_iops=100k\nlat_percentiles=1\nslat_percentiles=1",
        "rw=write\nfsync=10\ndescription=words",
        "rw=randread\nlatency_target=1s\nlatency_window=1ms\niodepth=4",
        "rw=randread\nsteadystate=iops:50%\nsteadystate_duration=2\ntime_based\nruntime=1",
        "rw=randread\nramp_time=100ms\ntime_based\nruntime=200ms",
        "rw=read\nstats=0",
    ] {
        let file = format!("[global]\nioengine=null\nsize=1m\n[job]\n{job}\n");
        of_run(&run(&file));
    }
}

#[test]
fn documents_tell_what_reports_do() {
    let report = run(
        "[global]\nioengine=null\nsize=1m\nbs=4k\n[a]\nrw=randrw\nrate_iops=20k\nrwmixread=50\n\
         [b]\nstonewall\nrw=read\nrwmixread=70\n",
    );
    let document = of_run(&report);
    assert_eq!(document["command"], "run");
    assert_eq!(document["schema_version"], SCHEMA_VERSION);
    let host = &document["hosts"][0];
    assert!(host["machine"]["kernel_release"].is_string());
    assert_eq!(host["global_options"][0]["name"], "ioengine");
    let ignored = &host["jobs"][1]["without_effect"];
    assert_eq!(ignored[0]["option"], "rwmixread", "{ignored}");
    assert_eq!(host["jobs"][1]["wave"], 1);
    let resolved = host["jobs"][0]["resolved_options"].as_array();
    let has = |name: &str| resolved.is_some_and(|all| all.iter().any(|one| one["name"] == name));
    assert!(has("rate_iops") && has("ioengine"), "{resolved:?}");
    let [rated, plain] = [0, 1].map(|index: usize| &host["results"][index]);
    let sum = |result: &Value, member: &str| {
        let of = |direction: &str| result[direction][member].as_u64().unwrap_or(0);
        of("read") + of("write")
    };
    assert_eq!((sum(rated, "ios"), sum(plain, "bytes")), (256, 1 << 20));
    for direction in ["read", "write"] {
        let latency = &rated[direction]["intended_start_latency"];
        assert_eq!(latency["samples"], rated[direction]["ios"]);
        let buckets = latency["histogram"].as_array().expect("a histogram");
        let counted: u64 = buckets
            .iter()
            .filter_map(|one| one["samples"].as_u64())
            .sum();
        assert_eq!(latency["samples"], counted);
    }
    assert!(plain["read"]["intended_start_latency"].is_null());
    assert!(plain["write"].is_null());
    for result in [rated, plain] {
        let intervals = result["series"][0]["intervals"]
            .as_array()
            .expect("intervals");
        let ios: u64 = intervals.iter().map(|interval| sum(interval, "ios")).sum();
        assert_eq!(ios, sum(result, "ios"));
    }
}

/// Intervals are seconds, and nothing is lost between them or in the last.
#[test]
fn series_cover_the_time_that_counts() {
    let report = run(
        "[a]\nioengine=null\nrw=read\nsize=1g\nrate_iops=500\nramp_time=300ms\ntime_based\nruntime=2300ms\n\
         numjobs=2\ngroup_reporting\n",
    );
    assert_eq!(report.jobs.len(), 1);
    let job = &report.jobs[0];
    assert_eq!(job.series.len(), 2, "one of each clone");
    let mut ios = 0;
    for clone in &job.series {
        let intervals = &clone.series.intervals;
        assert!((2..=3).contains(&intervals.len()), "{intervals:?}");
        assert_eq!(clone.series.interval, IntervalSeries::SHORTEST);
        let length: Duration = intervals.iter().map(|one| one.length).sum();
        assert!(length >= Duration::from_millis(2300), "{length:?}");
        assert!(intervals[0].length >= Duration::from_secs(1));
        ios += intervals
            .iter()
            .map(|one| one.directions.0[0].ios)
            .sum::<u64>();
        assert!(intervals[0].directions.0[0].mean_latency().is_some());
    }
    assert_eq!(ios, job.total_ios());
}

#[test]
fn documents_of_clients_tell_of_every_server() {
    let mut local = run("[a]\nioengine=null\nrw=read\nsize=1m\n");
    let mut job = local.jobs.remove(0);
    job.series.clear();
    let group = GroupReport::collect(std::slice::from_ref(&job)).remove(0);
    let host = |name: &str| Host {
        name: name.to_owned(),
        port: 8765,
    };
    let answered = |name: &str| {
        let mut background = ServerBackground {
            identity: Some(ServerIdentity {
                release: "fio-3.33".to_owned(),
                protocol_version: 97,
                ..ServerIdentity::default()
            }),
            ..ServerBackground::default()
        };
        background.add_text(b"fio: this\nand that");
        HostReport {
            host: host(name),
            background,
            global_options: Vec::new(),
            jobs: vec![HostJob {
                report: job.clone(),
                group: group.clone(),
            }],
            groups: vec![group.clone()],
            disks: Vec::new(),
        }
    };
    let away = HostReport {
        jobs: Vec::new(),
        groups: Vec::new(),
        background: ServerBackground {
            error: Some("c: connection refused".to_owned()),
            ..ServerBackground::default()
        },
        ..answered("c")
    };
    let report = ClientReport {
        started: local.started,
        finished: local.finished,
        notices: vec!["a remark".to_owned()],
        hosts: vec![answered("a"), answered("b"), away],
    };
    let document = of_client(&report);
    assert_eq!(document["command"], "client");
    assert_eq!(document["notices"][0], "a remark");
    assert_eq!(document["all_hosts"]["read"]["ios"], 512);
    let hosts = &document["hosts"];
    assert_eq!(hosts[0]["server"]["protocol_version"], 97);
    assert_eq!(hosts[0]["messages"][1], "and that");
    assert!(hosts[0]["results"][0]["series"].is_null());
    assert!(hosts[0]["jobs"].is_null());
    assert_eq!(hosts[2]["error"], "c: connection refused");
    assert!(hosts[2]["server"].is_null());
}

/// A schema that takes anything would show nothing.
#[test]
fn the_schema_refuses_what_is_no_such_document() {
    let document = of_run(&run("[a]\nioengine=null\nrw=read\nsize=1m\n"));
    type Change = (&'static str, fn(&mut Value));
    let changes: [Change; 5] = [
        ("a member is missing", |all| {
            all.as_object_mut().map(|all| all.remove("notices"));
        }),
        ("a member is new", |all| all["hosts"][0]["new"] = 1.into()),
        ("a number is negative", |all| {
            all["hosts"][0]["results"][0]["read"]["ios"] = (-1).into();
        }),
        ("a number is text", |all| {
            all["hosts"][0]["results"][0]["series"][0]["interval_ns"] = "1".into();
        }),
        ("another version", |all| {
            all["schema_version"] = "2.0".into()
        }),
    ];
    for (what, change) in changes {
        let mut changed = document.clone();
        change(&mut changed);
        assert!(!VALIDATOR.is_valid(&changed), "{what}");
    }
    let comment = format!("\"$comment\": \"Schema version {SCHEMA_VERSION}\"");
    assert!(SCHEMA.contains(&comment), "{comment}");
}
