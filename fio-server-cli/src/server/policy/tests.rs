//! What is refused and what is admitted.

use fio_engine::PerDirection;
use fio_engine::job::{
    BlockSizes, BufferPattern, MemoryKind, ParseOptions, Pattern, SizeOrPercent,
};

use super::*;

fn policy(change: impl FnOnce(&mut ServerOptions)) -> Policy {
    let mut options = ServerOptions::default();
    change(&mut options);
    Policy::new(&options).unwrap()
}

fn job(name: &str) -> JobSpec {
    JobSpec::new(name)
}

fn admit(policy: &Policy, jobs: &[JobSpec]) -> Result<(JobSlots, Usage), Refusal> {
    policy.admit(jobs, Usage::default(), &AtomicBool::new(false))
}

#[test]
fn clones_count_against_one_client_and_against_all() {
    let policy = policy(|options| {
        options.limits.jobs_per_run = 4;
        options.limits.jobs_in_total = 6;
    });
    let mut four = job("a");
    four.clones = 4;
    let five = [four.clone(), job("b")];
    assert!(matches!(
        admit(&policy, &five),
        Err(Refusal::JobsPerRun {
            wanted: 5,
            limit: 4
        })
    ));
    let four = [four];
    let slots = admit(&policy, &four).unwrap();
    assert!(matches!(
        admit(&policy, &four),
        Err(Refusal::JobsInTotal { running: 4, .. })
    ));
    drop(slots);
    admit(&policy, &four).unwrap();
}

#[test]
fn buffers_and_random_maps_are_bounded() {
    let policy = policy(|options| options.limits.memory_per_run = 1 << 30);
    let mut large = job("large");
    large.block_sizes = PerDirection::splat(BlockSizes::Fixed(1 << 40));
    assert!(matches!(
        admit(&policy, &[large]),
        Err(Refusal::Memory { .. })
    ));
    let mut files = job("files");
    files.file_count = 1 << 18;
    admit(&policy, &[files.clone()]).unwrap();
    files.clones = 2;
    assert!(matches!(
        admit(&policy, &[files]),
        Err(Refusal::Files { .. })
    ));
    let mut map = job("map");
    map.pattern = Pattern::RANDOM_READ;
    map.size = Some(SizeOrPercent::Bytes(1 << 60));
    assert!(matches!(
        admit(&policy, &[map.clone()]),
        Err(Refusal::Memory { .. })
    ));
    map.no_random_map = true;
    admit(&policy, &[map]).unwrap();
}

#[test]
fn files_stay_in_the_allowed_folders() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::os::unix::fs::symlink("/", inside.join("link")).unwrap();
    std::os::unix::fs::symlink("/nonexistent/x", inside.join("dangling")).unwrap();
    let policy = policy(|options| options.allowed_paths = vec![inside.clone()]);

    let mut given = job("a");
    given.directories = vec![inside];
    admit(&policy, &[given.clone()]).unwrap();
    for (names, allowed) in [
        ("new", true),
        ("deep/new", true),
        ("../inside/new", true),
        ("../outside", false),
        ("link/etc/passwd", false),
        ("dangling", false),
        ("new/../../outside", false),
        ("/etc/passwd", false),
    ] {
        given.file_names = vec![names.to_owned()];
        assert_eq!(admit(&policy, &[given.clone()]).is_ok(), allowed, "{names}");
    }
    assert!(admit(&policy, &[job("a")]).is_err(), "current folder");
}

#[test]
fn patterns_and_mapped_buffers_stay_in_the_allowed_folders() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
    let mut given = job("a");
    given.engine = "null".to_owned();
    admit(&policy, &[given.clone()]).unwrap();
    for (path, allowed) in [
        (folder.path().join("x"), true),
        ("/etc/passwd".into(), false),
    ] {
        let text = format!("\"x\"'{}'", path.display());
        let pattern = BufferPattern::parse(text.as_bytes()).unwrap();
        let mut patterned = given.clone();
        patterned.buffers.pattern = Some(pattern);
        assert_eq!(admit(&policy, &[patterned]).is_ok(), allowed, "{text}");
        let mut mapped = given.clone();
        mapped.memory.file = Some(path);
        assert_eq!(admit(&policy, &[mapped]).is_ok(), allowed, "{text}");
    }
}

#[test]
fn logs_stay_in_the_allowed_folders() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
    let mut given = job("a");
    given.engine = "null".to_owned();
    let inside = folder.path().join("log");
    for (path, allowed) in [(inside, true), ("/etc/passwd".into(), false)] {
        let changes: [fn(&mut JobSpec, PathBuf); 3] = [
            |job, path| job.replay.write_log = Some(path),
            |job, path| job.replay.read_logs = vec![path],
            |job, path| job.replay.redirect = Some(path),
        ];
        for change in changes {
            let mut job = given.clone();
            change(&mut job, path.clone());
            assert_eq!(admit(&policy, &[job]).is_ok(), allowed, "{path:?}");
        }
    }
    given.replay.read_logs = vec!["-".into()];
    let open = Policy::new(&ServerOptions::default()).unwrap();
    let refused = admit(&open, &[given]);
    assert!(
        matches!(refused, Err(Refusal::StandardInput { .. })),
        "{refused:?}"
    );
}

#[test]
fn alignment_and_huge_pages_count_as_memory() {
    let policy = policy(|options| options.limits.memory_per_run = 1 << 30);
    let mut aligned = job("aligned");
    aligned.memory.alignment = u32::MAX;
    let mut huge = job("huge");
    huge.memory.kind = MemoryKind::HugeMapping;
    admit(&policy, &[huge.clone()]).unwrap();
    huge.memory.huge_page_size = u32::MAX;
    for job in [aligned, huge] {
        let refused = admit(&policy, &[job]);
        assert!(
            matches!(refused, Err(Refusal::Memory { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn folders_are_listed_only_where_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    for name in ["a", "b"] {
        std::fs::write(inside.join(name), b"x").unwrap();
    }
    let policy = policy(|options| {
        options.allowed_paths = vec![inside.clone()];
        options.limits.files_per_run = 2;
    });
    let mut given = job("a");
    given.files.folder = Some(folder.path().to_owned());
    assert!(matches!(
        admit(&policy, &[given.clone()]),
        Err(Refusal::Path { .. })
    ));
    given.files.folder = Some(inside);
    admit(&policy, &[given.clone()]).unwrap();
    given.clones = 2;
    let too_many = Refusal::Files {
        wanted: 4,
        limit: 2,
    };
    assert_eq!(admit(&policy, &[given]).unwrap_err(), too_many);
}

#[test]
fn devices_in_use_are_not_written_for_peers() {
    let mut given = job("a");
    given.files.allow_mounted_write = true;
    let refusal = admit(&policy(|_| ()), &[given]).unwrap_err().to_string();
    assert!(refusal.contains("allow_mounted_write"), "{refusal}");
}

#[test]
fn every_file_a_job_opens_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
    let link = |name: &str| {
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join(name)).unwrap();
    };
    let mut given = job("a");
    given.directories = vec![folder.path().to_owned()];
    (given.clones, given.file_count) = (2, 3);
    admit(&policy, &[given.clone()]).unwrap();
    link("a.1.2");
    assert!(admit(&policy, &[given.clone()]).is_err());
    given.clones = 1;
    admit(&policy, &[given.clone()]).unwrap();
    for (format, allowed) in [
        ("$jobname.$filenum", true),
        ("../$jobname", false),
        ("/etc/$jobname", false),
    ] {
        given.file_name_format = Some(format.to_owned());
        assert_eq!(
            admit(&policy, &[given.clone()]).is_ok(),
            allowed,
            "{format}"
        );
    }
}

#[test]
fn real_time_io_can_be_refused() {
    let mut given = JobSpec::new("urgent");
    given.engine = "null".to_owned();
    given.priority.class = Some(IoPriority::BEST_EFFORT);
    let admit = |job: &JobSpec, allowed: bool| {
        let policy = policy(|options| {
            // Allowed unless the operator says otherwise, as by fio's own servers.
            if !allowed {
                options.limits.real_time_io = false;
            }
        });
        let never = AtomicBool::new(false);
        let jobs = std::slice::from_ref(job);
        policy.admit(jobs, Usage::default(), &never).map(drop)
    };
    assert_eq!(admit(&given, false), Ok(()));
    given.priority.reads.percentage = 10;
    let refused = admit(&given, false).unwrap_err().to_string();
    assert!(
        refused.contains("urgent") && refused.contains("cmdprio_class"),
        "{refused}"
    );
    assert_eq!(admit(&given, true), Ok(()));
}

#[test]
fn engines_without_files_are_not_held_to_folders() {
    let policy = policy(|options| options.allowed_paths = vec![std::env::temp_dir()]);
    let mut given = job("a");
    given.engine = "null".to_owned();
    admit(&policy, &[given]).unwrap();
}

#[test]
fn usage_adds_up_over_messages() {
    let policy = policy(|options| options.limits.jobs_per_run = 3);
    let mut two = job("a");
    two.clones = 2;
    let two = [two];
    let (_slots, usage) = admit(&policy, &two).unwrap();
    let again = policy.admit(&two, usage, &AtomicBool::new(false));
    assert!(matches!(again, Err(Refusal::JobsPerRun { wanted: 4, .. })));
}

/// A job with one option, what a server without restrictions of its own says of it, and of what the
/// refusal speaks.
struct Case(&'static str, &'static [&'static str], Option<&'static str>);

/// Options by which a job could take more of a machine than its share, stay when it is told to end,
/// or reach beyond its files.
#[rustfmt::skip] // one case, one line
const CASES: &[Case] = &[
    // Priority over others.
    Case("nice, lower", &["nice=10"], None),
    Case("nice, higher", &["nice=-1"], Some("nice")),
    Case("real-time I/O", &["prioclass=1"], None),
    Case("real-time I/Os, some", &["ioengine=libaio", "cmdprio_percentage=1"], None),
    Case("real-time I/Os, by size", &["ioengine=libaio", "cmdprio_bssplit=4k/10/1/0"], None),
    Case("best-effort I/Os", &["ioengine=libaio", "cmdprio_percentage=1", "cmdprio_class=2"], None),
    // Rights and settings of the machine.
    Case("user", &["uid=0"], Some("uid")),
    Case("group", &["gid=0"], Some("gid")),
    Case("scheduler of a device", &["ioscheduler=none"], Some("ioscheduler")),
    Case("control group", &["cgroup=a"], Some("cgroup")),
    Case("mounted devices", &["allow_mounted_write=1"], Some("allow_mounted_write")),
    // Its own thread only.
    Case("name of the thread", &["comm=kworker"], None),
    Case("clock", &["clocksource=gettimeofday", "gtod_cpu=0", "job_start_clock_id=1"], None),
    Case("NUMA", &["numa_cpu_nodes=0", "numa_mem_policy=bind:0"], None),
    // Memory.
    Case("locked memory, some", &["lockmem=1m"], None),
    Case("locked memory, much", &["lockmem=1t"], Some("bytes")),
    Case("locked memory, all clones", &["lockmem=100m", "numjobs=100"], Some("bytes")),
    Case("buffers", &["bs=1g", "iodepth=64"], Some("bytes")),
    Case("many small buffers", &["bs=1", "iodepth=65536", "numjobs=100"], Some("bytes")),
    Case("huge pages", &["mem=mmaphuge", "hugepage-size=3g", "numjobs=2"], Some("bytes")),
    Case("alignment", &["iomem_align=3g", "numjobs=2"], Some("bytes")),
    Case("random map", &["rw=randread", "size=1p", "bs=512"], Some("bytes")),
    Case("no random map", &["rw=randread", "size=1p", "bs=512", "norandommap"], None),
    Case("steady state", &["steadystate_duration=100", "steadystate_check_interval=1ms"], None),
    Case("steady states", &["steadystate_duration=100", "steadystate_check_interval=1ms", "numjobs=2000"], Some("bytes")),
    // Files.
    Case("files", &["nrfiles=1000000"], Some("files")),
    Case("files made only", &["nrfiles=1000000", "create_only=1"], Some("files")),
    Case("files made as I/O", &["ioengine=filecreate", "nrfiles=1000000"], Some("files")),
    Case("files of all clones", &["nrfiles=1000", "numjobs=1000"], Some("files")),
    // Time before the first I/O, in which nothing can be stopped.
    Case("a sum", &["rw=randread", "norandommap", "size=1t", "random_distribution=zipf:1.2"], None),
    Case("many sums", &["rw=randread", "norandommap", "size=1t", "random_distribution=zipf:1.2", "numjobs=1000"], Some("powers")),
    Case("no sums", &["rw=randread", "norandommap", "size=1t", "random_distribution=pareto:0.2", "numjobs=1000"], None),
    // Time without end: these jobs look at the stop flag all the time (see their tests in the engine).
    Case("CPU", &["ioengine=cpuio", "cpuload=100", "cpuchunks=4294967295"], None),
    Case("pauses", &["thinktime=1h", "thinktime_spin=1h"], None),
    Case("until the device is full", &["rw=write", "fill_device=1"], None),
    // Jobs.
    Case("clones", &["numjobs=3000"], Some("jobs")),
];

#[test]
fn burdens_are_bounded_or_refused() {
    for Case(what, options, refusal) in CASES {
        let words: Vec<String> = ["name=a", "ioengine=null", "size=1m"]
            .iter()
            .chain(*options)
            .map(|option| format!("--{option}"))
            .collect();
        let parsed = fio_engine::job::parse_words(&words, &ParseOptions::for_peer());
        let jobs = parsed
            .unwrap_or_else(|error| panic!("{what}: {error}"))
            .jobs;
        let admitted = admit(&policy(|_| ()), &jobs).map(drop);
        match (admitted, refusal) {
            (Ok(()), None) => {}
            (Err(refused), Some(named)) => {
                let text = refused.to_string();
                assert!(text.contains(named), "{what}: {text}");
            }
            (admitted, _) => panic!("{what}: {admitted:?}"),
        }
    }
}

/// Files that a job reaches besides those it is made for.
#[test]
fn options_with_paths_are_held_to_the_folders() {
    let folder = tempfile::tempdir().unwrap();
    let restricted = policy(|options| options.allowed_paths = vec![folder.path().to_owned()]);
    let inside = folder.path().join("x");
    let template = [
        "filename={}",
        "directory={}",
        "opendir={}",
        "read_iolog={}",
        "write_iolog={}",
        "mem=mmap:{}",
        "mem=mmaphuge:{}",
        "buffer_pattern='{}'",
        "filename_format={}",
    ];
    std::fs::write(&inside, "fio version 2 iolog\n").unwrap();
    for option in template {
        for (path, allowed) in [(inside.as_path(), true), (Path::new("/etc/passwd"), false)] {
            let option = option.replace("{}", &path.display().to_string());
            let words = ["--name=a", "--size=1m"].map(str::to_owned);
            let words: Vec<String> = words.into_iter().chain([format!("--{option}")]).collect();
            let parsed = fio_engine::job::parse_words(&words, &ParseOptions::for_peer());
            let mut jobs = parsed
                .unwrap_or_else(|error| panic!("{option}: {error}"))
                .jobs;
            let named = ["filename=", "directory=", "opendir=", "filename_format="];
            if !named.iter().any(|name| option.starts_with(name)) {
                jobs[0].directories = vec![folder.path().to_owned()];
            }
            let admitted = admit(&restricted, &jobs).map(drop);
            assert_eq!(admitted.is_ok(), allowed, "{option}: {admitted:?}");
        }
    }
}

/// The map of a job that names an existing file without a size is that of the file.
#[test]
fn maps_of_existing_files_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let mut given = job("a");
    given.pattern = Pattern::RANDOM_READ;
    given.block_sizes = PerDirection::splat(BlockSizes::Fixed(16));
    given.file_names = vec![path.display().to_string()];
    let refused = admit(&policy(|_| ()), &[given.clone()]);
    assert!(
        matches!(refused, Err(Refusal::Memory { .. })),
        "{refused:?}"
    );
    given.no_random_map = true;
    admit(&policy(|_| ()), &[given]).unwrap();
}
