use std::time::Duration;

use super::*;
use crate::job::{ParseOptions, parse_words};

fn explained(words: &str) -> Explanation {
    let words: Vec<_> = words.split_whitespace().collect();
    let parsed = parse_words(&words, &ParseOptions::default()).expect("good words");
    explain(parsed.jobs, &RunOptions::default()).expect("jobs that can be planned")
}

fn only(words: &str) -> ExplainedJob {
    let mut explanation = explained(words);
    assert_eq!(explanation.jobs.len(), 1);
    explanation.jobs.remove(0)
}

fn reason_of<'a>(job: &'a ExplainedJob, option: &str) -> Option<&'a str> {
    let mut found = job.without_effect.iter();
    found
        .find(|remark| remark.option == option)
        .map(|remark| remark.reason.as_str())
}

#[test]
fn the_ios_are_those_of_the_run() {
    let job = only("--name=a --ioengine=null --rw=randrw --bs=4k,8k --size=1m --numjobs=2");
    let words = [
        "--name=a",
        "--ioengine=null",
        "--rw=randrw",
        "--bs=4k,8k",
        "--size=1m",
    ];
    let words = words.into_iter().chain(["--numjobs=2"]);
    let parsed = parse_words(&words.collect::<Vec<_>>(), &ParseOptions::default());
    let jobs = parsed.expect("good words").jobs;
    let run = crate::run::Run::start(jobs, RunOptions::default()).expect("a run");
    let report = run.wait();
    for direction in Direction::ALL {
        let ran: u64 = report
            .jobs
            .iter()
            .map(|job| job.directions[direction].total_ios)
            .sum();
        assert_eq!(job.ios.count[direction], ran, "{direction}");
    }
    assert!(job.ios.exact && !job.ios.endless);
}

#[test]
fn many_ios_are_extrapolated() {
    let job = only("--name=a --ioengine=null --rw=randread --size=1t --norandommap");
    assert!(!job.ios.exact);
    assert_eq!(job.ios.count.0, [(1 << 40) / 4096, 0, 0]);
}

#[test]
fn a_job_bound_by_time_alone_has_no_end() {
    let words = "--name=a --ioengine=null --size=1m --time_based --runtime=10 --startdelay=1 \
                 --ramp_time=2";
    let job = only(words);
    assert!(job.ios.endless);
    let bound = TimeBound {
        by_ios: false,
        at_least: Duration::ZERO,
        at_most: Some(Duration::from_secs(13)),
    };
    assert_eq!(job.time, bound);
}

#[test]
fn waves_add_up() {
    let explanation = explained(
        "--ioengine=null --size=1m --name=a --runtime=5 --name=b --runtime=7 --name=c --stonewall \
         --runtime=3",
    );
    assert_eq!(explanation.longest, Some(Duration::from_secs(10)));
    let explanation = explained("--ioengine=null --size=1m --name=a --runtime=5 --name=b");
    assert_eq!(explanation.longest, None);
}

#[test]
fn files_are_looked_at_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("old");
    std::fs::write(&old, vec![1; 5000]).expect("writable");
    let words = format!(
        "--name=a --directory={} --filename=old:new --rw=write --size=16k --unlink=1",
        folder.path().display()
    );
    let job = only(&words);
    let actions: Vec<_> = job.files.iter().map(|file| file.action).collect();
    assert_eq!(
        actions,
        [FileAction::Extend(5000, 8192), FileAction::Create(8192)]
    );
    assert_eq!(job.overwritten_bytes(), 5000);
    assert!(job.files.iter().all(|file| file.removed));
    assert_eq!(std::fs::metadata(&old).expect("still there").len(), 5000);
    assert!(!folder.path().join("new").exists());
    let read = words.replace("--rw=write", "--rw=read");
    assert_eq!(only(&read).overwritten_bytes(), 0);
}

#[test]
fn clones_share_named_files_and_have_their_own_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().display();
    let job = only(&format!(
        "--name=a --directory={folder} --size=8k --numjobs=3"
    ));
    assert_eq!(job.files.len(), 3);
    let job = only(&format!(
        "--name=a --directory={folder} --size=8k --numjobs=3 --filename=x"
    ));
    assert_eq!(job.files.len(), 1);
    assert_eq!(job.ios.count.0, [6, 0, 0]);
}

#[test]
fn what_would_fail_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = format!("--name=a --directory={}", folder.path().display());
    let problem = only(&words).problem.expect("no size is known");
    assert!(problem.contains("size"), "{problem}");
}

#[test]
fn options_without_effect_are_named_with_the_reason() {
    let job = only(
        "--name=a --ioengine=psync --filename=/dev/zero --size=1m --iodepth=32 --rwmixread=70 \
         --norandommap --fsync=4 --log_avg_msec=10 --group_reporting --stonewall --thread \
         --cpus_allowed_policy=split --nrfiles=3 --rate_cycle=100",
    );
    for (option, part) in [
        ("iodepth", "finishes each"),
        ("rwmixread", "both read and write"),
        ("norandommap", "sequential"),
        ("fsync", "writes nothing"),
        ("log_avg_msec", "no log"),
        ("group_reporting", "one job only"),
        ("stonewall", "before this one"),
        ("thread", "in any case"),
        ("cpus_allowed_policy", "belongs to cpus_allowed"),
        ("nrfiles", "filename names"),
        ("rate_cycle", "reach no rate"),
    ] {
        let reason = reason_of(&job, option);
        assert!(
            reason.is_some_and(|reason| reason.contains(part)),
            "{option}: {reason:?}"
        );
    }
    assert_eq!(reason_of(&job, "filename"), None);
    assert_eq!(reason_of(&job, "size"), None);
}

#[test]
fn options_with_effect_are_not() {
    let job = only(
        "--name=a --ioengine=null --rw=randrw --size=1m --iodepth=4 --rwmixread=70 --norandommap \
         --randseed=3 --bs=8k --write_bw_log=x --log_avg_msec=10 --cpus_allowed=0 \
         --cpus_allowed_policy=split --rate=1m --rate_process=poisson",
    );
    assert_eq!(job.without_effect, []);
}

#[test]
fn a_run_time_that_the_rate_does_not_need_is_said() {
    let job = only("--name=a --ioengine=null --size=1m --rate=1m --runtime=60");
    let reason = reason_of(&job, "runtime").expect("one second would do");
    assert!(reason.contains("1.0s"), "{reason}");
    let job = only("--name=a --ioengine=null --size=1m --runtime=60");
    assert_eq!(reason_of(&job, "runtime"), None);
}

#[test]
fn defaults_of_interest_are_named_unless_given() {
    let job = only("--name=a --ioengine=null --size=1m --rw=randread");
    let names: Vec<_> = job.defaults.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["bs", "iodepth", "runtime", "norandommap"]);
}

#[test]
fn a_replay_does_what_its_log_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    std::fs::write(&data, [0; 8192]).expect("a file");
    let name = data.display();
    let text = format!(
        "fio version 3 iolog\n0 {name} add\n0 {name} read 0 4096\n1 {name} write 4096 512\n\
         2 {name} sync 0 0\n3 {name}2 write 0 512\n"
    );
    std::fs::write(&log, text).expect("a log");
    let job = only(&format!(
        "--name=a --bs=1m --replay_skip=trim --read_iolog={}",
        log.display()
    ));
    assert_eq!(job.problem, None);
    assert_eq!(
        (job.ios.count.0, job.ios.bytes.0),
        ([1, 2, 0], [4096, 1024, 0])
    );
    assert_eq!(job.ios.synchronisations, 1);
    let overwritten: Vec<u64> = job.files.iter().map(|file| file.overwritten).collect();
    assert_eq!(overwritten, [8192, 0]);
    assert!(
        reason_of(&job, "bs")
            .expect("a reason")
            .contains("read_iolog")
    );
    assert_eq!(reason_of(&job, "replay_skip"), None);
    assert!(!folder.path().join("data2").exists());
    let job = only("--name=a --ioengine=null --size=4k --replay_no_stall=1");
    assert!(reason_of(&job, "replay_no_stall").is_some());
}

#[test]
fn what_a_job_asks_of_the_system_in_vain_is_told() {
    let job = only(
        "--name=a --ioengine=null --size=1m --gtod_cpu=1 --ioscheduler=none --cgroup_weight=200 --nice=5",
    );
    assert!(reason_of(&job, "gtod_cpu").is_some_and(|reason| reason.contains("free of jobs")));
    assert!(reason_of(&job, "ioscheduler").is_some());
    assert!(reason_of(&job, "cgroup_weight").is_some_and(|reason| reason.contains("cgroup")));
    assert_eq!(reason_of(&job, "nice"), None);
}

#[test]
fn what_modifies_an_absent_option_is_named() {
    let job = only(
        "--name=a --ioengine=libaio --filename=/dev/zero --size=1m --latency_window=1s \
         --steadystate_duration=4 --flow_sleep=2 --exit_what=all --offset_align=4k \
         --file_service_type=random --rw_sequencer=identical --cmdprio=1 --iodepth_low=1",
    );
    for (option, part) in [
        ("latency_window", "latency_target"),
        ("steadystate_duration", "(steadystate)"),
        ("flow_sleep", "(flow)"),
        ("exit_what", "exitall"),
        ("offset_align", "percent"),
        ("file_service_type", "one file"),
        ("rw_sequencer", "colon"),
        ("cmdprio", "cmdprio_percentage"),
        ("iodepth_low", "one I/O"),
    ] {
        let reason = reason_of(&job, option);
        assert!(
            reason.is_some_and(|reason| reason.contains(part)),
            "{option}: {reason:?}"
        );
    }
    assert_eq!(job.remarks, [""; 0]);
    let job = only(
        "--name=a --ioengine=libaio --filename=/dev/zero --size=1m --latency_target=1ms --flow=2 \
         --latency_window=1s --flow_id=0 --rw=read:8 --rw_sequencer=identical --iodepth=8 \
         --direct=1 --iodepth_low=1 --cmdprio_percentage=5 --cmdprio=1",
    );
    assert_eq!(job.without_effect, []);
}

#[test]
fn what_may_end_a_job_or_slow_it_down_is_said() {
    let job = only(
        "--name=a --ioengine=null --size=1m --rw=randread --norandommap --rate=1m --rate_min=1k \
         --random_distribution=zipf:1.2 --max_latency=5ms --exitall --steadystate=iops:5% \
         --steadystate_duration=5 --startdelay=2 --write_bw_log=x",
    );
    for part in [
        "(startdelay=2",
        "(random_distribution=zipf:1.2",
        "(norandommap)",
        "its rate (rate=",
        "slower than this (rate_min=",
        "steady (steadystate=iops:5%",
        "longer (max_latency=5000",
        "ends other jobs (exitall",
        "log files (write_bw_log=x",
    ] {
        let found = job.remarks.iter().any(|remark| remark.contains(part));
        assert!(found, "{part}: {:?}", job.remarks);
    }
    assert_eq!(job.time.at_least.as_secs(), 1);
    assert_eq!(only("--name=a --ioengine=null --size=1m").remarks, [""; 0]);
}

#[test]
fn pauses_take_their_time() {
    let job = only("--name=a --ioengine=null --size=1m --thinktime=1s --thinktime_blocks=16");
    assert_eq!(job.time.at_least, Duration::from_secs(15));
}

#[test]
fn a_job_that_only_makes_its_files_does_no_io() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = only(&format!(
        "--name=a --directory={} --size=1m --rw=write --create_only=1",
        folder.path().display()
    ));
    assert_eq!(job.ios.count.0, [0; 3]);
    assert_eq!(job.overwritten_bytes(), 0);
    assert_eq!(job.files.len(), 1);
}
