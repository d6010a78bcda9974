//! The lists of all fields that fio 3.42 has, and whether each is in what this program prints.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::util::Folder;

const JSON_FIELDS: &str = include_str!("../data/json-fields.tsv");
const TERSE_FIELDS: &str = include_str!("../data/terse-fields.tsv");

/// Jobs whose documents have all fields together, with what runs them.
const JOBS: [(&[&str], &str); 5] = [
    (
        &["run"],
        "[global]\nioengine=null\nsize=1m\n[a]\nrw=randrw\nslat_percentiles=1\nlat_percentiles=1\niodepth=4\n\
         unified_rw_reporting=mixed\n[b]\nrw=randtrim\nunified_rw_reporting=both\ndescription=two words\n",
    ),
    (
        &["run"],
        "[w]\nioengine=psync\nsize=1m\nrw=randrw\nfsync=16\n",
    ),
    (
        &["run"],
        "[p]\nioengine=libaio\nfilename=pf\nsize=1m\nrw=randread\ndirect=1\ncmdprio_percentage=30\ncmdprio=1\n\
         cmdprio_class=2\niodepth=4\n",
    ),
    (
        &["run"],
        "[s]\nioengine=null\nsize=1g\ntime_based\nruntime=6\nrate_iops=1000\nsteadystate=iops:90%\n\
         steadystate_duration=2\n",
    ),
    (
        &["client"],
        "[global]\nioengine=null\nsize=1m\n[a]\nrw=randrw\n[b]\nrw=randtrim\n",
    ),
];

/// What fio has as well, in JSON+ of jobs that synchronise, of which the list knows JSON only.
const BEYOND: &str = "$.jobs[].sync.lat_ns.bins";

#[test]
fn every_field_of_json_is_there_with_its_type() {
    let mut ours: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (command, job) in JOBS {
        let folder = Folder::new();
        folder.file("job.fio", job);
        let words = [command, &["--output-format=json+", "job.fio"]].concat();
        let document = folder.run(words).expect_code(0).json();
        collect(&document, "$".to_owned(), &mut ours);
    }
    // Two servers, whose options are told one by one.
    let servers = [(); 2].map(|()| crate::running_server::RunningServer::start());
    let folder = Folder::new();
    folder.file("job.fio", "[global]\nioengine=null\nsize=1m\n[a]\n");
    let hosts = servers
        .iter()
        .map(|server| format!("--host={}", server.address()));
    let words = ["client", "--output-format=json", "job.fio"].map(str::to_owned);
    let document = folder
        .run(words.into_iter().chain(hosts))
        .expect_code(0)
        .json();
    collect(&document, "$".to_owned(), &mut ours);

    let on_a_disk = ours.contains_key("$.disk_util[].name");
    let mut missing = Vec::new();
    let mut listed = BTreeSet::new();
    for line in JSON_FIELDS.lines().filter(|line| !line.starts_with('#')) {
        let (path, types) = line.split_once('\t').expect("two columns");
        listed.insert(path);
        if path.starts_with("$.disk_util[]") && !on_a_disk {
            continue;
        }
        let types: BTreeSet<_> = types.split(',').collect();
        if ours.get(path) != Some(&types) {
            missing.push(format!("{path}: {:?} for {types:?}", ours.get(path)));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    let more = ours.keys().filter(|path| !listed.contains(path.as_str()));
    let more: Vec<_> = more.filter(|path| !path.starts_with(BEYOND)).collect();
    assert!(more.is_empty(), "{more:#?}");
}

/// Adds all paths below a value, named as in the list.
fn collect(value: &Value, path: String, paths: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    paths.entry(path.clone()).or_default().insert(match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    });
    match value {
        Value::Array(values) => {
            for value in values {
                collect(value, format!("{path}[]"), paths);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                // Listed by themselves, and their members as those of reads.
                if ["write", "trim"].contains(&name.as_str()) {
                    let own = format!("{path}.{name}");
                    paths.entry(own).or_default().insert("object");
                    collect(value, format!("{path}.read"), paths);
                    continue;
                }
                collect(value, format!("{path}.{}", listed_name(&path, name)), paths);
            }
        }
        _ => {}
    }
}

fn listed_name<'n>(path: &str, name: &'n str) -> &'n str {
    let last = path.rsplit('.').next().unwrap_or_default();
    match (last, name) {
        ("global options[]", "hostname" | "port") => name,
        ("global options" | "global options[]" | "job options", _) => "<option>",
        ("percentile", _) => "<percentile>",
        ("bins", _) => "<bin upper ns>",
        ("iodepth_level" | "iodepth_submit" | "iodepth_complete", _) => "<bucket>",
        ("latency_ns" | "latency_us" | "latency_ms", _) => "<bucket>",
        _ => name,
    }
}

/// Jobs whose lines have something in every field.
const TERSE_JOBS: &str = "[global]\nsize=64g\ntime_based\nruntime=1\nbwavgtime=100\niopsavgtime=100\nioengine=null\n\
                          [a]\nrw=randrw\niodepth=8\n[b]\nrw=randtrim\nrate_iops=500\n";

#[test]
fn every_field_of_terse_lines_is_in_its_place() {
    for version in ["2", "3", "4", "5"] {
        let folder = Folder::new();
        folder.file("job.fio", TERSE_JOBS);
        let words = [
            "run",
            "--output-format=terse,json",
            "--terse-version",
            version,
            "job.fio",
        ];
        let text = folder.run(words).expect_code(0).stdout;
        let (lines, document) = text.split_at(text.find("{\n").expect("a document"));
        let document: Value = serde_json::from_str(document).expect("JSON");
        let jobs = document["jobs"].as_array().expect("jobs");
        assert_eq!(lines.lines().count(), jobs.len());
        for (line, job) in lines.lines().zip(jobs) {
            check_line(version, line, job);
        }
    }
}

/// Compares each value of a line with the member of the document that says the same.
fn check_line(version: &str, line: &str, job: &Value) {
    let values: Vec<_> = line.split(';').collect();
    let fields = TERSE_FIELDS.lines().skip(1).filter_map(|line| {
        let mut columns = line.split('\t');
        let (of, number, meaning) = (columns.next()?, columns.next()?, columns.next()?);
        (of == version).then(|| (number.parse::<usize>().expect("a number"), meaning))
    });
    let mut checked = 0;
    for (number, meaning) in fields {
        let value = values[number - 1];
        let expected = expected(meaning, job);
        let right = match (&expected, meaning) {
            (_, "terse version") => value == version,
            (_, "fio version") => value.starts_with("fio-"),
            (Expected::Text(text), _) => value == text,
            (Expected::Number(number, decimals), _) => near(value, *number, *decimals),
        };
        assert!(
            right,
            "version {version}, {number}, {meaning}: {value} for {expected:?}"
        );
        checked += 1;
    }
    assert_eq!(values.len(), checked, "version {version}: {line}");
}

/// What a field should say.
#[derive(Debug)]
enum Expected {
    Text(String),
    /// A number and its decimals; without decimals, cut off.
    Number(f64, usize),
}

fn near(value: &str, expected: f64, decimals: usize) -> bool {
    let digits = value.strip_suffix('%').unwrap_or(value);
    let has = digits
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let number: f64 = digits.parse().unwrap_or(f64::NAN);
    let expected = if decimals == 0 {
        (expected + 1e-6).floor()
    } else {
        expected
    };
    // The document has six decimals, some of thousand times the value.
    let step = if decimals == 0 {
        0.0
    } else {
        1.01 * 10_f64.powi(-(decimals as i32))
    };
    has == decimals && (number - expected).abs() <= step
}

fn expected(meaning: &str, job: &Value) -> Expected {
    let (first, rest) = meaning.split_once(' ').unwrap_or((meaning, ""));
    match first {
        "read" | "write" | "trim" => of_direction(rest, &job[first]),
        "latency" | "depth" => of_distribution(meaning, job),
        _ => of_job(meaning, job),
    }
}

fn of_job(meaning: &str, job: &Value) -> Expected {
    let number = |name: &str, decimals| Expected::Number(job[name].as_f64().expect(name), decimals);
    match meaning {
        "job name" => Expected::Text(job["jobname"].as_str().expect("a name").to_owned()),
        "group id" => number("groupid", 0),
        "error" => number("error", 0),
        "user cpu (text \"%\")" => number("usr_cpu", 6),
        "system cpu (text \"%\")" => number("sys_cpu", 6),
        "context switches" => number("ctx", 0),
        "major faults" => number("majf", 0),
        "minor faults" => number("minf", 0),
        _ => Expected::Text(format!("not known: {meaning}")),
    }
}

fn of_direction(meaning: &str, direction: &Value) -> Expected {
    let number =
        |name: &str, decimals| Expected::Number(direction[name].as_f64().expect(name), decimals);
    if let Some((kind @ ("slat" | "clat" | "lat"), what)) = meaning.split_once(' ') {
        return of_latency(what, &direction[format!("{kind}_ns")]);
    }
    match meaning {
        "total KiB" => number("io_kbytes", 0),
        "bandwidth KiB/s" => number("bw", 0),
        "IOPS" => number("iops", 0),
        "runtime ms" => number("runtime", 0),
        "bw min KiB/s" => number("bw_min", 0),
        "bw max KiB/s" => number("bw_max", 0),
        "bw share of group (text \"%\")" => number("bw_agg", 6),
        "bw mean KiB/s" => number("bw_mean", 6),
        "bw stddev" => number("bw_dev", 6),
        "bw samples" => number("bw_samples", 0),
        "iops min" => number("iops_min", 0),
        "iops max" => number("iops_max", 0),
        "iops mean" => number("iops_mean", 6),
        "iops stddev" => number("iops_stddev", 6),
        "iops samples" => number("iops_samples", 0),
        _ => Expected::Text(format!("not known: {meaning}")),
    }
}

fn of_latency(meaning: &str, latency: &Value) -> Expected {
    let microseconds = |name: &str| latency[name].as_f64().expect(name) / 1000.0;
    if let Some(slot) = meaning.strip_prefix("percentile slot ") {
        let slot: usize = slot
            .split(' ')
            .next()
            .and_then(|slot| slot.parse().ok())
            .expect("a slot");
        // Of the default list in a document that is sorted by text.
        let list = fio_engine::job::DEFAULT_PERCENTILES;
        return Expected::Text(match list.get(slot - 1) {
            None => "0%=0".to_owned(),
            Some(percent) => {
                let value = latency["percentile"][format!("{percent:.6}")]
                    .as_u64()
                    .unwrap_or(0);
                format!("{percent:.6}%={}", value / 1000)
            }
        });
    }
    match meaning {
        "min us" => Expected::Number(microseconds("min"), 0),
        "max us" => Expected::Number(microseconds("max"), 0),
        "mean us" => Expected::Number(microseconds("mean"), 6),
        "stddev us" => Expected::Number(microseconds("stddev"), 6),
        _ => Expected::Text(format!("not known: {meaning}")),
    }
}

/// `depth 8 share`, `latency <=250 us share`; what is below a microsecond is among what is below 2.
fn of_distribution(meaning: &str, job: &Value) -> Expected {
    let words: Vec<_> = meaning.split(' ').collect();
    let share = |object: &str, name: &str| job[object][name].as_f64().expect(name);
    match words.as_slice() {
        ["depth", depth, "share"] => Expected::Number(share("iodepth_level", depth), 1),
        ["latency", limit, "us", "share"] => {
            let below = share("latency_us", limit.trim_start_matches("<="));
            let ns = job["latency_ns"].as_object().expect("an object");
            let ns: f64 = ns.values().filter_map(Value::as_f64).sum();
            Expected::Number(if *limit == "<=2" { below + ns } else { below }, 2)
        }
        ["latency", limit, "ms", "share"] => {
            Expected::Number(share("latency_ms", limit.trim_start_matches("<=")), 2)
        }
        _ => Expected::Text(format!("not known: {meaning}")),
    }
}
