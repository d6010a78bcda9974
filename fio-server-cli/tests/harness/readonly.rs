//! `--readonly`: a job that writes or trims is refused before it does anything.

use super::both;

const READS: [&str; 2] = ["read", "randread"];
const CHANGES: [&str; 8] = [
    "write",
    "randwrite",
    "rw",
    "randrw",
    "trim",
    "randtrim",
    "trimwrite",
    "randtrimwrite",
];

#[test]
fn jobs_that_read_run() {
    for rw in READS {
        let rw = format!("--rw={rw}");
        let words = [
            "--readonly",
            "--output-format=json",
            "--name=job",
            "--size=16k",
            "--ioengine=null",
            &rw,
        ];
        for ran in both("", &words) {
            let jobs = ran.jobs();
            assert_eq!(jobs[0]["read"]["total_ios"], 4, "{}: {rw}", ran.who);
        }
    }
}

#[test]
fn jobs_that_write_or_trim_are_refused() {
    for (index, rw) in CHANGES.iter().enumerate() {
        let rw = format!("--rw={rw}");
        let mut words = vec!["--name=job", "--size=16k", "--filename=data", &rw];
        // The flag counts wherever it stands.
        words.insert(if index % 2 == 0 { 0 } else { 4 }, "--readonly");
        for ran in both("", &words) {
            let (who, finished) = (ran.who, &ran.finished);
            assert_eq!(finished.code, Some(1), "{who}: {words:?}: {finished:?}");
            let complaint = finished.stderr.replace("read-only", "readonly");
            assert!(
                complaint.contains("readonly"),
                "{who}: {words:?}: {complaint}"
            );
            assert!(!finished.stdout.contains("IOPS="), "{who}: {finished:?}");
            assert_eq!(ran.folder.files(), ["job.fio"], "{who}: {words:?}");
        }
    }
}

/// One job of several is enough, and nothing of the others is run.
#[test]
fn a_job_file_with_a_job_that_writes_is_refused() {
    let job = "[global]\nsize=16k\nfilename=data\n[good]\nrw=read\n[bad]\nrw=randwrite\n";
    for ran in both(job, &["--readonly", "job.fio"]) {
        let (who, finished) = (ran.who, &ran.finished);
        assert_eq!(finished.code, Some(1), "{who}: {finished:?}");
        assert!(finished.stderr.contains("bad"), "{who}: {finished:?}");
        assert_eq!(ran.folder.files(), ["job.fio"], "{who}");
    }
}
