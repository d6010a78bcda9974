//! Debian's fio as an oracle: the same small job files through its `--parse-only` and through our
//! parser must be accepted or refused alike, but for choices that are listed with their reasons.

use std::io::Write;
use std::process::{Command, Stdio};

use fio_engine::job::{JobSource, ParseOptions, parse_jobs};

/// Lines of one section `[a]` on which both must agree.
const AGREED: &[&str] = &[
    "",
    "size=4k",
    "size=4kb",
    "size=4kib",
    "size=0x1000",
    "size=010",
    "size=50%",
    "size=100%",
    "size=18446744073709551616",
    "size=abc",
    "size=",
    "size",
    "size = 4k ; comment",
    "size=4k # comment",
    "size=4k;comment",
    "size=$pagesize*2",
    "size=$mb_memory",
    "numjobs=$ncpus*3+1",
    "io_size=150%",
    "io_size=50%",
    "io_limit=4k",
    "offset=50%",
    "offset=4k",
    "bs=4k",
    "bs=4k,8k",
    "bs=4k,8k,16k",
    "bs=,8k",
    "bs=4k,",
    "bs=0",
    "bs=4096b",
    "blocksize=4k",
    "bs",
    "bs 4k",
    "bs:4k",
    "BS=4k",
    "bsrange=4k-8k",
    "bsrange=8k-4k",
    "bsrange=4k-8k,1k-2k,3k-9k",
    "bsrange=4k",
    "bsrange=4k-",
    "bssplit=4k/50:8k/50",
    "bssplit=4k:8k",
    "bssplit=4k/30:8k/:16k",
    "bssplit=4k/100,8k/100,16k/100",
    "bssplit=x",
    "ba=4k",
    "ba=0",
    "blockalign=512,,1k",
    "rw=read",
    "rw=randrw",
    "readwrite=trimwrite",
    "rw=randtrimwrite",
    "rw=READ",
    "rw=randread:8",
    "rw=randread:",
    "rw=randread:0",
    "rw=randread:-4",
    "rw=read:4k",
    "rw=write:-4k",
    "rw=trimwrite:4k",
    "rw=randrw:8,9",
    "rw_sequencer=identical",
    "number_ios=5k",
    "number_ios=0",
    "number_ios=x",
    "offset_increment=10%",
    "offset_increment=4k",
    "offset_align=4k",
    "offset_align=0",
    "file_service_type=random",
    "file_service_type=random:8",
    "file_service_type=roundrobin:3",
    "file_service_type=sequential:0",
    "file_service_type=zipf",
    "file_service_type=zipf:1",
    "file_service_type=pareto:2",
    "file_service_type=normal:101",
    "file_service_type=gauss",
    "file_service_type=fair",
    "rw_sequencer=same",
    "percentage_random=60",
    "percentage_random=60,40,0",
    "percentage_random=101",
    "bs_is_seq_rand=1",
    "bs_is_seq_rand=2",
    "random_distribution=random",
    "random_distribution=random:4",
    "random_distribution=zipf",
    "random_distribution=zipf:",
    "random_distribution=zipf:abc",
    "random_distribution=zipf:1",
    "random_distribution=zipf:1.0",
    "random_distribution=zipf:0",
    "random_distribution=zipf:-1",
    "random_distribution=zipf: 2",
    "random_distribution=zipf:1e1",
    "random_distribution=zipf:1.2:0.5",
    "random_distribution=zipf:1.2:-1",
    "random_distribution=zipf:1.2:1.5",
    "random_distribution=zipf:1.1,zipf:1.2",
    "random_distribution=zipf:1,2",
    "random_distribution=pareto",
    "random_distribution=pareto:0",
    "random_distribution=pareto:0.999",
    "random_distribution=pareto:1",
    "random_distribution=normal",
    "random_distribution=normal:0",
    "random_distribution=normal:100",
    "random_distribution=normal:101",
    "random_distribution=normal:-1",
    "random_distribution=zoned",
    "random_distribution=zoned:60",
    "random_distribution=zoned:60:40",
    "random_distribution=zoned:60/0:40/10",
    "random_distribution=zoned:60/10:30/20",
    "random_distribution=zoned:60/10:30/20:8/30:2/40",
    "random_distribution=zoned:60/10%:40/20%",
    "random_distribution=zoned:60/10::40/10",
    "random_distribution=zoned:60/-1:40/10",
    "random_distribution=zoned:60/101:40/10",
    "random_distribution=zoned:110/10",
    "random_distribution=zoned:/10:/20",
    "random_distribution=zoned:50/10:50/90,100/100",
    "random_distribution=zoned:100/10:0/90:0",
    "random_distribution=zoned_abs:60/1m:40/10m",
    "random_distribution=zoned_abs:60/1m",
    "random_distribution=zoned_abs:60:40",
    "random_distribution=uniform",
    "rw=rea",
    "rwmixread=70\nrwmixwrite=20",
    "rwmixread=101",
    "rwmixread=0",
    "iodepth=32",
    "iodepth=0",
    "iodepth=1k",
    "iodepth",
    "iodepth_batch=0",
    "iodepth_batch_complete=0",
    "iodepth_batch_complete_max=4",
    "iodepth_low=2",
    "runtime=5m",
    "runtime=10ms",
    "timeout=1h",
    "runtime=\ntime_based",
    "time_based",
    "time_based=0",
    "startdelay=5-10",
    "startdelay=1m",
    "ramp_time=10ms",
    "direct=1",
    "direct=2",
    "direct=true",
    "direct",
    "direct=",
    "direct=0x1",
    "buffered=1",
    "thread",
    "thread=0",
    "thread=abc",
    "thread=",
    "stonewall",
    "wait_for_previous",
    "new_group\ngroup_reporting",
    "fallocate=none",
    "fallocate=keep",
    "fallocate=1",
    "fallocate=2",
    "fallocate=KEEP",
    "sync=dsync",
    "sync=1",
    "sync=2",
    "percentile_list=99.5:1",
    "percentile_list=101",
    "percentile_list=-1",
    "percentile_list=abc",
    "percentile_list=",
    "randseed=0x89",
    "randseed=abc",
    "randrepeat=2",
    "allrandrepeat=1",
    "random_generator=tausworthe64",
    "random_generator=foo",
    "norandommap",
    "softrandommap=1",
    "cpus_allowed=0",
    "significant_figures=0",
    "significant_figures=11",
    "unit_base=8",
    "unit_base=2",
    "kb_base=1000\nsize=4k",
    "kb_base=512",
    "filesize=4k-8k",
    "filesize=0",
    "filename=a:b\\:c",
    "filename=",
    "directory=/nonexistent",
    "directory=",
    "name=other",
    "name=",
    "description=\"hello world\"",
    "description=a=b",
    "description",
    "bwavgtime=100",
    "iopsavgtime=5",
    "log_avg_msec=10",
    "write_bw_log=x\nwrite_lat_log=a/b\nwrite_iops_log=x\nwrite_hist_log=x",
    "write_bw_log",
    "write_lat_log=",
    "per_job_logs=0",
    "log_entries=1024",
    "log_entries=100",
    "log_hist_msec=10",
    "log_hist_coarseness=6",
    "log_max_value=1",
    "log_max_value=2",
    "log_offset=1\nlog_prio=1",
    "log_offset=2",
    "log_compression=1k",
    "log_compression=1",
    "log_store_compressed=1",
    "log_unix_epoch=1",
    "log_alternate_epoch=1\nlog_alternate_epoch_clock_id=1",
    "disable_bw=1",
    "gtod_reduce=1",
    "refill_buffers=0",
    "zero_buffers",
    "scramble_buffers=0",
    "exitall",
    "exitall=2",
    "exit_what=group",
    "exit_what=stonewall",
    "exit_what=all",
    "exit_what=allx",
    "exit_what=",
    "exitall_on_error",
    "exitall_on_error=0",
    "wait_for=other",
    "wait_for=",
    "continue_on_error=none",
    "continue_on_error=io",
    "continue_on_error=0",
    "continue_on_error=1",
    "continue_on_error=2",
    "continue_on_error=",
    "prio=7",
    "prio=8",
    "prioclass=0",
    "prioclass=4",
    "ioengine=libaio\ncmdprio_percentage=30,60",
    "ioengine=libaio\ncmdprio_percentage=,60",
    "ioengine=libaio\ncmdprio_percentage=1,2,3",
    "ioengine=libaio\ncmdprio_percentage=101",
    "ioengine=libaio\ncmdprio_percentage=",
    "cmdprio_class=3\nioengine=io_uring",
    "ioengine=io_uring\ncmdprio_class=0",
    "ioengine=io_uring\ncmdprio_class=4",
    "ioengine=io_uring\ncmdprio=8",
    "ioengine=io_uring\ncmdprio_percentage=30\ncmdprio_bssplit=4k/30",
    "ioengine=libaio\ncmdprio_bssplit=4k/30:8k/60,4k/10/2/3",
    "ioengine=libaio\ncmdprio_bssplit=4k/101:8k/",
    "ioengine=libaio\ncmdprio_bssplit=",
    "ioengine=io_uring\nfixedbufs\nregisterfiles=0\nsqthread_poll=2",
    "ioengine=io_uring\nfixedbufs=",
    "ioengine=io_uring\nnonvectored=-1",
    "ioengine=io_uring\nnonvectored=7\nuncached=5\nforce_async=3",
    "ioengine=io_uring\nnowait=2",
    "ioengine=io_uring\nsqthread_poll_cpu=1",
    "ioengine=libaio\nnowait=1\nuserspace_reap",
    "ioengine=libaio\nfixedbufs",
    "ioengine=io_uring\nuserspace_reap",
    "cmdprio=1",
    "nowait=1",
    "ignore_error=EIO",
    "ignore_error=EIO:ENOSPC,28,EILSEQ",
    "ignore_error=,ENOTSUP",
    "ignore_error=",
    "error_dump=1",
    "error_dump=2",
    "unified_rw_reporting=mixed",
    "unified_rw_reporting=2",
    "unified_rw_reporting=3",
    "steadystate=iops:10%",
    "steadystate=bw_slope:1m\nsteadystate_duration=10",
    "ss=iops_slope:0.1%\nss_dur=10s\nss_ramp=2",
    "steadystate=iops",
    "steadystate=iops:",
    "steadystate=foo:1",
    "stats=0",
    "stats=2",
    "disk_util=0",
    "disk_util=2",
    "buffer_pattern=\"abcd\"",
    "buffer_pattern=0xdeadface\"abcd\"-12",
    "buffer_pattern=0xdeadfac",
    "buffer_pattern='/dev/zero'",
    "buffer_pattern=12 34",
    "buffer_pattern=12abc",
    "buffer_pattern=%o",
    "buffer_pattern=abcd",
    "buffer_pattern=\"abcd",
    "buffer_pattern=4294967296",
    "buffer_pattern=-2147483648",
    "buffer_pattern=0x",
    "buffer_pattern=",
    "buffer_compress_percentage=50",
    "buffer_compress_percentage=101",
    "buffer_compress_percentage=50\nbuffer_compress_chunk=0",
    "buffer_compress_chunk=4k",
    "dedupe_percentage=100",
    "dedupe_percentage=101",
    "dedupe_mode=repeat",
    "dedupe_mode=working_set",
    "dedupe_mode=1",
    "dedupe_percentage=50\ndedupe_mode=working_set\ndedupe_working_set_percentage=50",
    "dedupe_working_set_percentage=101",
    "dedupe_global=1",
    "dedupe_global=2",
    "mem=malloc",
    "mem=shm",
    "iomem=shmhuge",
    "mem=mmap",
    "mem=mmap:/tmp/buffers",
    "mem=mmaphuge",
    "mem=mmapshared",
    "mem=malloc:/x",
    "mem=cudamalloc",
    "mem=MMAP",
    "iomem_align=512",
    "mem_align=3000",
    "iomem_align=abc",
    "hugepage-size=0",
    "hugepage-size=3m",
    "write_iolog=x",
    "write_iolog=",
    "read_iolog=/no/such/log",
    "read_iolog=a:b\\:c",
    "read_iolog=",
    "read_iolog_chunked=1",
    "read_iolog_chunked=2",
    "replay_no_stall=1",
    "replay_redirect=/dev/null",
    "replay_scale=0",
    "replay_scale=1k",
    "replay_align=4k",
    "replay_align=0",
    "replay_align=3",
    "replay_time_scale=50",
    "replay_time_scale=0",
    "replay_skip=read,write,trim,sync",
    "trim_percentage=50",
    "trim_percentage=101",
    "trim_verify_zero=0",
    "trim_backlog=8",
    "trim_backlog_batch=4",
    "fsync=32\nend_fsync=1\nfsync_on_close=1",
    "unlink=1",
    "loops=3",
    "rate=1m",
    "rate=1m,500k",
    "rate=,500k",
    "rate=500k,",
    "rate=0",
    "rate=0x10",
    "rate=,",
    "rate=",
    "rate=abc",
    "rate_iops=100",
    "rate_iops=,,5",
    "rate_iops=0",
    "rate_iops=abc",
    "rate=0\nrate_iops=100",
    "rate_min=1m",
    "ratemin=1m",
    "rate_min=abc",
    "rate_iops_min=1",
    "rate=1m\nrate_iops_min=10",
    "rate_process=linear",
    "rate_process=poisson",
    "rate_process=foo",
    "rate_process=",
    "rate_cycle=100",
    "ratecycle=500",
    "rate_cycle=abc",
    "rate=1m\nrate_ignore_thinktime=1",
    "thinktime=5",
    "thinktime=5ms\nthinktime_spin=10\nthinktime_blocks=4",
    "thinktime=5\nthinktime_blocks_type=issue",
    "thinktime=5\nthinktime_blocks_type=foo",
    "thinktime=1s\nthinktime_iotime=9",
    "flow=10\nflow_id=1\nflow_sleep=100",
    "flow=1001",
    "max_latency=5",
    "max_latency=1ms,2ms",
    "nosuch=1",
    "=4",
    "\u{fc}=1",
    "description=\u{fc}",
    "[b]\nbs=8k\n[global]\nrw=write\n[c]",
    "description=${NO_SUCH_VARIABLE}x",
    "size=${NO_SUCH_VARIABLE}",
];

/// Whole files on which both must agree.
const AGREED_FILES: &[&str] = &[
    "rw=read\n[a]\n",
    "junk\n[a]\n",
    "[a b]\nbs=4k\n",
    " [a]\n  bs=4k\n",
    "[a]\r\nbs=4k\r\n",
    "[a]b]\nbs=4k\n",
    "[a];x\nbs=4k\n",
    "[global]\nbs=4k\n[a]",
    "include file\n[a]\n",
    "[a]\nbs=4k",
];

/// What fio accepts and this parser refuses, and why.
const REFUSED_HERE: &[(&str, &str)] = &[
    ("replay_skip=read,bogus", "fio looks at the first word only"),
    (
        "replay_skip=bogus",
        "fio refuses it on the command line only",
    ),
    ("size=1.5g", "fio reads 1 byte"),
    ("size=1kx", "fio drops what follows a number"),
    ("size=-1", "fio reads 2^64 - 1"),
    ("size=16384p", "fio overflows to 0"),
    ("size=101%", "more than the file"),
    ("size=0x10k", "fio drops the suffix of a hexadecimal number"),
    ("size=1g-2g", "a range where one value is expected"),
    ("size=1z", "zones are not supported"),
    ("iodepth=1,2", "fio drops the second value"),
    ("iodepth=-1", "fio reads 2^32 - 1"),
    (
        "bs=4k-8k",
        "fio takes it as bs=4k,8k, never as the range it looks like",
    ),
    ("bs=1,2,3,4", "there are three directions"),
    ("bs=-4k", "fio reads 16 EiB"),
    ("bsrange=0-4k", "a block has at least one byte"),
    ("bsrange=4k-8k/1k-2k", "fio drops the second range"),
    ("bssplit=4k/60:8k/60", "120%"),
    ("bssplit=4k/10:8k/10", "20%"),
    ("bssplit=4k/x", "not a share"),
    ("bssplit=", "nothing to split"),
    ("rw=read:x", "fio reads 0"),
    ("rw=randread:1.5", "fio drops what follows a number"),
    (
        "random_distribution=zipf:2x",
        "fio drops what follows a number",
    ),
    (
        "random_distribution=zipf:1.2:0.5:4",
        "fio drops the last number",
    ),
    ("random_distribution=zoned:", "no zones"),
    (
        "random_distribution=random,zipf:1.2",
        "fio drops the second distribution",
    ),
    ("random_generator=lfsr", "known, not supported"),
    ("runtime=5x", "fio reads 5 microseconds"),
    ("runtime=1m30s", "fio reads 1 microsecond"),
    (
        "runtime=0x10",
        "fio reads 16 microseconds, its manual says seconds",
    ),
    ("bwavgtime=500ms", "fio reads 524288000 milliseconds"),
    ("numjobs=0", "no job at all"),
    ("loops=0", "no loop at all"),
    ("nrfiles=0", "no file at all"),
    ("direct=1x", "fio drops what follows a number"),
    ("percentile_list=99x", "fio drops what follows a number"),
    ("percentile_list=1,2", "fio drops the second percentile"),
    (
        "percentile_list=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21",
        "fio drops the last percentile",
    ),
    ("cpus_allowed=", "no CPU at all"),
    ("verify=crc32c", "known, not supported"),
    ("rate=1.5m", "fio reads 1 byte per second"),
    ("rate=1,2,3,4", "there are three directions"),
    ("rate=-1", "fio reads 2^64 - 1"),
    ("rate=1m-2m", "fio drops what follows a number"),
    ("rate_iops=8g", "more than fio can hold"),
    ("rate_cycle=0", "nothing can be measured over no time"),
    ("rate_cycle=1s", "fio drops what follows a number"),
    (
        "rate=1m\nrate_iops=100",
        "fio refuses it when it starts the job",
    ),
    ("rate_min=1m\nrate_iops_min=5", "as above"),
    ("rate=1m\nrate_min=2m", "as above"),
    ("rate_iops=5\nrate_iops_min=6", "as above"),
    (
        "log_hist_coarseness=7",
        "fio shifts its bins by what its manual forbids",
    ),
    (
        "ioengine=libaio\ncmdprio_bssplit=4k/30/1",
        "fio refuses it when it starts the job",
    ),
    ("ioengine=libaio\ncmdprio_bssplit=abc", "as above"),
    (
        "ioengine=libaio\ncmdprio_percentage=-1",
        "fio reads 2^32 - 1",
    ),
    ("ioengine=io_uring\nforce_async=-1", "as above"),
    ("prio=-1", "fio fails when it starts the job"),
    ("log_compression_cpus=0", "known, not supported"),
];

/// What fio refuses, at least as Debian builds it, and this parser accepts, and why.
const ACCEPTED_HERE: &[(&str, &str)] = &[
    (
        "bs=(4k*2)",
        "Debian builds fio without arithmetic; the manual has it",
    ),
    ("runtime=(1m+30s)", "as above"),
    ("size=$pagesize*2k", "arithmetic knows units here"),
    ("log_window_value=both", "newer than Debian's fio"),
    ("log_issue_time=1", "as above"),
];

/// Whole files that fio accepts and this parser refuses, and why.
const REFUSED_FILES_HERE: &[(&str, &str)] = &[
    ("[a\nbs=4k\n", "fio runs a job without a name"),
    ("[]\nbs=4k\n", "fio runs a job without a name"),
    ("[a]x\nbs=4k\n", "fio runs a job called `a]`"),
    ("[a#b]\nbs=4k\n", "fio runs a job without a name"),
    (
        "[a]\ninclude no_such_file\n",
        "fio complains and goes on without the file",
    ),
    ("[global]\nbs=4k\n", "nothing to run"),
    ("", "nothing to run"),
];

#[test]
fn fio_and_this_parser_agree() {
    let Some(fio) = Fio::find() else { return };
    let (good, bad): (Vec<_>, Vec<_>) = AGREED
        .iter()
        .map(|lines| format!("[a]\n{lines}\n"))
        .partition(|file| parse(file).is_ok());
    // One run tells that fio accepts them all; only if it does not are they tried one by one.
    let mut files = if fio.accepts(&good.concat()) {
        Vec::new()
    } else {
        good
    };
    files.extend(bad);
    files.extend(AGREED_FILES.iter().map(|file| (*file).to_owned()));
    let failures = in_parallel(&files, |file| {
        let (theirs, ours) = (fio.accepts(file), parse(file));
        (theirs != ours.is_ok()).then(|| format!("{file:?}: fio accepts: {theirs}, here: {ours:?}"))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn differences_from_fio_are_the_listed_ones() {
    let Some(fio) = Fio::find() else { return };
    let section = |row: &(&str, &'static str)| format!("[a]\n{}\n", row.0);
    let refused = REFUSED_HERE.iter().map(|row| (section(row), false, row.1));
    let accepted = ACCEPTED_HERE.iter().map(|row| (section(row), true, row.1));
    let files = REFUSED_FILES_HERE
        .iter()
        .map(|row| (row.0.to_owned(), false, row.1));
    let all: Vec<_> = refused.chain(accepted).chain(files).collect();
    let failures = in_parallel(&all, |(file, accepted_here, reason)| {
        let (theirs, ours) = (fio.accepts(file), parse(file));
        (ours.is_ok() != *accepted_here || theirs == *accepted_here)
            .then(|| format!("{file:?} ({reason}): fio accepts: {theirs}, here: {ours:?}"))
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn fio_accepts_the_jobs_printed_here() {
    let Some(fio) = Fio::find() else { return };
    for lines in [
        "rw=randrw\nbssplit=4k/30:8k/70,16k\nruntime=90s\ntime_based",
        "rate=1m,,500k\nrate_min=1k\nrate_process=poisson\nrate_cycle=50",
        "rate_iops=,10\nrate_iops_min=5",
        "filename=a\\:b:c\nstartdelay=1-2\npercentile_list=99.9:50",
    ] {
        let parsed = parse(&format!("[a]\n{lines}\n")).expect("good lines");
        let printed = parsed.jobs[0].to_job_file().expect("a printable job");
        assert!(fio.accepts(&printed), "{printed}");
    }
}

fn parse(file: &str) -> Result<fio_engine::job::ParsedJobs, fio_engine::job::JobFileError> {
    parse_jobs(&[JobSource::text("oracle", file)], &ParseOptions::default())
}

/// What `check` finds wrong, on two threads: fio spends its 0.15 s in calibrating its clock.
fn in_parallel<T: Sync>(cases: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let run = |part: &[T]| part.iter().filter_map(&check).collect::<Vec<_>>();
    let (left, right) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let left = scope.spawn(|| run(left));
        let mut failures = run(right);
        failures.extend(left.join().expect("the other half ends"));
        failures
    })
}

struct Fio(tempfile::TempDir);

impl Fio {
    /// Without fio there is nothing to compare with; where tests must be complete that is an error.
    fn find() -> Option<Self> {
        let version = Command::new("fio").arg("--version").output();
        if version.is_ok_and(|output| output.status.success()) {
            return Some(Self(tempfile::tempdir().expect("a temporary folder")));
        }
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        println!("skipped: fio is not installed");
        None
    }

    fn accepts(&self, file: &str) -> bool {
        let mut job_file = tempfile::NamedTempFile::new_in(self.0.path()).expect("a file");
        job_file
            .write_all(file.as_bytes())
            .expect("a job file can be written");
        let status = Command::new("fio")
            .current_dir(self.0.path())
            .arg("--parse-only")
            .arg(job_file.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.expect("fio starts").success()
    }
}
