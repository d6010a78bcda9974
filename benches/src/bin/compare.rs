//! Runs the same jobs through this engine and through the `fio` on the PATH, in turn, and prints
//! what each managed, what each I/O cost in CPU time, and the ratios.
//!
//! ```text
//! cargo run --release -p fio-benches --bin compare -- [--seconds N] [--rounds N] [--directory DIR] \
//!     [--only TEXT]
//! ```
//!
//! `--only` picks the comparisons whose title contains the text.
//!
//! The two take turns within the same minute, because shared machines drift, and each begins every
//! other round after the same pause, because the limits of a virtual disk let whoever comes after a
//! rest have more. The ratio is the median over the rounds, with the interval that holds the true
//! median with a probability of at least 95 % (all of them below six rounds). CPU time is what the kernel charged the job's thread or process
//! (`getrusage`), as both tools report it. With `--seconds 0` each job runs for a tenth of a
//! second: enough to see that the program works, not to compare.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use fio_engine::Direction;
use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::run::{Run, RunOptions};

/// Size of the file that the jobs on files read.
const FILE_BYTES: u64 = 512 << 20;

fn main() -> ExitCode {
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    match compare(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    runtime: Duration,
    rounds: usize,
    directory: PathBuf,
    /// Part of the titles of the comparisons to make.
    only: String,
}

impl Options {
    /// How long the device rests before each run.
    fn pause(&self) -> Duration {
        self.runtime / 4
    }

    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            runtime: Duration::from_secs(3),
            rounds: 3,
            directory: std::env::temp_dir(),
            only: String::new(),
        };
        while let Some(name) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            match name.as_str() {
                "--seconds" => options.runtime = seconds(&value()?)?,
                "--rounds" => options.rounds = number(&value()?)?.max(1) as usize,
                "--directory" => options.directory = value()?.into(),
                "--only" => options.only = value()?,
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    Ok(match number(text)? {
        0 => Duration::from_millis(100),
        seconds => Duration::from_secs(seconds),
    })
}

/// One job that both tools run.
struct Case {
    title: &'static str,
    engine: &'static str,
    io_depth: u32,
    direct: bool,
    /// What else both are told, as on fio's command line.
    more: &'static [&'static str],
}

const fn case(
    title: &'static str,
    engine: &'static str,
    io_depth: u32,
    direct: bool,
    more: &'static [&'static str],
) -> Case {
    Case {
        title,
        engine,
        io_depth,
        direct,
        more,
    }
}

const CASES: [Case; 11] = [
    case("null", "null", 1, false, &[]),
    case("psync, page cache", "psync", 1, false, &[]),
    case("libaio, page cache", "libaio", 32, false, &[]),
    case("libaio, O_DIRECT", "libaio", 32, true, &[]),
    case("io_uring, page cache, depth 1", "io_uring", 1, false, &[]),
    case("io_uring, page cache, depth 32", "io_uring", 32, false, &[]),
    case("io_uring, O_DIRECT, depth 1", "io_uring", 1, true, &[]),
    case("io_uring, O_DIRECT, depth 32", "io_uring", 32, true, &[]),
    case(
        "io_uring, O_DIRECT, depth 1, no latencies",
        "io_uring",
        1,
        true,
        &["--gtod_reduce=1"],
    ),
    case(
        "io_uring, O_DIRECT, depth 32, no latencies",
        "io_uring",
        32,
        true,
        &["--gtod_reduce=1"],
    ),
    case(
        "io_uring, O_DIRECT, depth 32, fixed buffers, registered files",
        "io_uring",
        32,
        true,
        &["--fixedbufs=1", "--registerfiles=1"],
    ),
];

/// What one run of one tool measured.
#[derive(Clone, Copy)]
struct Measured {
    iops: f64,
    /// User CPU time per I/O, nanoseconds.
    user: f64,
    /// System CPU time per I/O, nanoseconds.
    system: f64,
}

fn compare(options: &Options) -> Result<(), String> {
    let version = Command::new("fio").arg("--version").output();
    let version = version.map_err(|error| format!("cannot run fio: {error}"))?;
    println!(
        "4 KiB random reads, one thread, all statistics on unless said otherwise; peer: {}",
        String::from_utf8_lossy(&version.stdout).trim()
    );
    let file = options
        .directory
        .join(format!("fio-compare-{}.bin", std::process::id()));
    let result = write_file(&file).and_then(|()| {
        CASES
            .iter()
            .filter(|case| case.title.contains(&options.only))
            .try_for_each(|case| compare_case(case, &file, options))
    });
    // The file is ours and its loss is no error.
    let _ = std::fs::remove_file(&file);
    result
}

fn compare_case(case: &Case, file: &Path, options: &Options) -> Result<(), String> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let mut turns: [(Tool, &mut Vec<Measured>); 2] =
            [(run_here, &mut ours), (run_fio, &mut theirs)];
        if round % 2 == 1 {
            turns.reverse();
        }
        for (tool, results) in turns {
            warm(case, file)?;
            std::thread::sleep(options.pause());
            results.push(tool(case, file, options.runtime)?);
        }
    }
    println!("\n{}", case.title);
    println!(
        "  {:<12} {:>12} {:>14} {:>14}",
        "", "IOPS", "user ns/IO", "system ns/IO"
    );
    for (name, measured) in [("this engine", &ours), ("fio", &theirs)] {
        let show = |pick: fn(&Measured) -> f64| median(measured.iter().map(pick));
        println!(
            "  {name:<12} {:>12.0} {:>14.0} {:>14.0}",
            show(|one| one.iops),
            show(|one| one.user),
            show(|one| one.system)
        );
    }
    let ratio = |pick: fn(&Measured) -> f64| {
        let pairs = ours.iter().zip(&theirs);
        Ratio::of(pairs.map(|(one, other)| pick(one) / pick(other)).collect())
    };
    println!(
        "  {:<12} {:>12} {:>14} {:>14}",
        "ratio",
        ratio(|one| one.iops).to_string(),
        ratio(|one| one.user).to_string(),
        ratio(|one| one.system).to_string()
    );
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    Ratio::of(values.collect()).median
}

/// A median with the bounds of its 95 % confidence interval.
struct Ratio {
    median: f64,
    low: f64,
    high: f64,
}

impl Ratio {
    /// The interval lies between two order statistics, so that nothing is assumed of how the
    /// values are distributed: how many of them are below the true median is binomial with a half
    /// (Conover, Practical Nonparametric Statistics, 3.2).
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let at = |rank: usize| values.get(rank).copied().unwrap_or(f64::NAN);
        let outside = ranks_outside(count);
        Self {
            median: (at(count.saturating_sub(1) / 2) + at(count / 2)) / 2.0,
            low: at(outside),
            high: at(count.saturating_sub(1 + outside)),
        }
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { median, low, high } = self;
        write!(f, "{median:.2} {low:.2}-{high:.2}")
    }
}

/// How many of the sorted values can be left out at either end of a 95 % interval of the median.
fn ranks_outside(count: usize) -> usize {
    let mut ways = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut tail = ways;
    let mut outside = 0;
    while tail <= 0.025 {
        outside += 1;
        ways *= (count + 1 - outside) as f64 / outside as f64;
        tail += ways;
    }
    outside.saturating_sub(1)
}

fn write_file(path: &Path) -> Result<(), String> {
    use std::io::Write;
    let failed = |error| format!("{}: {error}", path.display());
    let mut file = std::fs::File::create(path).map_err(failed)?;
    let block: Vec<u8> = (0..1 << 20)
        .map(|index: u32| ((index * 31) >> 3) as u8)
        .collect();
    for _ in 0..FILE_BYTES / block.len() as u64 {
        file.write_all(&block).map_err(failed)?;
    }
    file.sync_all().map_err(failed)
}

/// Brings the file into the page cache for the jobs that read from there.
fn warm(case: &Case, file: &Path) -> Result<(), String> {
    if case.direct || case.engine == "null" {
        return Ok(());
    }
    let mut file = std::fs::File::open(file).map_err(|error| error.to_string())?;
    std::io::copy(&mut file, &mut std::io::sink()).map_err(|error| error.to_string())?;
    Ok(())
}

/// The job, as both are told of it.
fn arguments(case: &Case, file: &Path, runtime: Duration) -> Vec<OsString> {
    let own = [
        "--name=compare".to_owned(),
        format!("--ioengine={}", case.engine),
        "--rw=randread".to_owned(),
        "--bs=4k".to_owned(),
        "--time_based".to_owned(),
        "--invalidate=0".to_owned(),
        "--thread".to_owned(),
        format!("--iodepth={}", case.io_depth),
        format!("--direct={}", u8::from(case.direct)),
        format!("--size={FILE_BYTES}"),
        format!("--filename={}", file.display()),
        format!("--runtime={}ms", runtime.as_millis()),
    ];
    let more = case.more.iter().map(OsString::from);
    own.into_iter().map(OsString::from).chain(more).collect()
}

/// Runs a case once.
type Tool = fn(&Case, &Path, Duration) -> Result<Measured, String>;

fn run_here(case: &Case, file: &Path, runtime: Duration) -> Result<Measured, String> {
    let words = arguments(case, file, runtime);
    let parsed =
        parse_words(&words, &ParseOptions::default()).map_err(|error| error.to_string())?;
    let jobs = parsed.jobs;
    let run = Run::start(jobs, RunOptions::default()).map_err(|error| error.to_string())?;
    let report = run.wait();
    let job = report.jobs.first().ok_or("the run reported no job")?;
    if job.error != 0 {
        return Err(job.error_message.clone());
    }
    let read = &job.directions[Direction::Read];
    let ios = read.total_ios as f64;
    Ok(Measured {
        iops: ios / read.runtime.as_secs_f64(),
        user: job.user_time.as_nanos() as f64 / ios,
        system: job.system_time.as_nanos() as f64 / ios,
    })
}

fn run_fio(case: &Case, file: &Path, runtime: Duration) -> Result<Measured, String> {
    let output = Command::new("fio")
        .args(arguments(case, file, runtime))
        .arg("--output-format=json")
        .output()
        .map_err(|error| format!("cannot run fio: {error}"))?;
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("fio printed no JSON ({error}): {output:?}"))?;
    let job = &json["jobs"][0];
    let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::NAN);
    let ios = number(&job["read"]["total_ios"]);
    let nanos = number(&job["read"]["runtime"]) * 1e6;
    Ok(Measured {
        iops: ios / (nanos / 1e9),
        user: number(&job["usr_cpu"]) / 100.0 * nanos / ios,
        system: number(&job["sys_cpu"]) / 100.0 * nanos / ios,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranks from the table of the sign test at 5 % on both sides.
    #[test]
    fn intervals_of_the_median_leave_out_what_the_sign_test_allows() {
        let outside = [1, 5, 6, 9, 12, 20, 25].map(ranks_outside);
        assert_eq!(outside, [0, 0, 0, 1, 2, 5, 7]);
    }

    #[test]
    fn the_median_and_its_interval_come_from_the_sorted_values() {
        let ratio = Ratio::of((0..20).rev().map(f64::from).collect());
        assert_eq!((ratio.median, ratio.low, ratio.high), (9.5, 5.0, 14.0));
    }
}
