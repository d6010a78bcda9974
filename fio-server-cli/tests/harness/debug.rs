//! `--debug`: random draws and seeds compared between runs, and the lines of other categories.

use super::{Ran, both};
use crate::util::Folder;

/// The texts of a category: its lines without category and process.
fn told(ran: &Ran, category: &str) -> Vec<String> {
    told_in(&ran.finished.stdout, category)
}

fn told_in(text: &str, category: &str) -> Vec<String> {
    let of_category = text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(' ')?;
        let (process, what) = rest.trim_start().split_once(' ')?;
        let is_told = name == category && process.parse::<u32>().is_ok();
        is_told.then(|| what.trim_start().to_owned())
    });
    of_category.collect()
}

/// What is drawn for offsets by a job with these options, by fio and here.
fn draws(options: &[&str]) -> Vec<Vec<String>> {
    let words = [
        "--debug=random",
        "--eta=never",
        "--name=job",
        "--ioengine=null",
        "--size=64k",
    ];
    let ran = both("", &[&words, options].concat());
    let draws = ran.iter().map(|ran| {
        assert_eq!(
            ran.finished.code,
            Some(0),
            "{}: {:?}",
            ran.who,
            ran.finished
        );
        assert!(
            ran.finished
                .stdout
                .starts_with("fio: set debug option random\n"),
            "{}",
            ran.who
        );
        let mut told = told(ran, "random");
        told.retain(|text| text.starts_with("off rand "));
        told
    });
    draws.collect()
}

#[test]
fn draws_are_those_of_fio_wherever_a_seed_is_given() {
    for options in [
        &["--rw=randread"][..],
        &["--rw=randwrite", "--norandommap"],
        &["--rw=randrw", "--percentage_random=90", "--bsrange=4k-16k"],
        &["--rw=randread", "--random_generator=tausworthe64"],
        &[
            "--rw=randread",
            "--random_distribution=zoned:50/50:50/50",
            "--norandommap",
        ],
        &["--rw=randread", "--loops=2"],
    ] {
        let seeded = [options, &["--randrepeat=0", "--randseed=4711"]].concat();
        let draws = draws(&seeded);
        for ours in draws.iter().skip(1) {
            assert!(draws[0].len() >= 4, "{options:?}: {draws:?}");
            assert_eq!(draws[0], *ours, "{options:?}");
        }
    }
}

#[test]
fn runs_repeat_and_differ_as_their_options_say() {
    let random = "--rw=randread";
    for (one, other, are_equal) in [
        (&[random][..], &[random][..], true),
        (&[random, "--randrepeat=1"], &[random], true),
        (
            &[random, "--allrandrepeat=1"],
            &[random, "--allrandrepeat=1"],
            true,
        ),
        (
            &[random, "--randrepeat=0"],
            &[random, "--randrepeat=0"],
            false,
        ),
        (
            &[random, "--randrepeat=0", "--randseed=1"],
            &[random, "--randrepeat=0", "--randseed=1"],
            true,
        ),
        (
            &[random, "--randrepeat=0", "--randseed=1"],
            &[random, "--randrepeat=0", "--randseed=2"],
            false,
        ),
    ] {
        for (one_draws, other_draws) in draws(one).iter().zip(draws(other)) {
            assert_eq!(one_draws.len(), 16, "{one:?}");
            assert_eq!(*one_draws == other_draws, are_equal, "{one:?} {other:?}");
        }
    }
}

/// 3.33 does not tell its seeds: these are ours alone.
#[test]
fn seeds_of_all_streams_are_told() {
    let seeds = |options: &[&str]| {
        let words = [
            "fio",
            "--debug=random",
            "--name=job",
            "--ioengine=null",
            "--size=4k",
        ];
        let finished = Folder::new().run([&words, options].concat()).expect_code(0);
        let told = told_in(&finished.stdout, "random");
        assert_eq!(told[0], "FIO_RAND_NR_OFFS=20");
        let seed = |stream: usize| {
            let value = told[1 + stream].strip_prefix(&format!("rand_seeds[{stream}]="));
            value.expect("its seed").parse::<u64>().expect("a number")
        };
        (0..20).map(seed).collect::<Vec<_>>()
    };
    let usual = seeds(&[]);
    assert_eq!(usual[4], 2_501_048_522_732_208_269, "as in random.md");
    assert_eq!(usual, seeds(&["--allrandrepeat=1"]));
    let chosen = seeds(&["--randseed=99"]);
    assert_eq!(chosen, seeds(&["--randseed=99"]));
    let system = [seeds(&["--randrepeat=0"]), seeds(&["--randrepeat=0"])];
    for (one, other) in [
        (&usual, &chosen),
        (&usual, &system[0]),
        (&system[0], &system[1]),
    ] {
        let differ = one.iter().zip(other).all(|(one, other)| one != other);
        assert!(differ, "{one:?} {other:?}");
    }
}

/// What is drawn comes from the seeds that are told, also where nobody chose them.
#[test]
fn seeds_that_are_told_repeat_the_run() {
    let run = |options: &[&str]| {
        let words = [
            "fio",
            "--debug=random",
            "--name=job",
            "--ioengine=null",
            "--rw=randread",
            "--size=64k",
        ];
        let finished = Folder::new().run([&words, options].concat()).expect_code(0);
        told_in(&finished.stdout, "random")
    };
    let first = run(&["--randrepeat=0"]);
    let seed: u64 = first[1 + 6]
        .strip_prefix("rand_seeds[6]=")
        .expect("a seed")
        .parse()
        .expect("a number");
    let mut generator = fio_engine::workload::Tausworthe::new(seed as u32);
    let draws: Vec<_> = (0..16)
        .map(|_| format!("off rand {}", generator.next_u32()))
        .collect();
    assert_eq!(first[21..], draws);
}

#[test]
fn ios_are_told_of_in_fios_lines() {
    let words = [
        "--debug=io",
        "--eta=never",
        "--name=job",
        "--filename=data",
        "--rw=randrw",
        "--size=32k",
        "--randrepeat=0",
        "--randseed=5",
        "--ioengine=psync",
    ];
    let ios = |ran: &Ran, what: &str| {
        let told = told(ran, "io").into_iter();
        let of_kind = told.filter_map(|text| {
            let (unit, io) = text
                .strip_prefix(what)?
                .strip_prefix(": io_u 0x")?
                .split_once(": ")?;
            u64::from_str_radix(unit, 16).expect("a number");
            Some(io.to_owned())
        });
        of_kind.collect::<Vec<_>>()
    };
    let ran = both("", &words);
    for ran in &ran {
        let (queued, complete) = (ios(ran, "queue"), ios(ran, "complete"));
        assert_eq!(queued.len(), 8, "{}: {queued:?}", ran.who);
        assert_eq!(queued, complete, "{}", ran.who);
    }
    if let [theirs, ours] = &ran[..] {
        assert_eq!(ios(theirs, "queue"), ios(ours, "queue"));
    }
}

#[test]
fn other_categories_tell_what_fio_tells() {
    let job = "[job]\nioengine=psync\nrw=read\nsize=64k\nrate_iops=200\ntime_based\nruntime=2500ms\nss=iops:50%\n\
               ss_dur=2\nfilename=data\niodepth=1\nbs=4k\n";
    let ran = both(
        job,
        &[
            "--debug=steadystate,mem,process,file,parse,diskutil",
            "--eta=never",
            "job.fio",
        ],
    );
    for ran in &ran {
        let begins = |category, text: &str| {
            let told = told(ran, category);
            assert!(
                told.iter().any(|told| told.starts_with(text)),
                "{}: {category}: {told:?}",
                ran.who
            );
        };
        begins(
            "steadystate",
            "steadystate_check() thread: 0, groupid: 0, rate_msec: ",
        );
        begins("steadystate", "sum_y: ");
        begins("mem", "Alloc 4096 for buffers");
        begins("file", "add file data");
        begins("parse", "Parsing section [job]");
        begins("parse", "rate_iops=200");
        let states = told(ran, "process");
        let reached = |state: &str| {
            states
                .iter()
                .any(|told| told.contains(&format!("runstate {state}")))
        };
        assert!(
            reached("INITIALIZED -> RUNNING") && reached("CREATED -> INITIALIZED"),
            "{states:?}"
        );
    }
}

/// The clone with the number is told of, and no other.
#[test]
fn a_job_number_limits_what_is_told() {
    let words = [
        "fio",
        "--debug=random,job:2",
        "--name=job",
        "--numjobs=3",
        "--ioengine=null",
        "--rw=randread",
        "--size=16k",
    ];
    let finished = Folder::new().run(words).expect_code(0);
    assert!(
        finished.stdout.contains("fio: set debug jobno 2\n"),
        "{finished:?}"
    );
    let told = told_in(&finished.stdout, "random");
    assert_eq!(
        told.iter()
            .filter(|text| text.starts_with("FIO_RAND_NR_OFFS"))
            .count(),
        1
    );
    assert_eq!(
        told.iter()
            .filter(|text| text.starts_with("off rand "))
            .count(),
        4
    );
}

#[test]
fn a_client_tells_of_its_steps() {
    let server = crate::running_server::RunningServer::start();
    let client = format!("--client={}", server.address().replace(':', ","));
    let words = [
        "fio",
        "--debug=net",
        &client,
        "--name=job",
        "--ioengine=null",
        "--size=4k",
    ];
    let finished = Folder::new().run(words).expect_code(0);
    let told = told_in(&finished.stdout, "net");
    for what in [
        "connect to host",
        "connected and probed",
        "results from",
        "removed",
    ] {
        let is_told = told
            .iter()
            .any(|told| told.starts_with(&format!("client: {what} 127.0.0.1")));
        assert!(is_told, "{what}: {told:?}");
    }
}
