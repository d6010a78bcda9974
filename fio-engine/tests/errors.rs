//! Jobs that go on after errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fio_engine::Direction;
use fio_engine::io::{
    AlignedBuffers, Completion, EngineError, EngineSetup, Engines, FileUse, Io, IoEngine, Queued,
};
use fio_engine::job::{ContinueOn, JobSpec, Pattern};
use fio_engine::report::JobReport;
use fio_engine::run::{Run, RunEvent, RunOptions};

/// Every fourth I/O fails with `EIO`; completes I/Os at once or, if the depth is more than one, when
/// reaped.
struct Flaky {
    buffers: AlignedBuffers,
    deferred: Option<Vec<Completion>>,
    queued: usize,
    calls: u32,
}

impl IoEngine for Flaky {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            deferred: (setup.io_depth > 1).then(Vec::new),
            queued: 0,
            calls: 0,
        })
    }

    fn is_synchronous(&self) -> bool {
        self.deferred.is_none()
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.calls += 1;
        let result = if self.calls.is_multiple_of(4) {
            Err(std::io::Error::from_raw_os_error(libc::EIO))
        } else {
            Ok(io.length)
        };
        match &mut self.deferred {
            None => Queued::Completed(result),
            Some(deferred) => {
                deferred.push(Completion {
                    unit: io.unit,
                    result,
                });
                self.queued += 1;
                Queued::Pending
            }
        }
    }

    fn submit(&mut self) -> std::io::Result<usize> {
        Ok(std::mem::take(&mut self.queued))
    }

    fn reap(
        &mut self,
        _minimum: usize,
        _maximum: usize,
        into: &mut Vec<Completion>,
    ) -> std::io::Result<()> {
        into.extend(
            self.deferred
                .iter_mut()
                .flat_map(|deferred| deferred.drain(..)),
        );
        Ok(())
    }
}

fn flaky(change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut job = JobSpec::new("flaky").engine("flaky").size(1 << 20);
    change(&mut job);
    job
}

/// The report of a job, and how many errors it told of.
fn run(job: JobSpec) -> (JobReport, u32) {
    let told = Arc::new(AtomicU32::new(0));
    let counter = told.clone();
    let mut options = RunOptions::default();
    options.engines = Engines::standard().register::<Flaky>("flaky");
    options.observer = Some(Arc::new(move |event| {
        if matches!(&event, RunEvent::Text { text, .. } if text.contains("4096 bytes at offset")) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let report = Run::start(vec![job], options).expect("valid").wait();
    let job = report.jobs.into_iter().next().expect("one job");
    (job, told.load(Ordering::Relaxed))
}

#[test]
fn a_job_goes_on_after_errors_and_counts_them() {
    for depth in [1, 8] {
        let (report, told) = run(flaky(|job| {
            job.io_depth = depth;
            job.errors.continue_on = ContinueOn::Io;
        }));
        assert!(!report.has_failed() && report.continues_on_error);
        assert_eq!((report.error, report.errors.first), (libc::EIO, libc::EIO));
        assert_eq!(report.errors.total, 64, "depth {depth}");
        let read = &report.directions[Direction::Read];
        // As in fio, I/Os that failed were issued, and have no latency.
        assert_eq!((read.total_ios, read.bytes), (256, 192 * 4096));
        assert_eq!(read.completion.moments.samples, 192);
        assert_eq!(told, 0);
    }
}

#[test]
fn errors_are_told_of_if_the_job_wants_that() {
    let (_, told) = run(flaky(|job| {
        job.errors.continue_on = ContinueOn::All;
        job.errors.dump = true;
    }));
    assert_eq!(told, 64);
}

#[test]
fn other_errors_end_the_job_and_count_if_their_kind_is_watched() {
    for depth in [1, 8] {
        let ended = |change: fn(&mut JobSpec)| {
            let (report, _) = run(flaky(|job| {
                job.io_depth = depth;
                change(job);
            }));
            assert!(report.has_failed());
            assert_eq!(report.error, libc::EIO);
            report
        };
        let other_kind = ended(|job| job.errors.continue_on = ContinueOn::Write);
        assert!(other_kind.continues_on_error);
        assert_eq!(other_kind.errors.total, 0);
        let other_error = ended(|job| job.errors.ignored.read = vec![libc::ENOSPC]);
        assert!(other_error.errors.total >= 1);
        assert_eq!(other_error.errors.first, libc::EIO);
        let plain = ended(|_| {});
        assert!(!plain.continues_on_error);
    }
}

#[test]
fn a_job_that_only_fails_still_ends_in_time() {
    let mut job = JobSpec::new("full").file("/dev/full").size(1 << 16);
    job.pattern = Pattern::WRITE;
    job.errors.ignored.write = vec![libc::ENOSPC];
    let (report, _) = run(job.clone());
    assert_eq!((report.errors.total, report.has_failed()), (16, false));
    let (report, _) = run(job.for_time(Duration::from_millis(200)));
    assert!(report.errors.total > 16 && !report.has_failed());
    assert!(report.total_runtime >= Duration::from_millis(190));
}

/// The counts of fio 3.33 for the same jobs.
#[test]
fn counts_are_those_of_fio() {
    let cases = [
        "--ignore_error=,ENOSPC",
        "--ignore_error=,EIO",
        "--ignore_error=ENOSPC",
    ];
    let words = |option: &str| {
        let words = "--name=a --filename=/dev/full --rw=write --size=64k --bs=4k --thread";
        let mut words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        words.push(option.to_owned());
        words
    };
    for case in cases {
        let output = std::process::Command::new("fio")
            .args(words(case))
            .arg("--output-format=json")
            .output();
        let Ok(output) = output else {
            assert!(std::env::var_os("CI").is_none(), "fio is not installed");
            println!("skipped: fio is not installed");
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let json = &text[text.find('{').expect("a document")..];
        let theirs: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let theirs = &theirs["jobs"][0];
        let parsed = fio_engine::job::parse_words(&words(case), &Default::default());
        let (ours, _) = run(parsed.expect("valid").jobs.remove(0));
        let figure = |name: &str| theirs[name].as_u64().expect("a number");
        assert_eq!(
            u64::from(ours.error.unsigned_abs()),
            figure("error"),
            "{case}"
        );
        assert_eq!(ours.errors.total, figure("total_err"), "{case}");
        assert_eq!(
            u64::from(ours.errors.first.unsigned_abs()),
            figure("first_error")
        );
        assert_eq!(!ours.has_failed(), output.status.success(), "{case}");
        let written = &ours.directions[Direction::Write];
        assert_eq!(
            Some(written.total_ios),
            theirs["write"]["total_ios"].as_u64(),
            "{case}"
        );
    }
}
