//! What jobs leave behind, compared with what Debian's fio leaves for the same words and job files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use fio_engine::job::{JobSource, ParseOptions, ParsedJobs, parse_jobs, parse_words};
use fio_engine::report::Report;
use fio_engine::run::{Run, RunOptions};

/// Jobs whose files and counts depend on nothing but their options.
const JOBS: &[&str] = &[
    "--rw=write --size=64k",
    "--rw=write --size=64k --nrfiles=5 --openfiles=2",
    "--rw=randread --size=64k --nrfiles=4 --openfiles=1 --loops=2",
    "--rw=randrw --size=96k --nrfiles=3 --openfiles=2 --fsync=3",
    "--rw=write --size=64k --nrfiles=4 --openfiles=2 --end_fsync=1",
    "--rw=randread --size=64k --nrfiles=4 --openfiles=2 --file_service_type=random",
    "--rw=write --size=64k --nrfiles=4 --openfiles=2 --ioengine=libaio --iodepth=8",
    "--rw=write --size=64k --nrfiles=4 --openfiles=2 --ioengine=sync --loops=2",
    "--rw=randwrite --size=96k --filename=a:b:c --numjobs=3 --lockfile=exclusive",
    "--rw=randrw --size=96k --filename=a:b:c --numjobs=3 --lockfile=readwrite --ioengine=libaio --iodepth=4",
    "--rw=write --size=64k --unlink_each_loop=1 --loops=3",
    "--rw=read --size=64k --unlink_each_loop=1 --loops=2",
    "--rw=write --size=64k --create_on_open=1",
    "--rw=read --size=64k --create_on_open=1",
    "--rw=write --size=64k --create_only=1",
    "--rw=read --size=64k --create_only=1 --nrfiles=2",
    "--rw=write --size=64k --allow_file_create=0",
    "--rw=write --size=64k --create_on_open=1 --allow_file_create=0",
    "--rw=write --size=64k --file_append=1",
    "--rw=write --size=64k --file_append=1 --filename=old",
    "--rw=read --size=64k --file_append=1 --filename=old",
    "--rw=write --size=64k --overwrite=1 --filename=old",
    "--rw=write --size=50% --filename=old",
    "--rw=read --size=25% --offset=25% --filename=old",
    "--rw=read --io_size=50% --filename=old",
    "--rw=write --filesize=16k --nrfiles=3 --io_size=24k",
    "--rw=write --size=48k --filename=a:b:c --nrfiles=2",
    "--rw=write --size=48k --filename=a:b:c --nrfiles=7",
    "--rw=write --size=48k --nrfiles=2 --filename=a:b:c",
    "--rw=write --size=48k --filename=a --filename=b",
    "--rw=write --size=48k --filename=a --filename=a",
    "--rw=write --size=48k --filename=a --filename=b --nrfiles=1",
    "--rw=write --size=48k --filename=a --nrfiles=1 --filename=b",
    "--rw=write --size=64k --filename_format=d/e/$jobname.$filenum --nrfiles=2",
    "--rw=write --size=64k --sync_file_range=write:2",
    "--rw=randwrite --size=64k --sync_file_range=wait_before,write,wait_after:3",
    "--rw=write --size=64k --sync_file_range=write:2 --fsync=4",
    "--rw=randread --size=64k --pre_read=1 --fadvise_hint=sequential",
    "--rw=write --size=64k --write_hint=medium --create_serialize=0 --numjobs=3",
    "--rw=write --size=64k --create_fsync=0 --fallocate=none --numjobs=2 --create_serialize=0",
    "--rw=write --size=64k --fill_device=1",
    "--rw=read --opendir=tree",
    "--rw=write --opendir=tree --nrfiles=1",
    "--rw=write --size=64k --nrfiles=4 --openfiles=2 --fsync_on_close=1",
    "--rw=write --size=64k --end_fsync=1 --fsync=8",
];

/// Job files in which names of files meet: those of a section add to those before it.
const JOB_FILES: &[&str] = &[
    "[global]\nfilename=a\nsize=48k\nrw=write\n[j]\nfilename=b\n",
    "[global]\nfilename=a\nsize=48k\nrw=write\n[global]\nfilename=b\n[j]\nfilename=c\n[k]\n",
    "[global]\nfilename=a\nsize=48k\nrw=write\n[j]\nfilename=a\n",
    "[j]\nsize=48k\nrw=write\nfilename=a:b:c\nnrfiles=2\n",
    "[global]\nnrfiles=2\n[j]\nsize=48k\nrw=write\nfilename=a:b:c\n",
    "[global]\nfilename=a:b:c\n[j]\nsize=48k\nrw=write\nnrfiles=2\n",
    "[global]\nfilename=a:b\n[j]\nsize=48k\nrw=write\nnrfiles=1\nfilename=c\n",
    "[global]\nfilename=a:b\nnrfiles=1\n[j]\nsize=48k\nrw=write\n",
    "[j]\nsize=48k\nrw=write\nfilename=a\nnrfiles=3\n",
    // Generated names begin with the title of the section, whatever the job is called.
    "[j]\nname=other\nsize=48k\nrw=write\n",
    "[global]\nname=other\nfilename_format=x-$jobname-$jobnum\n[j]\nname=third\nnumjobs=2\nsize=4k\nrw=write\n[k]\n",
    "[j]\nioengine=aio\nname=a b\nsize=48k\nrw=randwrite\nnumjobs=3\n",
];

#[test]
fn jobs_leave_what_fios_leave() {
    compare(JOBS, words_by_fio, words_by_us);
}

#[test]
fn job_files_leave_what_fios_leave() {
    compare(JOB_FILES, file_by_fio, file_by_us);
}

fn compare(jobs: &[&str], by_fio: fn(&str) -> Left, by_us: fn(&str) -> Left) {
    if Command::new("fio").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        println!("skipped: fio is not installed");
        return;
    }
    let different: Vec<_> = jobs
        .iter()
        .filter_map(|job| {
            let (theirs, ours) = (by_fio(job), by_us(job));
            (theirs != ours).then(|| format!("{job}\n  fio: {theirs:?}\n  here: {ours:?}"))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// What is left of a job: whether it failed, what it did, and its files with their sizes.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    failed: bool,
    ios: Vec<u64>,
    bytes: Vec<u64>,
    syncs: u64,
    files: BTreeMap<String, u64>,
}

fn words_by_fio(words: &str) -> Left {
    left_by_fio(std::iter::once("--name=j").chain(words.split(' ')))
}

fn file_by_fio(text: &str) -> Left {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a writable file");
    left_by_fio([file.path()])
}

fn left_by_fio<T: AsRef<OsStr>>(arguments: impl IntoIterator<Item = T>) -> Left {
    let folder = furnished();
    let output = Command::new("fio")
        .current_dir(folder.path())
        .args(["--output-format=json", "--thread"])
        .args(arguments)
        .output()
        .expect("fio can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    let document = text.find("{\n").map_or("{}", |start| &text[start..]);
    let report: serde_json::Value = serde_json::from_str(document).expect("a JSON document");
    let jobs = report["jobs"].as_array().cloned().unwrap_or_default();
    let sum = |direction: &str, field: &str| -> u64 {
        let figures = jobs.iter().map(|job| job[direction][field].as_u64());
        figures.map(Option::unwrap_or_default).sum()
    };
    let all = |field| ["read", "write", "trim"].map(|direction| sum(direction, field));
    let syncs = jobs.iter().map(|job| job["sync"]["lat_ns"]["N"].as_u64());
    Left {
        failed: !output.status.success(),
        ios: all("total_ios").to_vec(),
        bytes: all("io_bytes").to_vec(),
        syncs: syncs.map(Option::unwrap_or_default).sum(),
        files: files_in(folder.path()),
    }
}

fn words_by_us(words: &str) -> Left {
    let folder = furnished();
    let own = format!("--directory={}", folder.path().display());
    // The folder to be opened is looked for in the current one.
    let words = words.replace("opendir=", &format!("opendir={}/", folder.path().display()));
    let mut list = vec!["--name=j", &own];
    list.extend(words.split(' '));
    let list: Vec<String> = list.into_iter().map(str::to_owned).collect();
    let parsed = parse_words(&list, &ParseOptions::for_peer()).expect("a job");
    left_by_us(folder.path(), parsed)
}

fn file_by_us(text: &str) -> Left {
    let folder = furnished();
    let text = format!("[global]\ndirectory={}\n{text}", folder.path().display());
    let source = JobSource::text("job file", &text);
    let parsed = parse_jobs(&[source], &ParseOptions::for_peer()).expect("a job file");
    left_by_us(folder.path(), parsed)
}

fn left_by_us(folder: &Path, parsed: ParsedJobs) -> Left {
    let jobs = parsed.jobs;
    let report = Run::start(jobs, RunOptions::default())
        .expect("a run")
        .wait();
    let of = |report: &Report, figure: fn(&fio_engine::report::JobReport) -> [u64; 3]| {
        let jobs = report.jobs.iter().map(figure);
        jobs.fold([0; 3], |all, job| {
            [0, 1, 2].map(|index: usize| all[index] + job[index])
        })
    };
    Left {
        failed: report.jobs.iter().any(|job| job.error != 0),
        ios: of(&report, |job| {
            job.directions.0.each_ref().map(|one| one.total_ios)
        })
        .to_vec(),
        bytes: of(&report, |job| {
            job.directions.0.each_ref().map(|one| one.bytes)
        })
        .to_vec(),
        syncs: report.jobs.iter().map(|job| job.total_syncs).sum(),
        files: files_in(folder),
    }
}

/// A folder with a file and a tree of files.
fn furnished() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("tree/deep")).expect("a writable directory");
    for (name, size) in [
        ("old", 65_536),
        ("tree/one", 16_384),
        ("tree/deep/two", 16_384),
    ] {
        std::fs::write(path(name), vec![1; size]).expect("a writable directory");
    }
    folder
}

fn files_in(folder: &Path) -> BTreeMap<String, u64> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("a path below the folder");
            let size = entry.metadata().expect("a file").len();
            files.insert(name.display().to_string(), size);
        }
    }
    files
}
