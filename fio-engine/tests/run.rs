//! Whole runs over real files, with every engine.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fio_engine::Direction;
use fio_engine::io::{
    AlignedBuffers, Completion, EngineError, EngineSetup, Engines, FileUse, Io, IoEngine, Queued,
};
use fio_engine::job::{JobSpec, Pattern, Preconditioning, SizeOrPercent};
use fio_engine::report::Report;
use fio_engine::run::{Level, Run, RunError, RunEvent, RunOptions};

const FILE_BYTES: u64 = 1 << 20;

fn job(directory: &Path, change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut job = JobSpec::new("job");
    job.directories = vec![directory.to_owned()];
    job.size = Some(SizeOrPercent::Bytes(FILE_BYTES));
    change(&mut job);
    job
}

fn run(jobs: Vec<JobSpec>) -> Report {
    Run::start(jobs, RunOptions::default())
        .expect("the jobs are valid")
        .wait()
}

/// Runs with an observer and returns the report and the errors it was told.
fn run_observed(jobs: Vec<JobSpec>) -> (Report, String, Vec<RunEvent>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let mut options = RunOptions::default();
    options.observer = Some(Arc::new(move |event| seen.lock().unwrap().push(event)));
    let report = Run::start(jobs, options)
        .expect("the jobs are valid")
        .wait();
    let events = events.lock().unwrap().clone();
    let errors = events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Text {
                level: Level::Error,
                text,
            } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    (report, errors, events)
}

#[test]
fn every_engine_moves_every_byte_in_every_pattern() {
    for engine in ["sync", "psync", "libaio", "io_uring", "null"] {
        for pattern in [
            Pattern::READ,
            Pattern::WRITE,
            Pattern::RANDOM_READ,
            Pattern::RANDOM_WRITE,
            Pattern::TRIM,
        ] {
            for (depth, direct) in [(1, false), (8, false), (8, true)] {
                let directory = scratch();
                let report = run(vec![job(directory.path(), |job| {
                    job.engine = engine.to_owned();
                    job.pattern = pattern;
                    job.io_depth = depth;
                    job.direct = direct && engine != "null";
                })]);
                let what = format!("{engine} {} depth {depth} direct {direct}", pattern.name());
                let result = &report.jobs[0];
                assert_eq!(result.error, 0, "{what}: {}", result.error_message);
                let bytes: u64 = result.directions.0.iter().map(|one| one.bytes).sum();
                assert_eq!(bytes, FILE_BYTES, "{what}");
                let samples: u64 = result
                    .directions
                    .0
                    .iter()
                    .map(|one| one.total.moments.samples)
                    .sum();
                assert_eq!(samples, FILE_BYTES / 4096, "{what}");
            }
        }
    }
}

/// A folder on a file system that knows `O_DIRECT`, which the temporary one may not.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn written_data_is_in_the_file_and_no_two_blocks_are_alike() {
    for engine in ["sync", "psync", "libaio", "io_uring"] {
        let directory = scratch();
        let report = run(vec![job(directory.path(), |job| {
            job.engine = engine.to_owned();
            job.pattern = Pattern::RANDOM_WRITE;
            job.io_depth = 4;
            job.end_fsync = true;
        })]);
        assert_eq!(report.jobs[0].error, 0);
        let content = fs::read(directory.path().join("job.0.0")).unwrap();
        assert_eq!(content.len() as u64, FILE_BYTES);
        let blocks: std::collections::HashSet<&[u8]> = content.chunks(4096).collect();
        assert_eq!(blocks.len(), 256, "{engine}");
    }
}

#[test]
fn a_mixed_job_reads_and_writes_its_share() {
    let directory = scratch();
    let report = run(vec![job(directory.path(), |job| {
        job.engine = "libaio".to_owned();
        job.pattern = Pattern::RANDOM_READ_WRITE;
        job.read_mix_percent = 75;
        job.io_depth = 16;
    })]);
    let [reads, writes, _] = report.jobs[0]
        .directions
        .0
        .each_ref()
        .map(|one| one.total_ios);
    assert_eq!(reads + writes, 256);
    assert!((150..=230).contains(&reads), "{reads} reads");
}

#[test]
fn clones_have_their_own_files_and_can_be_reported_as_one() {
    let directory = scratch();
    let clones = |grouped| {
        job(directory.path(), |job| {
            job.clones = 3;
            job.group_reporting = grouped;
        })
    };
    let apart = run(vec![clones(false)]);
    assert_eq!(apart.jobs.len(), 3);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    let grouped = run(vec![clones(true)]);
    assert_eq!(grouped.jobs.len(), 1);
    assert_eq!(grouped.jobs[0].members, 3);
    assert_eq!(
        grouped.jobs[0].directions[Direction::Read].bytes,
        3 * FILE_BYTES
    );
    assert_eq!(
        grouped.groups[0].directions[Direction::Read].bytes,
        3 * FILE_BYTES
    );
}

#[test]
fn a_stonewall_waits_and_counts_as_its_own_group() {
    let slow = |job: &mut JobSpec| {
        job.engine = "null".to_owned();
        job.time_based = true;
        job.runtime = Some(Duration::from_millis(150));
    };
    let directory = scratch();
    let first = job(directory.path(), slow);
    let second = job(directory.path(), |job| {
        slow(job);
        job.stonewall = true;
    });
    let began = Instant::now();
    let report = run(vec![first, second]);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        report
            .jobs
            .iter()
            .map(|job| job.group_id)
            .collect::<Vec<_>>(),
        [0, 1]
    );
    assert_eq!(report.groups.len(), 2);
}

#[test]
fn a_start_delay_is_waited_for() {
    let directory = scratch();
    let began = Instant::now();
    run(vec![job(directory.path(), |job| {
        job.start_delay = (Duration::from_millis(200), Duration::from_millis(200));
    })]);
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[test]
fn unlink_removes_the_files() {
    let directory = scratch();
    run(vec![job(directory.path(), |job| job.unlink = true)]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_job_that_cannot_open_its_files_fails_alone_and_says_why() {
    let directory = scratch();
    let good = job(directory.path(), |_| {});
    let bad = job(directory.path(), |job| {
        job.name = "bad".to_owned();
        job.file_names = vec!["missing/file".to_owned()];
    });
    let (report, errors, events) = run_observed(vec![bad, good]);
    assert_eq!(report.jobs[0].error, 2);
    assert!(report.jobs[0].error_message.contains("missing"));
    assert!(
        errors.contains("bad") && errors.contains("missing"),
        "{errors}"
    );
    assert_eq!(report.jobs[1].error, 0);
    assert_eq!(report.jobs[1].directions[Direction::Read].bytes, FILE_BYTES);
    assert_eq!(events.last(), Some(&RunEvent::Finished));
    let ended = events
        .iter()
        .filter(|event| matches!(event, RunEvent::JobFinished { .. }));
    assert_eq!(ended.count(), 2);
}

#[test]
fn misaligned_direct_io_is_an_error_with_a_hint() {
    let directory = scratch();
    let report = run(vec![job(directory.path(), |job| {
        job.engine = "libaio".to_owned();
        job.direct = true;
        job.block_sizes = fio_engine::PerDirection::splat(fio_engine::job::BlockSizes::Fixed(1000));
    })]);
    assert_eq!(report.jobs[0].error, 22, "{}", report.jobs[0].error_message);
    assert!(
        report.jobs[0].error_message.contains("multiples"),
        "{}",
        report.jobs[0].error_message
    );
}

#[test]
fn a_stopped_run_reports_what_it_measured() {
    for engine in ["null", "psync", "libaio", "io_uring"] {
        let directory = scratch();
        let endless = job(directory.path(), |job| {
            job.engine = engine.to_owned();
            job.io_depth = 4;
            job.time_based = true;
            job.runtime = Some(Duration::from_secs(600));
        });
        let run = Run::start(vec![endless], RunOptions::default()).unwrap();
        wait_for_io(&run);
        assert!(!run.is_finished());
        run.stop_handle().stop();
        let report = run.wait();
        assert_eq!(
            report.jobs[0].error, 0,
            "{engine}: {}",
            report.jobs[0].error_message
        );
        assert!(report.jobs[0].directions[Direction::Read].total_ios > 0);
    }
}

fn wait_for_io(run: &Run) {
    let began = Instant::now();
    while run.status().rates[Direction::Read].ios_per_second == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no I/O for a minute"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn dropping_a_run_stops_it() {
    let directory = scratch();
    let endless = job(directory.path(), |job| {
        job.engine = "null".to_owned();
        job.time_based = true;
        job.runtime = Some(Duration::from_secs(600));
    });
    let began = Instant::now();
    drop(Run::start(vec![endless], RunOptions::default()).unwrap());
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_thousand_jobs_run_in_one_process() {
    let directory = scratch();
    let report = run(vec![job(directory.path(), |job| {
        job.engine = "null".to_owned();
        job.clones = 1000;
        job.group_reporting = true;
    })]);
    assert_eq!(report.jobs[0].members, 1000);
    assert_eq!(
        report.jobs[0].directions[Direction::Read].bytes,
        1000 * FILE_BYTES
    );
}

#[test]
fn wrong_runs_are_refused_before_anything_happens() {
    let directory = scratch();
    let wrong = job(directory.path(), |job| job.engine = "psynk".to_owned());
    let error = Run::start(vec![wrong], RunOptions::default()).unwrap_err();
    assert!(matches!(error, RunError::UnknownEngine { .. }), "{error}");
    assert_eq!(
        Run::start(vec![], RunOptions::default()).unwrap_err(),
        RunError::NoJobs
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// An engine from outside: completes I/Os in reverse order, when they are reaped.
struct Backwards {
    buffers: AlignedBuffers,
    pending: Vec<Completion>,
}

impl IoEngine for Backwards {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        if setup.io_depth > 64 {
            return Err(EngineError::Other("at most 64 I/Os in flight".to_owned()));
        }
        let buffers = AlignedBuffers::of(setup)?;
        Ok(Self {
            buffers,
            pending: Vec::new(),
        })
    }

    fn is_synchronous(&self) -> bool {
        false
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.pending.push(Completion {
            unit: io.unit,
            result: Ok(io.length),
        });
        Queued::Pending
    }

    fn submit(&mut self) -> std::io::Result<usize> {
        Ok(1)
    }

    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> std::io::Result<()> {
        assert!(minimum <= maximum && minimum <= self.pending.len());
        completions.extend(self.pending.drain(..).rev());
        Ok(())
    }
}

#[test]
fn an_engine_from_outside_the_crate_runs_jobs() {
    let directory = scratch();
    let mut backwards = job(directory.path(), |job| {
        job.engine = "backwards".to_owned();
        job.io_depth = 8;
    });
    let options = || {
        let mut options = RunOptions::default();
        options.engines = Engines::standard().register::<Backwards>("backwards");
        options
    };
    let report = Run::start(vec![backwards.clone()], options())
        .unwrap()
        .wait();
    assert_eq!(report.jobs[0].directions[Direction::Read].bytes, FILE_BYTES);
    backwards.io_depth = 100;
    let report = Run::start(vec![backwards], options()).unwrap().wait();
    assert!(
        report.jobs[0].error_message.contains("at most 64"),
        "{}",
        report.jobs[0].error_message
    );
}

#[test]
fn the_status_follows_a_run() {
    let directory = scratch();
    let running = job(directory.path(), |job| {
        job.engine = "null".to_owned();
        job.pattern = Pattern::RANDOM_READ;
        job.time_based = true;
        job.runtime = Some(Duration::from_secs(60));
    });
    let later = JobSpec {
        stonewall: true,
        ..running.clone()
    };
    let run = Run::start(vec![running, later], RunOptions::default()).unwrap();
    wait_for_io(&run);
    let status = run.status();
    assert_eq!((status.running, status.pending, status.done), (1, 1, 0));
    // As fio counts files nobody opens.
    assert_eq!(status.open_files, 1);
    assert_eq!(status.run_string, "r(1),P(1)");
    let eta = status.eta.expect("both jobs have a run time");
    assert!(
        eta > Duration::from_secs(60) && eta < Duration::from_secs(120),
        "{eta:?}"
    );
    run.stop();
    assert_eq!(run.wait().jobs.len(), 2);
}

#[test]
fn a_run_tells_what_fio_prints() {
    let directory = scratch();
    let (report, _, events) = run_observed(vec![job(directory.path(), |job| job.clones = 2)]);
    assert_eq!(report.jobs.len(), 2);
    let text: String = events
        .iter()
        .filter_map(|event| match event {
            RunEvent::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with("job: (g=0): rw=read, bs=(R) 4096B-4096B"),
        "{text}"
    );
    assert_eq!(lines[1], "...");
    assert_eq!(lines[2], "Starting 2 processes");
    assert_eq!(lines[3], "job: Laying out IO file (1 file / 1MiB)");
}

#[test]
fn shares_of_ios_have_priorities_of_their_own_and_are_reported_apart() {
    for engine in ["libaio", "io_uring"] {
        let directory = scratch();
        let report = run(vec![job(directory.path(), |job| {
            job.engine = engine.to_owned();
            job.pattern = Pattern::RANDOM_READ;
            job.io_depth = 4;
            job.priority.reads.percentage = 30;
            job.priority.reads.class = Some(2);
            job.priority.reads.level = 1;
        })]);
        let result = &report.jobs[0];
        assert_eq!(result.error, 0, "{engine}: {}", result.error_message);
        let read = &result.directions[Direction::Read];
        let samples: Vec<(u32, u64)> = read
            .priorities
            .iter()
            .map(|of_one| (of_one.priority, of_one.latency.moments.samples))
            .collect();
        // Debian's fio 3.33 with cmdprio_percentage=30 gives as many.
        assert_eq!(samples, [(0, 188), (0x4001, 68)], "{engine}");
        assert!(result.directions[Direction::Write].priorities.is_empty());
    }
}

#[test]
fn jobs_that_measure_no_latency_move_every_byte_too() {
    for engine in ["libaio", "io_uring", "null"] {
        for (depth, batch) in [(1, 1), (8, 1), (8, 4)] {
            let directory = scratch();
            let report = run(vec![job(directory.path(), |job| {
                job.engine = engine.to_owned();
                job.pattern = Pattern::RANDOM_READ_WRITE;
                job.io_depth = depth;
                job.submit_batch = batch;
                job.complete_batch_max = Some(depth);
                job.direct = engine != "null";
                job.fsync_every = 50;
                job.measure.submission_latency = false;
                job.measure.completion_latency = false;
                job.measure.total_latency = false;
            })]);
            let result = &report.jobs[0];
            assert_eq!(result.error, 0, "{engine}: {}", result.error_message);
            let bytes: u64 = result.directions.0.iter().map(|one| one.bytes).sum();
            assert_eq!(bytes, FILE_BYTES, "{engine} {depth} {batch}");
        }
    }
}

#[test]
fn a_run_tells_what_it_has_measured_so_far() {
    let null = |name: &str, bytes: u64| {
        let mut job = JobSpec::new(name);
        job.engine = "null".to_owned();
        job.size = Some(SizeOrPercent::Bytes(bytes));
        job
    };
    let ended = null("ended", 100 * 4096);
    let mut running = null("running", 1 << 20);
    running.time_based = true;
    running.runtime = Some(Duration::from_secs(600));
    let mut later = null("later", 1 << 20);
    later.stonewall = true;
    let mut options = RunOptions::default();
    options.interim_reports = true;
    let run = Run::start(vec![ended, running, later], options).expect("good jobs");
    let ios = |report: &Report| -> Vec<u64> {
        let jobs = report.jobs.iter();
        jobs.map(|job| job.directions.0[0].total_ios).collect()
    };
    let report_with = |enough: &dyn Fn(&[u64]) -> bool| {
        let reports =
            std::iter::repeat_with(|| run.interim_report().expect("interim reports are on"));
        let found = reports.take(10_000).find(|report| enough(&ios(report)));
        found.expect("the jobs go on")
    };
    let early = report_with(&|ios| ios[0] == 100 && ios[1] > 0);
    assert_eq!(ios(&early)[2], 0);
    let job = &early.jobs[1];
    assert!(!job.total_runtime.is_zero() && job.process_id != 0);
    let completed = job.directions.0[0].completion.moments.samples;
    assert_eq!(completed, ios(&early)[1]);
    let late = report_with(&|now| now[1] > ios(&early)[1]);
    run.stop();
    let all = run.wait();
    assert_eq!(ios(&all)[0], 100);
    assert!(ios(&all)[1] >= ios(&late)[1]);

    let plain = Run::start(vec![null("plain", 4096)], RunOptions::default());
    assert!(plain.expect("a good job").interim_report().is_none());
}

/// Spare space of a quarter is written, too, in each of the files and passes.
#[test]
fn preconditioning_writes_as_much_as_the_flash_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let report = run(vec![job(directory.path(), |job| {
        job.engine = "psync".to_owned();
        job.pattern = Pattern::RANDOM_WRITE;
        job.file_count = 2;
        job.loops = 2;
        job.order.preconditioning = Some(Preconditioning {
            regions: 10,
            over_provisioning: 0.25,
            ..Preconditioning::default()
        });
    })]);
    assert_eq!(report.jobs[0].error, 0);
    let written = report.jobs[0].directions[Direction::Write].bytes;
    let least = FILE_BYTES * 5 / 2;
    // What is written again in vain at the end of a file, of each region a block at most, is left out.
    assert!(
        (least - 4 * 10 * 4096..=least).contains(&written),
        "{written}"
    );
}

#[test]
fn regions_without_room_are_refused_with_the_number_that_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let report = run(vec![job(directory.path(), |job| {
        job.engine = "null".to_owned();
        job.pattern = Pattern::RANDOM_WRITE;
        job.order.preconditioning = Some(Preconditioning {
            cache_size: 128 << 10,
            ..Preconditioning::default()
        });
    })]);
    let message = report.jobs[0].error_message.clone();
    assert!(message.ends_with("give at most 9 regions"), "{message}");
}

/// As in fio: engines that keep I/Os in flight count reads of a device without data, the others fail.
#[test]
fn a_device_without_data_can_be_read() {
    for (engine, errno, reads) in [
        ("libaio", 0, 16),
        ("io_uring", 0, 16),
        ("posixaio", 0, 16),
        ("psync", libc::EIO, 1),
    ] {
        let mut job = JobSpec::new("nothing").engine(engine).file("/dev/null");
        job = job.size(16 * 4096).io_depth(4);
        let report = run(vec![job]);
        let read = &report.jobs[0].directions[Direction::Read];
        assert_eq!(report.jobs[0].error, errno, "{engine}");
        assert_eq!((read.total_ios, read.bytes), (reads, 0), "{engine}");
    }
}
