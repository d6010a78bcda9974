//! Debian's fio as an oracle for how much jobs do: 400 generated jobs must issue as many I/Os and bytes
//! of each direction as there.
//!
//! Most have the null engine; those whose files differ in size from the job have real files, whose
//! ends fio's null engine does not find. All jobs are sections of one file, so that fio runs once. The
//! seed is fixed. Rates are left out of jobs of two directions, as the one that is behind goes first
//! there, which depends on time.

mod oracle;

use fio_engine::job::{JobSource, ParseOptions, parse_jobs};
use fio_engine::run::{Run, RunOptions};
use fio_engine::workload::RandomRule;
use fio_engine::{Direction, PerDirection};
use oracle::{Draw, Fio};
use serde_json::Value;

const JOBS: usize = 400;

#[test]
fn generated_jobs_do_as_much_as_in_fio() {
    let Some(fio) = Fio::find() else { return };
    let mut draw = Draw(0x2026);
    let sections: Vec<_> = (0..JOBS).map(|number| section(number, &mut draw)).collect();
    let file = sections.concat();
    // Skewed distributions depend on the names of files, which are relative.
    std::env::set_current_dir(fio.folder()).expect("a folder");
    let theirs: Vec<_> = fio.run(&file)["jobs"]
        .as_array()
        .expect("a list of jobs")
        .iter()
        .map(counted_by_fio)
        .collect();
    let ours = counted_here(&file);
    assert_eq!((theirs.len(), ours.len()), (JOBS, JOBS));
    let differences: Vec<_> = sections
        .iter()
        .zip(theirs.iter().zip(&ours))
        .filter(|(_, (theirs, ours))| theirs != ours)
        .map(|(section, (theirs, ours))| format!("{section}fio:  {theirs:?}\nhere: {ours:?}\n"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// I/Os and bytes of each direction.
type Counts = PerDirection<(u64, u64)>;

fn counted_by_fio(job: &Value) -> Counts {
    PerDirection(Direction::ALL.map(|direction| {
        let of_direction = &job[direction.name()];
        let number = |key: &str| of_direction[key].as_u64().expect("a number");
        (number("total_ios"), number("io_bytes"))
    }))
}

fn counted_here(file: &str) -> Vec<Counts> {
    let parsed = parse_jobs(&[JobSource::text("counts", file)], &ParseOptions::default());
    let mut options = RunOptions::default();
    options.random_rule = RandomRule::Before335;
    let jobs = parsed.expect("jobs that fio accepts").jobs;
    let report = Run::start(jobs, options).expect("jobs that can run").wait();
    let counts = |job: &fio_engine::report::JobReport| {
        PerDirection(Direction::ALL.map(|direction| {
            let of_direction = &job.directions[direction];
            (of_direction.total_ios, of_direction.bytes)
        }))
    };
    report.jobs.iter().map(counts).collect()
}

/// A job whose amount of I/O does not depend on time.
fn section(number: usize, draw: &mut Draw) -> String {
    let pattern = draw.one_of(PATTERNS);
    let mut lines = vec![
        format!("[job{number}]"),
        String::new(),
        "thread=1".to_owned(),
        format!("rw={pattern}"),
        format!("size={}", draw.one_of(SIZES)),
        draw.one_of(BLOCK_SIZES).to_owned(),
    ];
    for (options, share) in SOMETIMES {
        if draw.below(*share) == 0 {
            let option = draw.one_of(options);
            if goes_with(option, pattern) {
                lines.push(option.to_owned());
            }
        }
    }
    let needs_files = |line: &String| line.contains("filesize") || line.contains("=random");
    lines[1] = match lines.iter().any(needs_files) {
        true => "ioengine=psync\nunlink=1".to_owned(),
        false => "ioengine=null".to_owned(),
    };
    lines.push("\n".to_owned());
    lines.join("\n")
}

/// Whether the counts of such a job follow from its options, in fio as well.
fn goes_with(option: &str, pattern: &str) -> bool {
    let mixed = pattern.contains("rw") || pattern.contains("trimwrite");
    let has = |name: &str| option.contains(name);
    if has("rate=") || has("rate_iops") {
        return !mixed;
    }
    if has("filesize") || has("file_service_type=random") {
        // Where files are larger or smaller than `size`, fio's null engine does not find their ends.
        return !pattern.contains("trim");
    }
    if has("seq_rand") {
        return !pattern.contains("trim");
    }
    // fio trims a single block of a random trimwrite job that begins elsewhere than at 0.
    !(has("offset") && pattern.contains("randtrimwrite"))
}

const PATTERNS: &[&str] = &[
    "read",
    "write",
    "randread",
    "randwrite",
    "rw",
    "randrw",
    "trim",
    "randtrim",
    "trimwrite",
    "randtrimwrite",
    "randread:8",
    "randwrite:3",
    "randrw:4",
    "read:4k",
    "write:-8k",
];

const SIZES: &[&str] = &["64k", "100k", "1m", "1000000", "3m", "4m"];

const BLOCK_SIZES: &[&str] = &[
    "bs=4k",
    "bs=512",
    "bs=8k,4k",
    "bs=12k",
    "bsrange=1k-16k",
    "bsrange=4k-4k,8k-32k",
    "bssplit=4k/60:8k/40",
    "bssplit=512/10:4k/50:64k/40",
];

/// Options, one of which is given in one job of so many.
const SOMETIMES: &[(&[&str], usize)] = &[
    (&["number_ios=1", "number_ios=7", "number_ios=100"], 3),
    (&["io_size=500k", "io_size=50%", "io_size=5m"], 4),
    (&["loops=2", "loops=3"], 6),
    (&["norandommap"], 3),
    (&["rwmixread=10", "rwmixread=70", "rwmixwrite=100"], 3),
    (&["offset=4k", "offset=16k"], 6),
    (&["iodepth=4", "iodepth=16"], 3),
    (&["randseed=7", "randrepeat=1"], 6),
    (&["ba=8k", "ba=512"], 8),
    (&["bs_unaligned"], 8),
    (&["rw_sequencer=identical"], 8),
    (&["percentage_random=50", "percentage_random=20,80"], 6),
    (&["bs_is_seq_rand=1"], 8),
    (
        &[
            "random_distribution=zipf:1.2",
            "random_distribution=pareto:0.3",
            "random_distribution=normal:20",
            "random_distribution=zoned:60/10:30/20:8/30:2/40",
            "random_distribution=zoned_abs:60/20k:40/30k",
        ],
        4,
    ),
    (&["random_generator=tausworthe64"], 8),
    (
        &[
            "nrfiles=4\nfile_service_type=sequential",
            "nrfiles=3\nfilesize=64k-128k",
            "nrfiles=2",
            "nrfiles=3\nfile_service_type=random",
        ],
        4,
    ),
    (&["size=50%\nfilesize=1m", "filesize=300k"], 12),
    (&["serialize_overlap=1"], 10),
    (&["thinktime=1\nthinktime_blocks=100"], 12),
    (
        &[
            "iodepth_batch=4\niodepth=8",
            "iodepth_batch_complete_min=2\niodepth=4",
        ],
        10,
    ),
    (&["rate=1g", "rate_iops=10m,5m,20m"], 12),
    (&["fsync=4", "fdatasync=1", "fsync=2\nend_fsync=1"], 8),
    (
        &[
            "unified_rw_reporting=none",
            "norandommap=0\nsoftrandommap=1",
        ],
        12,
    ),
];
