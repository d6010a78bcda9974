//! Debian's fio as an oracle for jobs nobody has thought of: 2,000 jobs drawn from the option table
//! must be accepted or refused by both, but for choices that are listed with their reasons.
//!
//! The seed is fixed, so that a failure stays one. Values that fio silently misreads are not drawn;
//! `job_oracle.rs` lists those.

mod oracle;

use std::collections::BTreeMap;
use std::process::Command;

use fio_engine::job::{JobSource, OptionInfo, OptionType, ParseOptions, options, parse_jobs};
use oracle::{Draw, Fio, in_parallel};

const JOBS: usize = 2_000;

/// Jobs that fio is asked about at once where it is expected to accept them all.
const BATCH: usize = 40;

#[test]
fn generated_jobs_are_judged_alike() {
    let Some(fio) = Fio::find() else { return };
    let known = known_to_debian();
    let mut draw = Draw(0x89);
    let jobs: Vec<_> = (0..JOBS).map(|_| draw_job(&mut draw, &known)).collect();
    let (good, bad): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.is_good_here());
    assert!(
        good.len() > JOBS / 2 && bad.len() > JOBS / 10,
        "a good mixture"
    );
    let batches: Vec<_> = good.chunks(BATCH).collect();
    let mut failures = in_parallel(&batches, |batch| {
        let all: String = batch
            .iter()
            .enumerate()
            .map(|(index, job)| job.section(index))
            .collect();
        if fio.accepts(&all) {
            return None;
        }
        let refused = batch.iter().filter(|job| !fio.accepts(&job.section(0)));
        let lines: Vec<_> = refused
            .filter(|job| job.choice().is_none())
            .map(|job| format!("only fio refuses: {:?}", job.lines()))
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    });
    failures.extend(in_parallel(&bad, |job| {
        let only_here = job.choice().is_none() && fio.accepts(&job.section(0));
        only_here.then(|| format!("only refused here: {:?}: {}", job.lines(), job.complaint()))
    }));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Names of the options Debian's fio has.
fn known_to_debian() -> Vec<&'static OptionInfo> {
    let output = Command::new("fio")
        .arg("--cmdhelp=all")
        .output()
        .expect("fio starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split(':').next())
        .map(str::trim)
        .collect();
    let drawn = |option: &&OptionInfo| {
        option.is_supported() && names.contains(&option.name) && !LEFT_OUT.contains(&option.name)
    };
    options().iter().filter(drawn).collect()
}

/// Options whose verdict depends on more than their value.
const LEFT_OUT: [&str; 5] = [
    // Read a file as they are parsed.
    "read_iolog",
    "opendir",
    // Decides what the other options mean.
    "ioengine",
    // The section has a name.
    "name",
    // Must name an earlier job.
    "wait_for",
];

/// Pairs of options that one of the two refuses, and why.
const CHOICES: [(&str, &str, &str); 3] = [
    ("rate", "rate_iops", "fio refuses it when it starts the job"),
    ("rate_min", "rate_iops_min", "as above"),
    ("rate", "rate_min", "as above, if the minimum is higher"),
];

struct Job(Vec<(&'static str, String)>);

impl Job {
    fn section(&self, number: usize) -> String {
        format!("[job{number}]\nioengine=null\nsize=1m\n{}\n", self.lines())
    }

    fn lines(&self) -> String {
        let line = |(name, value): &(&str, String)| match value.as_str() {
            "" => (*name).to_owned(),
            value => format!("{name}={value}"),
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn verdict(&self) -> Result<(), String> {
        let section = self.section(0);
        let source = JobSource::text("generated", &section);
        let parsed = parse_jobs(&[source], &ParseOptions::default());
        parsed.map(drop).map_err(|error| error.to_string())
    }

    fn is_good_here(&self) -> bool {
        self.verdict().is_ok()
    }

    fn complaint(&self) -> String {
        self.verdict().err().unwrap_or_default()
    }

    fn choice(&self) -> Option<&'static str> {
        let has = |name: &str| self.0.iter().any(|(given, _)| *given == name);
        let found = CHOICES
            .iter()
            .find(|(one, other, _)| has(one) && has(other));
        found.map(|(_, _, reason)| *reason)
    }
}

/// One to seven options; in one job of five, one of them has an odd value.
fn draw_job(draw: &mut Draw, known: &[&'static OptionInfo]) -> Job {
    let odd = (draw.below(5) == 0).then_some(0);
    let mut chosen = BTreeMap::new();
    for index in 0..=draw.below(7) {
        let option = known[draw.below(known.len())];
        let values = if odd == Some(index) {
            odd_values(option)
        } else {
            values(option)
        };
        if let Some(value) = values.get(draw.below(values.len().max(1))) {
            chosen.insert(option.name, value.clone());
        }
    }
    Job(chosen.into_iter().collect())
}

/// Values that make sense.
fn values(option: &OptionInfo) -> Vec<String> {
    let owned = |list: &[&str]| {
        list.iter()
            .map(|&value| value.to_owned())
            .collect::<Vec<_>>()
    };
    if let Some((_, list)) = VALUES.iter().find(|(name, _)| *name == option.name) {
        return owned(list);
    }
    if !option.values.is_empty() {
        return owned(option.values);
    }
    match option.value_type {
        OptionType::Boolean => owned(&["0", "1"]),
        OptionType::Flag => owned(&["", "1", "0"]),
        OptionType::Time => owned(&["1", "10s", "5m", "500ms", "2us", "1h"]),
        OptionType::Size => owned(&["4096", "64k", "1m", "0x2000"]),
        OptionType::SizeOrPercent => owned(&["4096", "64k", "1m", "50%"]),
        OptionType::Range => owned(&["4k-8k", "512-64k"]),
        OptionType::DecimalList => owned(&["50", "10:99.9"]),
        OptionType::Integer => integers(option),
        OptionType::OptionalText => owned(&["", "text"]),
        OptionType::Text => owned(&["text"]),
        _ => Vec::new(),
    }
}

fn integers(option: &OptionInfo) -> Vec<String> {
    let low = u64::try_from(option.minimum).unwrap_or(0);
    let high = option.maximum.unwrap_or(64).min(1 << 20);
    let numbers = [low.max(1), low.max(1) + 1, high, high / 2];
    let inside = |number: &u64| (low..=high).contains(number);
    let list = numbers.iter().filter(|number| inside(number));
    list.map(ToString::to_string).collect()
}

/// Values that do not, or just so.
fn odd_values(option: &OptionInfo) -> Vec<String> {
    let mut list = match option.value_type {
        OptionType::Boolean => vec!["2".to_owned(), "yes".to_owned()],
        OptionType::Integer | OptionType::Time | OptionType::Size => vec!["abc".to_owned()],
        OptionType::Text if !option.values.is_empty() => vec!["nosuch".to_owned()],
        _ => Vec::new(),
    };
    if let (OptionType::Integer, Some(maximum)) = (option.value_type, option.maximum) {
        list.push((maximum + 1).to_string());
    }
    list
}

/// Values of options that a type does not describe.
const VALUES: &[(&str, &[&str])] = &[
    ("description", &["some text", "a=b"]),
    ("filename", &["f1", "f1:f2", "a/b"]),
    ("directory", &["."]),
    (
        "filename_format",
        &["$jobname.$filenum", "x.$jobnum.$filenum"],
    ),
    ("bs", &["4k", "8k,16k", "512,1k,2k", ",8k"]),
    ("ba", &["4k", "512,,1k"]),
    (
        "bssplit",
        &["4k/50:8k/50", "4k/10:64k/90,8k/100", "512/:1k/"],
    ),
    (
        "rw",
        &[
            "read",
            "write",
            "randread",
            "randwrite",
            "rw",
            "randrw",
            "randread:8",
            "write:4k",
            "read:-8k",
            "trim",
            "randtrimwrite",
        ],
    ),
    ("numjobs", &["1", "2"]),
    ("nrfiles", &["1", "3"]),
    ("loops", &["1", "2"]),
    ("iodepth", &["1", "16"]),
    ("size", &["1m", "50%", "4m"]),
    ("io_size", &["1m", "50%"]),
    ("filesize", &["64k", "64k-1m"]),
    ("startdelay", &["1", "1-2", "500ms"]),
    ("cpus_allowed", &["0", "0-1", "0,1"]),
    ("cpumask", &["1", "3", "0x1"]),
    ("percentile_list", &["50:99", "99.9"]),
    (
        "random_distribution",
        &[
            "random",
            "zipf:1.2",
            "zipf",
            "pareto:0.9",
            "normal:20",
            "zoned:60/10:30/20:8/30:2/40",
            "zoned_abs:60/1m:40/4m",
            "zipf:1.1:0.5",
        ],
    ),
    (
        "file_service_type",
        &[
            "random",
            "roundrobin",
            "sequential",
            "random:4",
            "zipf:1.2",
            "pareto:0.3",
            "normal:10",
        ],
    ),
    ("percentage_random", &["0", "50", "100", "10,90"]),
    ("rwmixread", &["0", "30", "100"]),
    ("rwmixwrite", &["0", "30", "100"]),
    ("rate", &["1m", "500k,1m", ",1m"]),
    ("rate_iops", &["100", "50,100"]),
    ("rate_min", &["1k", "1k,2k"]),
    ("rate_iops_min", &["1", "1,2"]),
    ("rate_cycle", &["100", "1000"]),
    (
        "buffer_pattern",
        &["0xdeadface", "\"abcd\"", "-12", "0x12\"ab\"-3"],
    ),
    ("sync_file_range", &["write:4", "wait_before,write:16"]),
    ("steadystate", &["iops:10%", "bw_slope:0.5%", "iops:100"]),
    ("ignore_error", &["EIO", "EIO:ENOSPC,ENOSPC", "5"]),
    ("randseed", &["1", "12345678901"]),
    ("latency_percentile", &["99", "99.9"]),
    ("mem", &["malloc", "mmap"]),
    ("log_entries", &["1024", "4096"]),
    ("write_bw_log", &["", "x"]),
    ("zonemode", &["none", "strided"]),
    ("kb_base", &["1000", "1024"]),
    ("nice", &["-5", "0", "19"]),
];
