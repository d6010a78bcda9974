//! What job files and words mean.

use std::ffi::OsString;
use std::time::Duration;

use super::*;
use crate::direction::Direction;
use crate::job::parse::expand::{Environment, Machine};
use crate::job::spec::priority::{CommandPriority, IoPriority, SizedPriority};
use crate::job::spec::{BlockSizes, Pattern};
use crate::job::units::number::SizeOrPercent;

const MACHINE: Machine = Machine {
    page_bytes: 4096,
    memory_mib: 24_105,
    cpus: 2,
    cpu_limit: 4,
};

fn options() -> ParseOptions<'static> {
    ParseOptions {
        machine: MACHINE,
        ..ParseOptions::for_peer()
    }
}

fn parse(text: &str) -> ParsedJobs {
    parse_jobs(&[JobSource::text("t", text)], &options()).unwrap_or_else(|error| panic!("{error}"))
}

fn job(lines: &str) -> JobSpec {
    let parsed = parse(&format!("[a]\n{lines}\n"));
    parsed.jobs.into_iter().next().expect("one job")
}

fn refusal(text: &str) -> String {
    match parse_jobs(&[JobSource::text("t", text)], &options()) {
        Ok(parsed) => panic!("accepted {text:?} as {:?}", parsed.jobs),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_empty_section_has_the_defaults_of_a_new_job() {
    assert_eq!(job(""), JobSpec::new("a"));
}

#[test]
fn options_of_an_engine_hold_until_another_is_chosen() {
    let parsed = parse(
        "[global]\ncmdprio_percentage=30,\nnowait=1\nioengine=libaio\n[a]\nioengine=libaio\n[b]\n\
         ioengine=io_uring\nhipri\n[c]\nioengine=psync\n",
    );
    let seen: Vec<_> = parsed
        .jobs
        .iter()
        .map(|job| {
            let options = &job.engine_options;
            (
                job.priority.reads.percentage,
                options.no_wait,
                options.polled,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [(30, true, false), (0, false, true), (0, false, false)]
    );
    assert_eq!(parsed.jobs[0].priority.writes, CommandPriority::default());
}

#[test]
fn splits_of_priorities_are_read_in_both_formats() {
    let job = job("ioengine=libaio\ncmdprio_bssplit=4k/30:8k/60/4/9:2k/:1k,512/101/2/3/5");
    let entries = |command: &CommandPriority| -> Vec<(u64, u8, Option<u16>)> {
        let parts = |entry: &SizedPriority| {
            let bits = entry.priority.map(IoPriority::bits);
            (entry.block_size, entry.percentage, bits)
        };
        command.by_size.iter().map(parts).collect()
    };
    assert_eq!(
        entries(&job.priority.reads),
        [
            (4096, 30, None),
            (8192, 60, Some(0x6007)),
            (2048, 0, None),
            (1024, 0, None)
        ]
    );
    assert_eq!(entries(&job.priority.writes), [(512, 100, Some(0x402b))]);
    let wrong = refusal("[a]\nioengine=libaio\ncmdprio_bssplit=4k/30/1\n");
    assert!(wrong.contains("size/percentage/class/level"), "{wrong}");
}

#[test]
fn global_sections_hold_for_what_follows() {
    let parsed = parse("[a]\n[global]\nbs=8k\n[b]\n[c]\nbs=512\n[global]\nrw=write\n[d]\n");
    let seen: Vec<_> = parsed
        .jobs
        .iter()
        .map(|job| {
            (
                job.name.as_str(),
                job.block_sizes.0[0].max(),
                job.pattern.name(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("a", 4096, "read"),
            ("b", 8192, "read"),
            ("c", 512, "read"),
            ("d", 8192, "write")
        ]
    );
    assert_eq!(parsed.global_options.len(), 2);
    assert_eq!(
        parsed.jobs[2].given_options,
        [("bs".to_owned(), "512".to_owned())]
    );
}

/// As in the JSON of fio 3.42 for the job of its sample with priorities, and of 3.33 for the others.
#[test]
fn options_are_reported_in_fios_order() {
    let parse = |text: &str| {
        let source = JobSource::text("a.fio", text);
        parse_jobs(&[source], &ParseOptions::default()).expect("a good job")
    };
    let names = |options: &[(String, String)]| -> Vec<String> {
        options.iter().map(|(name, _)| name.clone()).collect()
    };
    let job = "[p]\nioengine=libaio\nfilename=pf\nsize=4m\nrw=randread\ndirect=1\ncmdprio_percentage=30\n\
               cmdprio=1\ncmdprio_class=2\niodepth=4\n";
    let expected = [
        "ioengine",
        "size",
        "rw",
        "direct",
        "iodepth",
        "filename",
        "cmdprio_percentage",
        "cmdprio",
        "cmdprio_class",
    ];
    assert_eq!(names(&parse(job).jobs[0].given_options), expected);
    let global = "[global]\nfilename=f\nsize=4k\nunit_base=0\nioengine=null\nlockfile=none\n[a]\n";
    let expected = ["unit_base", "lockfile", "size", "ioengine", "filename"];
    assert_eq!(names(&parse(global).global_options), expected);
}

#[test]
fn block_sizes_are_filled_in_as_fio_does() {
    // Each expectation was read from the first line of fio 3.33's report.
    let fixed = BlockSizes::Fixed;
    let cases = [
        ("bs=4k,8k", [fixed(4096), fixed(8192), fixed(8192)]),
        ("bs=,8k", [fixed(4096), fixed(8192), fixed(8192)]),
        ("bs=,,8k", [fixed(4096), fixed(4096), fixed(8192)]),
        ("bs=,8k,", [fixed(4096), fixed(8192), fixed(4096)]),
        ("bs=16k\nbs=8k,", [fixed(8192), fixed(16384), fixed(16384)]),
        (
            "bsrange=8k-4k\nbs=1m",
            [
                BlockSizes::Range(4096, 8192),
                BlockSizes::Range(4096, 8192),
                BlockSizes::Range(4096, 8192),
            ],
        ),
        (
            "bsrange=,1k-2k,",
            [fixed(4096), BlockSizes::Range(1024, 2048), fixed(4096)],
        ),
        (
            "bssplit=,1k/100\nbsrange=2k-4k",
            [BlockSizes::Range(2048, 4096), fixed(1024), fixed(1024)],
        ),
        ("bsrange=4k-4k", [fixed(4096), fixed(4096), fixed(4096)]),
    ];
    for (lines, expected) in cases {
        assert_eq!(job(lines).block_sizes.0, expected, "{lines}");
    }
}

#[test]
fn shares_of_block_sizes_are_filled_in() {
    for (value, expected) in [
        ("4k/50:8k", vec![(4096, 50), (8192, 50)]),
        ("4k/30:8k/:16k", vec![(4096, 30), (8192, 35), (16384, 35)]),
        ("8k:4k:1k", vec![(8192, 33), (4096, 33), (1024, 33)]),
        ("4k/0:8k", vec![(4096, 50), (8192, 50)]),
        ("4k/100:8k/0", vec![(4096, 100), (8192, 0)]),
        ("4k/99:8k/:16k", vec![(4096, 99), (8192, 0), (16384, 0)]),
    ] {
        let sizes = job(&format!("bssplit={value}")).block_sizes;
        assert_eq!(
            sizes[Direction::Read],
            BlockSizes::Split(expected),
            "{value}"
        );
    }
}

#[test]
fn options_take_effect() {
    let spec = job(
        "rw=randrw\nrwmixwrite=20\niodepth=32\niodepth_batch=64\nsize=50%\nruntime=5m\ntime_based\nstartdelay=10-5\nfilename=/x:b\\:c\ncpus_allowed=0,2-3\npercentile_list=99.9:50\ndirect=1\nbuffered=1\nnumjobs=$ncpus*2",
    );
    assert_eq!(spec.pattern, Pattern::RANDOM_READ_WRITE);
    assert_eq!(spec.read_mix_percent, 80);
    assert_eq!((spec.io_depth, spec.submit_batch), (32, 32));
    assert_eq!(spec.size, Some(SizeOrPercent::Percent(50)));
    assert_eq!(spec.runtime, Some(Duration::from_secs(300)));
    assert!(spec.time_based);
    assert_eq!(
        spec.start_delay,
        (Duration::from_secs(5), Duration::from_secs(10))
    );
    assert_eq!(spec.file_names, ["/x", "b:c"]);
    assert_eq!(spec.cpus_allowed, Some(vec![0, 2, 3]));
    assert_eq!(spec.percentile_list, [50.0, 99.9]);
    assert!(!spec.direct);
    assert_eq!(spec.clones, 4);
}

#[test]
fn kb_base_holds_for_its_whole_section() {
    assert_eq!(
        job("size=4k\nkb_base=1000").size,
        Some(SizeOrPercent::Bytes(4000))
    );
}

#[test]
fn measurements_can_be_turned_off_together() {
    let measure = job("gtod_reduce=1").measure;
    assert!(!measure.submission_latency && !measure.total_latency && !measure.bandwidth);
    assert!(
        job("gtod_reduce=1\ngtod_reduce=0")
            .measure
            .completion_latency
    );
}

#[test]
fn later_files_wait_for_earlier_ones_and_start_afresh() {
    let files = [
        JobSource::text("x", "[global]\nbs=1k\n[x]\n"),
        JobSource::text("y", "[y]\n[z]\n"),
    ];
    let parsed = parse_jobs(&files, &options()).expect("two files");
    let seen: Vec<_> = parsed
        .jobs
        .iter()
        .map(|job| (job.stonewall, job.block_sizes.0[0].max()))
        .collect();
    assert_eq!(seen, [(false, 1024), (true, 4096), (false, 4096)]);
}

#[test]
fn sections_can_be_chosen() {
    let mut options = options();
    options.sections = vec!["b".to_owned()];
    let file = [JobSource::text(
        "t",
        "[global]\nbs=8k\n[a]\nnosuch=1\n[b]\n",
    )];
    let parsed = parse_jobs(&file, &options).expect("section b");
    assert_eq!(parsed.jobs.len(), 1);
    options.sections.push("c".to_owned());
    let error = parse_jobs(&file, &options).expect_err("no section c");
    assert_eq!(*error.problem, Problem::NoSuchSection("c".to_owned()));
}

#[test]
fn variables_come_from_where_they_may() {
    let lookup = |name: &OsStr| (name == "WHO").then(|| OsString::from("me"));
    let options = ParseOptions {
        environment: Environment::Lookup(&lookup),
        ..options()
    };
    let file = [JobSource::text(
        "t",
        "[a]\ndescription=${WHO}, ${NOPE}${open\n",
    )];
    let parsed = parse_jobs(&file, &options).expect("a job");
    assert_eq!(parsed.jobs[0].description.as_deref(), Some("me, ${open"));
    assert_eq!(parsed.notices.len(), 1);
    let error = refusal("[a]\ndescription=${WHO}\n");
    assert_eq!(
        error,
        "t:2:1: section [a]: option `description`: `${WHO}` is an environment variable, and those \
         are not expanded for this source; write its value"
    );
}

#[test]
fn keywords_compute_where_there_are_operators() {
    for (value, bytes) in [
        ("$pagesize*2", 8192),
        ("1$pagesize", 14096),
        ("$mb_memory", 24105),
        ("3*$pagesize+$ncpus-1", 12289),
        ("$pagesize/3", 1365),
    ] {
        assert_eq!(
            job(&format!("size={value}")).size,
            Some(SizeOrPercent::Bytes(bytes)),
            "{value}"
        );
    }
    assert_eq!(
        job("directory=/tmp/$ncpus/x").directories,
        [std::path::PathBuf::from("/tmp/2/x")]
    );
}

/// As observed of fio 3.33.
#[test]
fn files_are_in_the_folder_their_section_has() {
    let files = |text: &str| {
        let job = parse(text).jobs.remove(0);
        let paths = crate::files::paths(&job, 0).expect("names");
        let paths = paths.iter().map(|path| path.display().to_string());
        paths.collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("[global]\nfilename=f\n[s]\ndirectory=d\n", "f"),
        ("[s]\nfilename=f\ndirectory=d\n", "d/f"),
        ("[global]\ndirectory=d\n[s]\nfilename=f\n", "d/f"),
        (
            "[global]\ndirectory=d\nfilename=f:/g\n[s]\ndirectory=e\n",
            "d/f /g",
        ),
        ("[global]\ndirectory=d\n[s]\ndirectory=e\n", "e/s.0.0"),
        (
            "[global]\nfilename=f\ndirectory=d\n[s]\nfilename=g\ndirectory=e\n",
            "d/f e/g",
        ),
        ("[s]\nname=other\ndirectory=d\n", "d/s.0.0"),
    ] {
        assert_eq!(files(text), expected, "{text}");
    }
}

#[test]
fn a_job_that_is_called_otherwise_is_printed_with_its_title() {
    let job = job("name=other\nfilename_format=$jobname");
    assert_eq!(
        (job.name.as_str(), job.files.stem.as_deref()),
        ("other", Some("a"))
    );
    let text = job.to_job_file().expect("printable");
    assert!(text.starts_with("[a]\nname=other\n"), "{text}");
    assert_eq!(parse(&text).jobs[0].files.stem, job.files.stem);
}

#[test]
fn faults_say_where_what_and_what_to_do() {
    for (text, message) in [
        (
            "[a]\nsiez=1\n",
            "t:2:1: section [a]: unknown option `siez`; did you mean `size`?",
        ),
        (
            "[a]\n  bs\n",
            "t:2:3: section [a]: option `bs`: a value is missing; write bs=4096",
        ),
        (
            "[a]\nsize=1.5g\n",
            "t:2:1: section [a]: option `size`: `.5g` makes the number a fraction; write a whole one, in a smaller unit",
        ),
        (
            "[a]\nverify=crc32c\n",
            "t:2:1: section [a]: option `verify`: `crc32c` is known to fio but not supported here; what is read is not compared with what was written; write verify=0",
        ),
        (
            "[a]\nhipri\n",
            "t:2:1: section [a]: option `hipri`: an option of ioengine=pvsync2, sg, io_uring, io_uring_cmd, but the job's is psync; remove it, or choose the engine first",
        ),
        (
            "[global]\ncmdprio=1\n[a]\nioengine=libaio\n",
            "t:2:1: section [global]: option `cmdprio`: an option of ioengine=io_uring, io_uring_cmd, libaio, but the job's is psync; remove it, or choose the engine first",
        ),
        (
            "[a]\nioengine=io_uring\ncmd_type=nvme\n",
            "t:3:1: section [a]: option `cmd_type`: known to fio for ioengine=io_uring, io_uring_cmd but not supported here: it sends commands to a device past the block layer; use io_uring with direct=1 on the block device; remove it to run the job without it",
        ),
        (
            "rw=read\n[a]\n",
            "t:1:1: `rw` stands outside of a section; begin with [global] or with the name of a job in brackets",
        ),
        (
            "[a\n",
            "t:1:1: `[a` begins a section but has no closing `]` at its end; write [name] on a line alone",
        ),
        (
            "[a]\nrw=raed\n",
            "t:2:1: section [a]: option `rw`: `raed` is not one of read, write, trim, randread, randwrite, randtrim, rw, readwrite, randrw, trimwrite, randtrimwrite; did you mean `read`?",
        ),
        (
            "[a]\ncpus_allowed=7\n",
            "t:2:1: section [a]: option `cpus_allowed`: `7` is not between 0 and 3",
        ),
        (
            "",
            "job description: no job is described; add a section such as [job1], or --name=job1",
        ),
    ] {
        assert_eq!(refusal(text), message, "{text}");
    }
}

#[test]
fn words_make_the_same_jobs() {
    let words = [
        "--bs=8k",
        "--name=a",
        "--rw",
        "write",
        "--thread",
        "-size=1m",
        "--name=b",
        "--time-based",
        "--runtime=1",
    ];
    let parsed = parse_words(&words, &options()).expect("good words");
    let file =
        parse("[global]\nbs=8k\n[a]\nrw=write\nthread\nsize=1m\n[b]\ntime_based\nruntime=1\n");
    let strip = |jobs: Vec<JobSpec>| -> Vec<JobSpec> {
        jobs.into_iter()
            .map(|job| JobSpec {
                given_options: Vec::new(),
                ..job
            })
            .collect()
    };
    assert_eq!(strip(parsed.jobs.clone()), strip(file.jobs));
    assert_eq!(
        parsed.jobs[0].given_options[0],
        ("name".to_owned(), "a".to_owned())
    );
}

#[test]
fn words_that_cannot_be_taken_are_refused() {
    for (words, message) in [
        (
            &["--name=a", "--direct"][..],
            "command line, word 2: section [a]: option `direct`: a value is missing; write direct=1",
        ),
        (
            &["--name="],
            "command line, word 1: a value is missing; write --name=job1",
        ),
        (
            &["--name=a", "--siez=1"],
            "command line, word 2: unknown option `siez`; did you mean `size`?",
        ),
        (
            &["--name=a", "--fixedbufs", "--ioengine=io_uring"],
            "command line, word 2: section [a]: option `fixedbufs`: an option of ioengine=io_uring, io_uring_cmd, but the job's is psync; remove it, or choose the engine first",
        ),
        (
            &["--name=a", "--output=x"],
            "command line, word 2: `--output` is a flag of the fio command, which cannot be used in a list of job options",
        ),
        (
            &["--name=a", "x.fio"],
            "command line, word 2: `x.fio` names a file, and files are not read for this source",
        ),
        (
            &["--rw=read"],
            "job description: no job is described; add a section such as [job1], or --name=job1",
        ),
    ] {
        let error = parse_words(words, &options()).expect_err("bad words");
        assert_eq!(error.to_string(), message, "{words:?}");
    }
}

#[test]
fn flags_are_returned_where_they_may_stand() {
    let options = ParseOptions {
        allow_flags: true,
        ..options()
    };
    let parsed = parse_words(&["--output", "x", "--minimal"], &options).expect("flags alone");
    assert_eq!(parsed.flags.len(), 2);
    assert_eq!(parsed.flags[0].value.as_deref(), Some("x"));
}
