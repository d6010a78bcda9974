//! The tools of Debian's package `fio` that read what fio writes, unchanged, on what we write. Those that
//! need more than that package are in `.ci/consumers`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::log;
use crate::util::{Finished, Folder};

/// Runs a tool in a folder; `None` if it is not installed, which is an error where tests must be complete.
fn tool<W: AsRef<OsStr>>(
    folder: &Folder,
    name: &str,
    words: impl IntoIterator<Item = W>,
) -> Option<Finished> {
    let mut command = Command::new(name);
    command.current_dir(folder.path()).args(words);
    if which(name) {
        return Some(Finished::of(command));
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
    println!("skipped: {name} is not installed");
    None
}

fn which(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// A Python script of the package's documentation, which has it packed; `None` as above.
fn script(folder: &Folder, name: &str, words: &[&str]) -> Option<Finished> {
    let plain = Path::new("/usr/share/doc/fio").join(name);
    let packed = plain.with_extension("py.gz");
    let unpacked = folder.path().join(name);
    if plain.is_file() {
        std::fs::copy(&plain, &unpacked).expect("a script");
    } else {
        let packed = packed.display().to_string();
        let text = tool(folder, "zcat", [packed])?;
        if text.code != Some(0) {
            assert!(std::env::var_os("CI").is_none(), "{text:?}");
            println!("skipped: {name} is not installed");
            return None;
        }
        std::fs::write(&unpacked, text.stdout).expect("writable");
    }
    tool(folder, "python3", [&[name], words].concat())
}

fn run(folder: &Folder, words: &[&str]) -> serde_json::Value {
    let always = ["run", "--output-format=json+", "--"];
    let words = always.iter().chain(words);
    let finished = folder.run(words).expect_code(0);
    folder.file("run.json", &finished.stdout);
    finished.json()
}

/// `fio_jsonplus_clat2csv` writes a table of the bins, and finds the percentiles in it.
#[test]
fn bins_become_a_table_that_has_the_percentiles() {
    let folder = Folder::new();
    let document = run(
        &folder,
        &[
            "--name=bins",
            "--ioengine=libaio",
            "--iodepth=4",
            "--rw=randrw",
            "--size=8m",
            "--filename=data",
            "--numjobs=2",
            "--slat_percentiles=1",
            "--lat_percentiles=1",
        ],
    );
    let name = "fio_jsonplus_clat2csv";
    let Some(made) = tool(&folder, name, ["run.json", "table.csv"]) else {
        return;
    };
    made.expect_code(0);
    let checked = tool(&folder, name, ["--validate", "run.json", "table.csv"]);
    let checked = checked.expect("as above").expect_code(0);
    for job in 0..2 {
        let table = format!("table_job{job}.csv");
        let said = format!("{table} validated");
        assert!(checked.stdout.contains(&said), "{checked:?}");
        let table = log(&folder, &table);
        let mut lines = table.lines();
        let titles: Vec<_> = lines.next().expect("titles").split(", ").collect();
        for direction in ["read", "write"] {
            for kind in ["slat_ns", "clat_ns", "lat_ns"] {
                let title = format!("{direction}_{kind}_count");
                let column = titles.iter().position(|one| *one == title);
                let column = column.unwrap_or_else(|| panic!("{title} in {titles:?}"));
                let count = |line: &str| -> u64 {
                    let field = line.split(", ").nth(column).unwrap_or_default();
                    field.trim().parse().unwrap_or(0)
                };
                let sum: u64 = table.lines().skip(1).map(count).sum();
                let total = &document["jobs"][job][direction]["total_ios"];
                assert_eq!(Some(sum), total.as_u64(), "{title} of job {job}");
            }
        }
    }
}

/// `fio2gnuplot` takes the mean of each log, whose names it must find itself.
#[test]
fn averages_of_logs_are_those_of_fio2gnuplot() {
    let folder = Folder::new();
    run(
        &folder,
        &[
            "--name=plot",
            "--ioengine=null",
            "--rw=read",
            "--size=1g",
            "--rate_iops=2000",
            "--runtime=2",
            "--write_bw_log=plot",
            "--write_iops_log=plot",
            "--log_avg_msec=100",
        ],
    );
    for (option, name) in [("-b", "plot_bw.1.log"), ("-i", "plot_iops.1.log")] {
        let Some(finished) = tool(&folder, "fio2gnuplot", [option]) else {
            return;
        };
        let finished = finished.expect_code(0);
        assert!(finished.stdout.contains(name), "{finished:?}");
        let text = log(&folder, name);
        let values = text.lines().map(|line| -> f64 {
            let value = line.split(", ").nth(1).expect("a value");
            value.parse().expect("a number")
        });
        let mean = values.clone().sum::<f64>() / values.count() as f64;
        // The first line is a title, the second `0 MEAN` cut to a whole number.
        let averages = log(&folder, "result.average");
        let average = averages
            .lines()
            .last()
            .and_then(|line| line.split(' ').nth(1));
        let average: f64 = average.expect("an average").parse().expect("a number");
        assert!((mean - average).abs() <= 1.0, "{name}: {mean} {average}");
    }
}

/// `fio-histo-log-pctiles.py` finds the percentiles of the run in its histogram log, also in one whose bins
/// `half-bins.py` has put together.
#[test]
fn percentiles_of_a_histogram_log_are_those_of_the_run() {
    let folder = Folder::new();
    let document = run(
        &folder,
        &[
            "--name=hist",
            "--ioengine=psync",
            "--rw=randread",
            "--size=2m",
            "--filename=data",
            "--time_based",
            "--runtime=1",
            "--write_hist_log=h",
            "--log_hist_msec=100",
        ],
    );
    let halved = script(&folder, "half-bins.py", &["-c", "3", "h_clat_hist.1.log"]);
    let Some(halved) = halved else { return };
    folder.file("halved.log", halved.expect_code(0).stdout);
    let read = &document["jobs"][0]["read"];
    // With fewer buckets the script takes the first ones for smaller values, by as much as there are fewer.
    for (name, bits, nanoseconds) in [("h_clat_hist.1.log", "6", 1e3), ("halved.log", "3", 8e3)] {
        // All in one interval.
        let words = [
            "--time-quantum=100",
            "--bucket-bits",
            bits,
            "--percentiles",
            "50",
            "99",
            "--",
            name,
        ];
        let script = script(&folder, "fio-histo-log-pctiles.py", &words);
        let table = script.expect("as above").expect_code(0).stdout;
        let row = table.lines().rfind(|line| !line.is_empty()).expect("a row");
        let fields: Vec<f64> = row
            .split(',')
            .flat_map(|field| field.trim().parse())
            .collect();
        let [_, samples, median, high] = fields[..] else {
            panic!("{table}");
        };
        assert_eq!(Some(samples as u64), read["total_ios"].as_u64(), "{table}");
        for (percent, found) in [("50.000000", median), ("99.000000", high)] {
            let told = read["clat_ns"]["percentile"][percent]
                .as_f64()
                .expect(percent);
            // The script looks for a place inside a bucket, fio's percentiles are a bucket's end.
            let width = 2.0 / f64::from(1 << bits.parse::<u32>().unwrap_or(0));
            let found = found * nanoseconds;
            let far = (found - told).abs() > width * told + 1.0;
            assert!(!far, "{name} {percent}: {found}, not {told}");
        }
    }
}

/// `fio-dedupe` finds in a file what the job was to put there: as many blocks twice as in one of fio's own.
#[test]
fn blocks_are_as_often_alike_as_was_asked() {
    let folder = Folder::new();
    let job = [
        "--name=alike",
        "--rw=write",
        "--bs=4k",
        "--size=8m",
        "--dedupe_percentage=30",
        "--refill_buffers",
    ];
    let own = ["--filename=own"];
    run(&folder, &[&job[..], &own].concat());
    let others = job.iter().chain(&["--filename=fio"]);
    let Some(finished) = tool(&folder, "fio", others) else {
        return;
    };
    finished.expect_code(0);
    let unique = |file: &str| -> f64 {
        let found = tool(&folder, "fio-dedupe", ["-b", "4096", file]);
        let text = found.expect("as above").expect_code(0).stdout;
        let rest = text.split("Unique extents=").nth(1).expect("a count");
        let count = rest.split_whitespace().next().expect("a count");
        count.parse::<f64>().expect("a number") / 2048.0
    };
    let (own, fio) = (unique("own"), unique("fio"));
    assert!((own - fio).abs() < 0.05, "{own} {fio}");
    assert!((own - 0.7).abs() < 0.05, "{own}");
}

/// What `genfio` writes is a job file, and means here what it means to fio.
#[test]
fn generated_job_files_mean_what_they_mean_to_fio() {
    let folder = Folder::new();
    let disk = folder.file("disk", vec![0; 1 << 20]);
    let disk = disk.display().to_string();
    // Writing first, as the script waits for second thoughts otherwise.
    let modes = "write,randwrite,read,randread";
    for way in ["-p", "-s", "-a"] {
        let words = [
            "-d", &disk, "-z", "1m", "-r", "1", "-m", modes, "-b", "4k", way, "-x", "g",
        ];
        let Some(finished) = tool(&folder, "genfio", words) else {
            return;
        };
        let finished = finished.expect_code(0);
        let made = folder
            .files()
            .into_iter()
            .find(|name| name.ends_with(".fio"));
        let made = made.unwrap_or_else(|| panic!("{finished:?}"));
        let ours = folder.run(["fio", "--showcmd", &made]).expect_code(0);
        let theirs = tool(&folder, "fio", ["--showcmd", &made]);
        let theirs = theirs.expect("as above").expect_code(0);
        assert_eq!(ours.stdout.trim_end(), theirs.stdout.trim_end(), "{way}");
        std::fs::remove_file(folder.path().join(made)).expect("removable");
    }
}
