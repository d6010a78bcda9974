//! Blocks that fail after some trims: `block_error_percentiles` with an engine that wears out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use fio_engine::Direction;
use fio_engine::explain::explain;
use fio_engine::io::{
    AlignedBuffers, Completion, EngineError, EngineSetup, Engines, FileUse, Io, IoEngine, Queued,
};
use fio_engine::job::{BlockSizes, ContinueOn, JobSpec, Pattern, SizeOrPercent};
use fio_engine::report::json::{Style, write_report};
use fio_engine::report::{JobReport, Report, normal};
use fio_engine::run::{Run, RunEvent, RunOptions};
use fio_engine::stats::{BlockInfo, BlockState};

const BLOCK: u64 = 4096;

/// Block `n` of a file takes `n` trims; then even ones fail to be trimmed and odd ones to be written.
/// Of several blocks the first is done, and what is left fails.
struct Worn {
    buffers: AlignedBuffers,
    trims: HashMap<(usize, u64), u64>,
    deferred: Option<Vec<Completion>>,
    queued: usize,
}

impl IoEngine for Worn {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            trims: HashMap::new(),
            deferred: (setup.io_depth > 1).then(Vec::new),
            queued: 0,
        })
    }

    fn is_synchronous(&self) -> bool {
        self.deferred.is_none()
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let block = io.offset / BLOCK;
        let trims = self.trims.entry((io.file, block)).or_default();
        let fails = match io.direction {
            Direction::Trim => block.is_multiple_of(2) && *trims >= block,
            Direction::Write => !block.is_multiple_of(2) && *trims >= block,
            Direction::Read => false,
        };
        *trims += u64::from(io.direction == Direction::Trim && !fails);
        let result = if fails || io.buffer_offset > 0 {
            Err(std::io::Error::from_raw_os_error(libc::EIO))
        } else {
            Ok(io.length.min(BLOCK as usize))
        };
        let Some(deferred) = &mut self.deferred else {
            return Queued::Completed(result);
        };
        let unit = io.unit;
        deferred.push(Completion { unit, result });
        self.queued += 1;
        Queued::Pending
    }

    fn submit(&mut self) -> std::io::Result<usize> {
        Ok(std::mem::take(&mut self.queued))
    }

    fn reap(&mut self, _: usize, _: usize, into: &mut Vec<Completion>) -> std::io::Result<()> {
        into.extend(self.deferred.iter_mut().flat_map(std::mem::take));
        Ok(())
    }
}

/// Eight blocks, trimmed and written five times.
fn worn(change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut job = JobSpec::new("worn").engine("worn").size(8 * BLOCK);
    job.pattern = Pattern::TRIM_WRITE;
    job.loops = 5;
    job.errors.continue_on = ContinueOn::All;
    job.errors.by_block = true;
    job.percentile_list = vec![50.0, 100.0];
    change(&mut job);
    job
}

/// The report, and the lines told about blocks.
fn run(jobs: Vec<JobSpec>) -> (Report, Vec<String>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = told.clone();
    let mut options = RunOptions::default();
    options.engines = Engines::standard().register::<Worn>("worn");
    options.observer = Some(Arc::new(move |event| {
        if let RunEvent::Text { text, .. } = event
            && text.contains("block_error_percentiles")
        {
            lines.lock().unwrap().push(text);
        }
    }));
    let report = Run::start(jobs, options).expect("valid").wait();
    let told = told.lock().unwrap().clone();
    (report, told)
}

fn run_one(job: JobSpec) -> JobReport {
    run(vec![job]).0.jobs.remove(0)
}

fn states(blocks: &[BlockInfo]) -> Vec<(BlockState, u32)> {
    blocks
        .iter()
        .map(|block| (block.state(), block.trims()))
        .collect()
}

/// What becomes of the blocks of a file: number 6 and 7 outlive the job.
fn expected() -> [(BlockState, u32); 8] {
    use BlockState::{TrimFailed, WriteFailed, Written};
    [
        (TrimFailed, 0),
        (WriteFailed, 1),
        (TrimFailed, 2),
        (WriteFailed, 3),
        (TrimFailed, 4),
        (WriteFailed, 5),
        (Written, 5),
        (Written, 5),
    ]
}

#[test]
fn each_block_tells_after_how_many_trims_it_failed_and_how() {
    for depth in [1, 4] {
        let report = run_one(worn(|job| job.io_depth = depth));
        assert!(!report.has_failed() && report.errors.total > 6);
        assert_eq!(states(&report.blocks), expected(), "depth {depth}");
        let summary = report.block_summary().expect("blocks");
        assert_eq!(summary.percentiles(&[50.0, 100.0]), [2, 5]);
    }
    // Without clock reads as well.
    let report = run_one(worn(|job| {
        job.measure.total_latency = false;
        job.measure.completion_latency = false;
        job.measure.submission_latency = false;
    }));
    assert_eq!(states(&report.blocks), expected());
}

#[test]
fn files_offsets_and_members_of_a_group_are_numbered_on() {
    let two_files = run_one(worn(|job| {
        job.file_count = 2;
        job.size = Some(SizeOrPercent::Bytes(16 * BLOCK));
    }));
    assert_eq!(states(&two_files.blocks), [expected(), expected()].concat());
    let behind = run_one(worn(|job| {
        job.offset = SizeOrPercent::Bytes(2 * BLOCK);
        job.size = Some(SizeOrPercent::Bytes(6 * BLOCK));
    }));
    assert_eq!(states(&behind.blocks), expected()[2..]);
    let group = run_one(worn(|job| {
        job.clones = 2;
        job.group_reporting = true;
    }));
    assert_eq!(states(&group.blocks), [expected(), expected()].concat());
}

#[test]
fn what_an_io_moved_before_it_failed_has_succeeded() {
    for depth in [1, 4] {
        let report = run_one(worn(|job| {
            job.pattern = Pattern::TRIM;
            job.block_sizes[Direction::Trim] = BlockSizes::Range(BLOCK, 4 * BLOCK);
            // Behind the blocks that take no trim.
            job.offset = SizeOrPercent::Bytes(2 * BLOCK);
            job.size = Some(SizeOrPercent::Bytes(100 * BLOCK));
            (job.loops, job.io_depth) = (1, depth);
        }));
        let ios = report.directions[Direction::Trim].total_ios;
        let summary = report.block_summary().expect("blocks");
        assert_eq!(
            (summary.trimmed, summary.untouched),
            (ios, 0),
            "depth {depth}"
        );
        assert_eq!(summary.trim_failed, 100 - ios);
        assert_eq!(summary.percentiles(&[100.0]), [0]);
    }
}

#[test]
fn the_error_that_ends_a_job_is_told_of_too() {
    let report = run_one(worn(|job| job.errors.continue_on = ContinueOn::None));
    assert!(report.has_failed());
    let mut ended = vec![(BlockState::Untouched, 0); 8];
    ended[0] = (BlockState::TrimFailed, 0);
    assert_eq!(states(&report.blocks), ended);
}

#[test]
fn jobs_that_are_not_asked_or_do_not_trim_tell_nothing() {
    assert!(
        run_one(worn(|job| job.errors.by_block = false))
            .blocks
            .is_empty()
    );
    let writes = || worn(|job| job.pattern = Pattern::WRITE);
    assert!(run_one(writes()).blocks.is_empty());
    let mut options = RunOptions::default();
    options.engines = Engines::standard().register::<Worn>("worn");
    let mut job = writes();
    job.given_options = vec![("block_error_percentiles".to_owned(), "1".to_owned())];
    let explanation = explain(vec![job], &options).expect("valid");
    let reasons: Vec<_> = explanation.jobs[0].without_effect.iter().collect();
    assert_eq!(reasons[0].option, "block_error_percentiles");
    let explanation = explain(vec![worn(|_| {})], &options).expect("valid");
    let remarks = explanation.jobs[0].remarks.join("\n");
    assert!(remarks.contains("after how many trims"), "{remarks}");
}

#[test]
fn blocks_that_do_not_fit_are_told_of_once() {
    let many = |clones| {
        worn(|job| {
            job.size = Some(SizeOrPercent::Bytes(8200 * BLOCK));
            (job.loops, job.clones, job.group_reporting) = (1, clones, true);
        })
    };
    let (report, told) = run(vec![many(1)]);
    assert_eq!(report.jobs[0].blocks.len(), 8192);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("the first 8192 of its 8200 blocks"),
        "{told:?}"
    );
    let (report, told) = run(vec![many(2)]);
    assert_eq!(report.jobs[0].blocks.len(), 8192);
    assert_eq!(
        told.len(),
        2,
        "one for the job, one for its group: {told:?}"
    );
    assert!(told.iter().any(|line| line.contains("group 0")), "{told:?}");
}

#[test]
fn reports_show_states_and_percentiles() {
    let (mut report, _) = run(vec![worn(|_| {})]);
    let mut text = String::new();
    normal::write_report(&mut text, &report).expect("a string takes all");
    let block = "     blocks    : total=8, untouched=0, trimmed=0, written=2, trim_failed=3, \
                 write_failed=3\n\
                 \x20   block failure percentiles (trims):\n\
                 \x20    |  50th=[    2], 100th=[    5]\n";
    assert!(text.contains(block), "{text}");

    let json = |report: &Report, bins| {
        let style = Style {
            version: "x".to_owned(),
            bins,
        };
        let mut text = String::new();
        write_report(&mut text, report, &style).expect("a string takes all");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON")
    };
    let mut block = json(&report, true)["jobs"][0]["block"].take();
    assert_eq!(block["states"]["trim_failed"], 3);
    let trims = block["trims_to_failure"].take();
    assert_eq!((&trims["N"], &trims["max"]), (&6.into(), &5.into()));
    assert_eq!(trims["percentile"]["50.000000"], 2);
    assert_eq!(trims["bins"]["4"], 1);
    let plain = json(&report, false);
    assert!(plain["jobs"][0]["block"]["trims_to_failure"]["bins"].is_null());
    report.jobs[0].blocks.clear();
    assert!(json(&report, true)["jobs"][0].get("block").is_none());
}
