//! What is refused and what is admitted.

use fio_engine::PerDirection;
use fio_engine::job::{BlockSizes, BufferPattern, MemoryKind, Pattern};

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
fn real_time_io_is_for_servers_that_allow_it() {
    let mut given = JobSpec::new("urgent");
    given.engine = "null".to_owned();
    given.priority.class = Some(IoPriority::BEST_EFFORT);
    let admit = |job: &JobSpec, allowed| {
        let policy = policy(|options| options.limits.real_time_io = allowed);
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
