//! One suite for all engines: what every engine must do with files, short files and errors.

mod alignment;
mod documentation;
mod faults;
mod in_flight;
mod injection;
mod metadata;

use std::fs;
use std::path::Path;

use fio_engine::Direction;
use fio_engine::job::{ParseOptions, parse_words};
use fio_engine::report::{JobReport, Report};
use fio_engine::run::{Run, RunOptions};

/// Engines that move data of files.
const MOVERS: [&str; 10] = [
    "sync", "psync", "vsync", "pvsync", "pvsync2", "mmap", "splice", "libaio", "io_uring",
    "posixaio",
];

fn run(folder: &Path, words: &str) -> Report {
    start(folder, words).wait()
}

fn start(folder: &Path, words: &str) -> Run {
    let directory = format!("--directory={}", folder.display());
    let words = ["--name=job"].into_iter().chain(words.split_whitespace());
    let words: Vec<_> = words.chain([directory.as_str()]).collect();
    let parsed = parse_words(&words, &ParseOptions::default()).expect("good words");
    Run::start(parsed.jobs, RunOptions::default()).expect("a job that can run")
}

fn only(folder: &Path, words: &str) -> JobReport {
    run(folder, words).jobs.remove(0)
}

fn bytes(job: &JobReport, direction: Direction) -> u64 {
    job.directions[direction].bytes
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn what_is_written_is_in_the_file() {
    for engine in MOVERS {
        let folder = folder();
        let words = format!(
            "--ioengine={engine} --rw=write --bs=4k --size=256k --iodepth=8 --filename=f \
             --buffer_pattern=0xa5"
        );
        let job = only(folder.path(), &words);
        assert_eq!((job.error, job.error_message.as_str()), (0, ""), "{engine}");
        assert_eq!(bytes(&job, Direction::Write), 256 << 10, "{engine}");
        let contents = fs::read(folder.path().join("f")).expect("a file");
        assert!(contents == vec![0xa5; 256 << 10], "{engine}");
    }
}

#[test]
fn every_block_is_read_once_at_every_depth() {
    let folder = folder();
    fs::write(folder.path().join("f"), vec![7; 1 << 20]).expect("writable");
    for engine in MOVERS {
        for options in [
            "--rw=read --iodepth=1",
            "--rw=randread --iodepth=16 --iodepth_batch=4",
            "--rw=read --bs=128k --iodepth=4 --iodepth_batch=4",
        ] {
            let words = format!("--ioengine={engine} --size=1m --filename=f {options}");
            let job = only(folder.path(), &words);
            assert_eq!(job.error, 0, "{engine} {options}: {}", job.error_message);
            assert_eq!(bytes(&job, Direction::Read), 1 << 20, "{engine} {options}");
        }
    }
}

#[test]
fn mixed_blocks_of_odd_sizes_are_moved_whole() {
    for engine in MOVERS {
        let folder = folder();
        let words = format!(
            "--ioengine={engine} --rw=randrw --bsrange=1-70000 --bs_unaligned=1 --size=2m \
             --norandommap=1 --iodepth=4 --filename=f"
        );
        let job = only(folder.path(), &words);
        assert_eq!(job.error, 0, "{engine}: {}", job.error_message);
        let moved = bytes(&job, Direction::Read) + bytes(&job, Direction::Write);
        assert!(moved >= 2 << 20, "{engine}: {moved}");
    }
}

/// A file that is shorter than the job believes: another job cuts it after it was laid out.
#[test]
fn the_end_of_a_file_ends_the_job_with_an_error() {
    for engine in MOVERS {
        let folder = folder();
        fs::write(folder.path().join("f"), vec![1; 1 << 20]).expect("writable");
        let words = format!(
            "--ioengine={engine} --rw=read --size=1m --filename=f --startdelay=300ms --invalidate=0"
        );
        let file = folder.path().join("f");
        let cutter = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(150));
            let file = fs::OpenOptions::new().write(true).open(file);
            file.and_then(|file| file.set_len(300_000)).expect("cut");
        });
        let job = only(folder.path(), &words);
        cutter.join().expect("the cutter ends");
        assert_ne!(job.error, 0, "{engine}");
        assert!(bytes(&job, Direction::Read) <= 300_000, "{engine}");
    }
}

/// The pages of a mapping go away under the job, which meets an error and not a signal.
#[test]
fn a_mapped_file_that_is_cut_in_mid_run_is_an_error() {
    let folder = folder();
    let file = folder.path().join("f");
    fs::write(&file, vec![1; 1 << 20]).expect("writable");
    let cutter = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        let file = fs::OpenOptions::new().write(true).open(file);
        file.and_then(|file| file.set_len(8192)).expect("cut");
    });
    let words = "--ioengine=mmap --rw=randrw --size=1m --filename=f --time_based --runtime=20";
    let job = only(folder.path(), words);
    cutter.join().expect("the cutter ends");
    assert_eq!(job.error, libc::EIO, "{}", job.error_message);
    assert!(job.error_message.contains("bytes at offset"));
    assert!(job.error_message.contains("/f: "));
    assert!(job.total_ios() > 0);
    // The process is well, and the next job has a mapping of its own.
    let words = "--ioengine=mmap --rw=read --size=8k --filename=f";
    assert_eq!(only(folder.path(), words).error, 0);
}

/// `/dev/full` takes nothing.
#[test]
fn a_full_device_is_an_error_that_names_it() {
    // Nothing can be mapped there, what is spliced into it is lost, and the kernel refuses libaio.
    let without = ["mmap", "splice", "libaio"];
    for engine in MOVERS.into_iter().filter(|name| !without.contains(name)) {
        let folder = folder();
        let words =
            format!("--ioengine={engine} --rw=write --bs=4k --size=64k --filename=/dev/full");
        let job = only(folder.path(), &words);
        assert_eq!(job.error, libc::ENOSPC, "{engine}: {}", job.error_message);
        assert!(
            job.error_message.contains("/dev/full"),
            "{engine}: {}",
            job.error_message
        );
    }
}

#[test]
fn trims_punch_holes() {
    for engine in MOVERS {
        let folder = folder();
        let file = folder.path().join("f");
        fs::write(&file, vec![9; 64 << 10]).expect("writable");
        let words = format!("--ioengine={engine} --rw=trim --bs=16k --size=64k --filename=f");
        let job = only(folder.path(), &words);
        // Not every file system has holes.
        if job.error == 95 {
            continue;
        }
        assert_eq!(job.error, 0, "{engine}: {}", job.error_message);
        assert!(
            fs::read(&file)
                .expect("a file")
                .iter()
                .all(|byte| *byte == 0),
            "{engine}"
        );
    }
}

#[test]
fn files_of_no_length_are_refused_or_left_alone() {
    for engine in MOVERS {
        let folder = folder();
        fs::write(folder.path().join("f"), "").expect("writable");
        let job = only(
            folder.path(),
            &format!("--ioengine={engine} --rw=read --filename=f"),
        );
        assert_ne!(job.error, 0, "{engine}");
        assert_eq!(job.total_ios(), 0, "{engine}");
    }
}

#[test]
fn a_stop_ends_jobs_with_ios_in_flight() {
    for engine in MOVERS {
        let folder = folder();
        let words = format!(
            "--ioengine={engine} --rw=randread --size=1m --iodepth=8 --time_based --runtime=60 \
             --filename=f"
        );
        let run = start(folder.path(), &words);
        std::thread::sleep(std::time::Duration::from_millis(100));
        run.stop();
        let began = std::time::Instant::now();
        let job = run.wait().jobs.remove(0);
        assert!(began.elapsed().as_secs() < 20, "{engine}");
        assert_eq!(job.error, 0, "{engine}: {}", job.error_message);
    }
}

#[test]
fn falloc_makes_files_longer_with_writes_only() {
    let folder = folder();
    let file = folder.path().join("f");
    let size = || fs::metadata(&file).expect("a file").len();
    fs::write(&file, vec![1; 4096]).expect("writable");
    for (pattern, expected) in [("read", 65_536), ("write", 65_536), ("trim", 65_536)] {
        let words = format!("--ioengine=falloc --rw={pattern} --bs=16k --size=64k --filename=f");
        let job = only(folder.path(), &words);
        assert_eq!(job.error, 0, "{pattern}: {}", job.error_message);
        assert_eq!(job.total_ios(), 4, "{pattern}");
        assert_eq!(size(), expected, "{pattern}");
    }
}

#[test]
fn ftruncate_sets_the_size_to_the_offset_of_writes() {
    let folder = folder();
    let words = "--ioengine=ftruncate --bs=16k --size=64k --filename=f";
    let job = only(folder.path(), &format!("{words} --rw=write"));
    assert_eq!((job.error, job.total_ios()), (0, 4));
    let size = fs::metadata(folder.path().join("f")).expect("a file").len();
    assert_eq!(size, 48 << 10, "as fio leaves it");
    assert_eq!(only(folder.path(), &format!("{words} --rw=read")).error, 22);
}

#[test]
fn whole_files_are_made_looked_at_and_removed() {
    let folder = folder();
    let count = || fs::read_dir(folder.path()).expect("a folder").count();
    let words = "--filesize=4k --bs=4k --nrfiles=20 --rw=read";
    let job = only(folder.path(), &format!("--ioengine=filecreate {words}"));
    assert_eq!((job.error, job.total_ios(), count()), (0, 20, 20));
    let empty = fs::read_dir(folder.path()).expect("a folder");
    assert!(
        empty
            .flatten()
            .all(|entry| entry.metadata().is_ok_and(|file| file.len() == 0))
    );
    let job = only(folder.path(), &format!("--ioengine=filestat {words}"));
    assert_eq!((job.error, job.total_ios(), count()), (0, 20, 20));
    let job = only(folder.path(), &format!("--ioengine=filedelete {words}"));
    assert_eq!((job.error, job.total_ios(), count()), (0, 20, 0));
}

#[test]
fn engines_say_whether_they_keep_ios_in_flight() {
    let engines = fio_engine::io::Engines::standard();
    let flying: Vec<_> = engines
        .names()
        .filter(|name| engines.keeps_in_flight(name) == Some(true))
        .collect();
    assert_eq!(flying, ["io_uring", "libaio", "null", "posixaio", "vsync"]);
}

#[test]
fn files_are_looked_at_with_the_call_the_job_names() {
    for (call, error) in [("stat", 0), ("statx", 0), ("lstat", 0)] {
        let folder = folder();
        fs::write(folder.path().join("f"), vec![0; 4096]).expect("writable");
        let words = format!(
            "--ioengine=filestat --stat_type={call} --rw=read --bs=1k --size=4k --filename=f"
        );
        let job = only(folder.path(), &words);
        assert_eq!((job.error, job.total_ios()), (error, 4), "{call}");
    }
}

#[test]
fn huge_pages_are_advice() {
    let folder = folder();
    let words = "--ioengine=mmap --thp=1 --rw=randrw --size=4m --filename=f";
    let job = only(folder.path(), words);
    assert_eq!(job.error, 0, "{}", job.error_message);
}

/// `RWF_NOWAIT` reaches the kernel: it is refused for buffered writes on some file systems, and
/// never waits on others; without it nothing fails.
#[test]
fn flags_of_pvsync2_reach_the_kernel() {
    let folder = folder();
    fs::write(folder.path().join("f"), vec![3; 1 << 20]).expect("writable");
    let words = "--ioengine=pvsync2 --rw=read --size=1m --filename=f --invalidate=0";
    let job = only(
        folder.path(),
        &format!("{words} --hipri --hipri_percentage=40"),
    );
    assert_eq!(job.error, 0, "{}", job.error_message);
    let job = only(folder.path(), &format!("{words} --nowait=1"));
    assert!([0, 11, 95].contains(&job.error), "{}", job.error_message);
    let job = only(folder.path(), &format!("{words} --uncached=1"));
    assert!([0, 22, 95].contains(&job.error), "{}", job.error_message);
}

/// It ends with its time, or with the last job that does I/O if it is told so; one that knows no load
/// is refused.
#[test]
fn a_job_may_use_the_cpu_alone() {
    let folder = folder();
    for mode in ["noop", "qsort"] {
        let words = format!(
            "--ioengine=cpuio --cpuload=20 --cpuchunks=5000 --cpumode={mode} --time_based --runtime=1"
        );
        let job = only(folder.path(), &words);
        assert_eq!(job.error, 0, "{}", job.error_message);
        assert_eq!(bytes(&job, Direction::Read), 0);
        // 40 turns of 25 ms, fewer on a busy machine.
        assert!((4..=41).contains(&job.total_ios()), "{}", job.total_ios());
    }
    let began = std::time::Instant::now();
    let report = run(
        folder.path(),
        "--ioengine=cpuio --cpuload=5 --exit_on_io_done=1 --name=io --ioengine=null --size=1m",
    );
    assert!(report.jobs.iter().all(|job| job.error == 0));
    assert!(began.elapsed().as_secs() < 20);
    let job = only(folder.path(), "--ioengine=cpuio --runtime=1");
    assert_eq!(job.error, 22);
    assert!(
        job.error_message.contains("cpuload"),
        "{}",
        job.error_message
    );
}
