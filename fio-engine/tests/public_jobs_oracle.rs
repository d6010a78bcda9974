//! Job files in the styles people publish (databases, cloud vendors' pages, benchmark scripts, odd
//! spellings): each is accepted or refused as by Debian's fio, but for those listed with the reason.

mod oracle;

use std::path::{Path, PathBuf};

use fio_engine::job::{JobSource, ParseOptions, parse_jobs, parse_words};
use oracle::{Fio, in_parallel};

/// What only fio accepts, with a part of the complaint here.
const REFUSED: &[(&str, &str)] = &[
    ("verify.fio", "what is read is not compared"),
    // fio refuses it as well, when it starts the job.
    ("implicit_stride.fio", "zonesize needs zonemode=strided"),
];

#[test]
fn published_job_files_are_judged_as_by_fio() {
    let Some(fio) = Fio::find() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/public");
    let entries = std::fs::read_dir(folder).expect("job files");
    let files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(files.len() >= 25, "{} job files", files.len());
    let failures = in_parallel(&files, |path| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let text = std::fs::read_to_string(path).expect("a job file");
        let source = JobSource::text(name, &text);
        let complaint = parse_jobs(&[source], &ParseOptions::default()).err();
        let complaint = complaint.map(|error| error.to_string());
        let theirs = fio.accepts_file(path);
        let listed = REFUSED.iter().find(|(listed, _)| *listed == name);
        let alike = match (listed, &complaint) {
            (None, _) => theirs == complaint.is_none(),
            (Some((_, part)), Some(text)) => theirs && text.contains(part),
            (Some(_), None) => false,
        };
        (!alike).then(|| format!("{name}: fio accepts: {theirs}, here: {complaint:?}"))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn published_command_lines_are_judged_as_by_fio() {
    let Some(fio) = Fio::find() else { return };
    let failures = in_parallel(COMMAND_LINES, |line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let complaint = parse_words(&words, &ParseOptions::default()).err();
        let complaint = complaint.map(|error| error.to_string());
        let theirs = fio.accepts_words(&words);
        (theirs != complaint.is_none())
            .then(|| format!("{line}: fio accepts: {theirs}, here: {complaint:?}"))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// From cloud vendors' and databases' pages.
const COMMAND_LINES: &[&str] = &[
    "--name=write_throughput --directory=/tmp --numjobs=8 --size=10G --time_based --runtime=60s \
     --ramp_time=2s --ioengine=libaio --direct=1 --verify=0 --bs=1M --iodepth=64 --rw=write \
     --group_reporting=1",
    "--name=read_iops --directory=/tmp --size=10G --time_based --runtime=60s --ramp_time=2s \
     --ioengine=libaio --direct=1 --verify=0 --bs=4K --iodepth=256 --rw=randread \
     --group_reporting=1 --iodepth_batch_submit=256 --iodepth_batch_complete_max=256",
    "--rw=write --ioengine=sync --fdatasync=1 --directory=/tmp --size=22m --bs=2300 --name=mytest",
    "--directory=/tmp --ioengine=psync --name fio_test_file --direct=1 --rw=randwrite --bs=16k \
     --size=1G --numjobs=16 --time_based --runtime=180 --group_reporting --norandommap",
    "--randrepeat=1 --ioengine=libaio --direct=1 --gtod_reduce=1 --name=test --filename=test \
     --bs=4k --iodepth=64 --size=4G --readwrite=randrw --rwmixread=75",
    "--name=j --ioengine=libaio --direct=1 --sync=1 --rw=write --bs=4k --numjobs=1 --iodepth=1 \
     --runtime=60 --time_based --group_reporting --filename=/tmp/journal",
    "--ioengine=libaio --direct=1 --sync=1 --rw=read --bs=4K --numjobs=1 --iodepth=1 --runtime=60 \
     --time_based --name seq_read --filename=/tmp/sda",
    "--name=u --filename=/tmp/f --size=1G --ioengine=io_uring --registerfiles --fixedbufs \
     --sqthread_poll=1 --hipri=1 --iodepth=128 --iodepth_batch_complete_min=16 --bs=4k \
     --rw=randread --direct=1",
    "--name=a --size=1g --rw=randread --iodepth=abc",
    "--name=a --size=1g --rw=random",
];
