//! Files in temporary directories.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::*;
use crate::PerDirection;
use crate::io::FileUse;
use crate::job::{
    AccessHint, BlockSizes, Fallocate, FileKind, JobSpec, LifetimeHint, Pattern, SizeOrPercent,
};
use crate::workload::{FileRegion, RandomRule};

fn job_in(folder: &Path, size: Option<u64>) -> JobSpec {
    let mut spec = JobSpec::new("j");
    spec.directories = vec![folder.to_path_buf()];
    spec.size = size.map(SizeOrPercent::Bytes);
    spec
}

fn plan(spec: &JobSpec) -> Result<FileSet, FileError> {
    FileSet::plan(
        spec,
        0,
        1,
        RandomRule::Newest,
        true,
        &AtomicBool::new(false),
    )
}

fn prepare(spec: &JobSpec) -> Result<(FileSet, Vec<String>), FileError> {
    let mut set = plan(spec)?;
    let mut lines = Vec::new();
    let mut report = |line: &str| lines.push(line.to_owned());
    set.prepare(spec, &AtomicBool::new(false), &mut report)?;
    Ok((set, lines))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).expect("the file exists").len()
}

#[test]
fn a_stop_ends_the_making_of_files_that_get_no_data() {
    let folder = folder();
    let mut spec = job_in(folder.path(), Some(3 << 20));
    spec.pattern = Pattern::WRITE;
    spec.file_count = 3;
    let mut set = plan(&spec).expect("a plan");
    let result = set.prepare(&spec, &AtomicBool::new(true), &mut |_| {});
    assert!(
        matches!(result, Err(FileError::Cancelled { .. })),
        "{result:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_stop_ends_the_planning_of_many_files() {
    let mut spec = job_in(Path::new("/nowhere"), Some(1 << 40));
    spec.file_count = crate::job::MAX_FILES;
    let began = std::time::Instant::now();
    let stop = AtomicBool::new(true);
    let result = FileSet::plan(&spec, 0, 1, RandomRule::Newest, true, &stop);
    assert!(
        matches!(result, Err(FileError::Cancelled { .. })),
        "{result:?}"
    );
    assert!(began.elapsed().as_millis() < 100);
}

#[test]
fn space_is_reserved_piece_by_piece() {
    let folder = folder();
    for how in [Fallocate::Native, Fallocate::KeepSize] {
        let mut spec = job_in(folder.path(), Some((2 << 30) + 4096));
        spec.pattern = Pattern::WRITE;
        spec.fallocate = how;
        spec.name = format!("{how:?}");
        let (set, _) = match prepare(&spec) {
            // A small disk says so; what was reserved is given back.
            Err(FileError::System { source, .. })
                if source.kind() == std::io::ErrorKind::StorageFull =>
            {
                continue;
            }
            prepared => prepared.expect("space is reserved or not needed"),
        };
        let expected = if how == Fallocate::Native {
            (2 << 30) + 4096
        } else {
            0
        };
        let found = length(&set.files()[0].path);
        assert!(found == expected || found == 0, "{how:?}: {found}");
        set.remove().expect("files that can be removed");
    }
}

#[test]
fn reads_get_files_full_of_data() {
    let folder = folder();
    let mut spec = job_in(folder.path(), Some(3 << 20));
    spec.file_count = 3;
    let (set, lines) = prepare(&spec).expect("space for three mebibytes");
    assert_eq!(lines, ["j: Laying out IO files (3 files / total 3MiB)"]);
    for file in set.files() {
        let contents = fs::read(&file.path).expect("the file exists");
        assert_eq!(contents.len(), 1 << 20);
        assert!(
            contents
                .chunks(4096)
                .all(|block| block.iter().any(|&byte| byte != 0))
        );
    }
    let (_, lines) = prepare(&spec).expect("files that exist");
    assert!(lines.is_empty(), "{lines:?}");
    set.remove().expect("files that can be removed");
    assert!(!set.files()[0].path.exists());
    set.remove().expect("files that are gone");
}

#[test]
fn writes_get_space_as_fallocate_says() {
    for (how, expected) in [
        (Fallocate::None, 0),
        (Fallocate::Native, 17_408),
        (Fallocate::Posix, 17_408),
        (Fallocate::KeepSize, 0),
        (Fallocate::Truncate, 17_408),
    ] {
        let folder = folder();
        let mut spec = job_in(folder.path(), Some(17_408));
        spec.pattern = Pattern::WRITE;
        spec.fallocate = how;
        let (set, lines) = prepare(&spec).expect("space for a small file");
        assert_eq!(lines, ["j: Laying out IO file (1 file / 0MiB)"]);
        assert_eq!(length(&set.files()[0].path), expected, "{how:?}");
    }
}

#[test]
fn small_files_are_extended_and_keep_their_data() {
    let folder = folder();
    let path = folder.path().join("j.0.0");
    fs::write(&path, b"precious").expect("a writable directory");
    let (set, _) = prepare(&job_in(folder.path(), Some(8192))).expect("a file that can grow");
    assert_eq!(set.files()[0].target, Target::Regular(8));
    let contents = fs::read(&path).expect("the file exists");
    assert_eq!((contents.len(), &contents[..8]), (8192, &b"precious"[..]));
}

#[test]
fn regions_follow_size_offset_and_file_size() {
    let folder = folder();
    let path = folder.path();
    let region = |spec: &JobSpec| {
        let set = plan(spec).expect("a plan");
        let FileRegion { start, length, .. } = set.regions()[0];
        (start, length, set.files()[0].size)
    };
    let mut spec = job_in(path, Some(16_384));
    spec.offset = SizeOrPercent::Bytes(8192);
    assert_eq!(region(&spec), (8192, 16_384, 24_576));
    spec.file_size = Some((32_768, 32_768));
    assert_eq!(region(&spec), (8192, 24_576, 32_768));
    spec.offset = SizeOrPercent::Percent(20);
    assert_eq!(region(&spec), (8192, 24_576, 32_768));
    fs::write(path.join("j.0.0"), vec![1; 65_536]).expect("a writable directory");
    let mut spec = job_in(path, None);
    assert_eq!(region(&spec), (0, 65_536, 65_536));
    spec.offset = SizeOrPercent::Bytes(4096);
    assert_eq!(region(&spec), (4096, 61_440, 65_536));
    spec.size = Some(SizeOrPercent::Percent(25));
    assert_eq!(region(&spec), (4096, 16_384, 20_480));
    spec.size = Some(SizeOrPercent::Bytes(0));
    assert_eq!(region(&spec), (4096, 61_440, 65_536));
}

#[test]
fn file_size_ranges_are_drawn_as_fio_draws_them() {
    let mut spec = JobSpec::new("j");
    spec.file_size = Some((4096, 65_536));
    spec.file_count = 6;
    let sizes = |spec: &JobSpec| -> Vec<u64> {
        let set = FileSet::plan(
            spec,
            0,
            1,
            RandomRule::Newest,
            false,
            &AtomicBool::new(false),
        )
        .expect("a plan");
        set.files().iter().map(|file| file.size).collect()
    };
    assert_eq!(
        sizes(&spec),
        [12_288, 20_480, 20_480, 57_344, 49_152, 32_768]
    );
    spec.block_sizes = PerDirection::splat(BlockSizes::Fixed(512));
    assert_eq!(
        sizes(&spec),
        [12_800, 23_040, 22_016, 58_880, 51_200, 35_328]
    );
}

#[test]
fn impossible_files_are_refused_by_name() {
    let folder = folder();
    let path = folder.path();
    let refusal = |spec: &JobSpec| prepare(spec).expect_err("an impossible file").to_string();

    let text = refusal(&job_in(&path.join("nowhere"), Some(4096)));
    assert!(
        text.contains("nowhere\" does not exist; create it"),
        "{text}"
    );
    let text = refusal(&job_in(path, None));
    assert!(
        text.contains("j.0.0\" does not exist or is empty"),
        "{text}"
    );
    let mut spec = job_in(path, Some(4096));
    spec.file_names = vec![".".into()];
    assert!(refusal(&spec).contains("is a directory, not a file"));
    fs::write(path.join("empty"), b"").expect("a writable directory");
    let mut spec = job_in(path, None);
    spec.file_names = vec!["empty".into()];
    assert!(refusal(&spec).contains("empty, and the job gives no size"));
    spec.file_size = Some((4096, 4096));
    spec.offset = SizeOrPercent::Bytes(4096);
    assert!(refusal(&spec).contains("the offset of 4096 bytes leaves nothing of its 4096 bytes"));
}

#[test]
fn a_file_cannot_be_a_folder_of_another() {
    let folder = folder();
    fs::write(folder.path().join("file"), b"x").expect("a writable directory");
    let error = prepare(&job_in(&folder.path().join("file"), Some(4096))).expect_err("no folder");
    assert_eq!(error.error_number(), libc::ENOTDIR);
    assert!(error.to_string().contains("Not a directory"), "{error}");
}

#[test]
fn cancelling_removes_what_was_begun() {
    let folder = folder();
    let spec = job_in(folder.path(), Some(4096));
    let mut set = plan(&spec).expect("a plan");
    let error = set
        .prepare(&spec, &AtomicBool::new(true), &mut |_| {})
        .expect_err("cancelled before the first byte");
    assert!(
        error
            .to_string()
            .ends_with("the incomplete file was removed again"),
        "{error}"
    );
    assert!(!set.files()[0].path.exists());
}

#[test]
fn too_large_files_are_taken_back() {
    let folder = folder();
    let path = folder.path().join("j.0.0");
    for existing in [false, true] {
        if existing {
            fs::write(&path, b"precious").expect("a writable directory");
        }
        // More than any file system here can hold: refused with EFBIG or ENOSPC.
        let mut spec = job_in(folder.path(), Some(1 << 62));
        spec.fallocate = Fallocate::Truncate;
        let error = prepare(&spec).expect_err("four exbibytes");
        let text = error.to_string();
        if existing {
            assert!(text.contains("cut back to its former size"), "{text}");
            assert_eq!(fs::read(&path).expect("the file is left"), b"precious");
        } else {
            assert!(
                text.contains("the incomplete file was removed again"),
                "{text}"
            );
            assert!(!path.exists());
        }
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    let error = FileError::System {
        action: "write",
        path: "j.0.0".into(),
        source: std::io::Error::from_raw_os_error(libc::ENOSPC),
        cleanup: Cleanup::Removed,
    };
    assert_eq!(error.error_number(), libc::ENOSPC);
    assert_eq!(
        error.to_string(),
        "cannot write \"j.0.0\": No space left on device (os error 28); the incomplete file was \
         removed again; free space there or lower size"
    );
}

#[test]
fn handles_are_opened_as_the_job_needs_them() {
    use std::os::unix::fs::FileExt;

    let folder = folder();
    let mut spec = job_in(folder.path(), Some(8192));
    let (set, _) = prepare(&spec).expect("space for a small file");
    let reads = set.open(&spec, FileUse::Open).expect("an existing file");
    assert!(reads[0].write_at(b"x", 0).is_err());
    spec.pattern = Pattern::WRITE;
    let writes = set.open(&spec, FileUse::Open).expect("an existing file");
    assert!(writes[0].read_at(&mut [0], 0).is_err());
    spec.pattern = Pattern::READ_WRITE;
    let both = set.open(&spec, FileUse::Open).expect("an existing file");
    both[0].write_all_at(b"x", 8191).expect("a writable file");
    both[0]
        .read_exact_at(&mut [0], 8191)
        .expect("a readable file");
}

#[test]
fn engines_without_files_touch_none() {
    let spec = job_in(Path::new("nowhere"), Some(8192));
    let mut set = FileSet::plan(
        &spec,
        0,
        1,
        RandomRule::Newest,
        false,
        &AtomicBool::new(false),
    )
    .expect("a plan");
    let regions = set.regions();
    assert_eq!(
        (regions[0].start, regions[0].length, regions.len()),
        (0, 8192, 1)
    );
    set.prepare(&spec, &AtomicBool::new(false), &mut |_| {
        panic!("nothing to lay out")
    })
    .expect("nothing to do");
    assert!(
        set.open(&spec, FileUse::Open)
            .expect("nothing to open")
            .is_empty()
    );
}

#[test]
fn where_direct_io_is_refused_the_error_says_so() {
    // procfs files cannot be opened with O_DIRECT.
    let mut spec = JobSpec::new("j");
    spec.file_names = vec!["/proc/self/status".into()];
    spec.size = Some(SizeOrPercent::Bytes(512));
    spec.direct = true;
    let set = plan(&spec).expect("a plan");
    let error = set
        .open(&spec, FileUse::Open)
        .expect_err("no O_DIRECT on procfs");
    assert!(matches!(error, FileError::DirectRefused { .. }), "{error}");
}

#[test]
fn files_can_be_made_when_they_are_opened() {
    let folder = folder();
    let mut spec = job_in(folder.path(), Some(8192));
    spec.pattern = Pattern::WRITE;
    spec.files.create_on_open = true;
    spec.file_name_format = Some("deep/$filenum".to_owned());
    let (set, lines) = prepare(&spec).expect("nothing to lay out");
    assert_eq!(lines, Vec::<String>::new());
    assert!(!set.files()[0].path.exists());
    assert_eq!(
        set.open(&spec, FileUse::Open)
            .expect("a file that can be made")
            .len(),
        1
    );
    assert_eq!(length(&set.files()[0].path), 0);
}

#[test]
fn files_are_made_only_where_that_is_allowed() {
    let folder = folder();
    for on_open in [false, true] {
        let mut spec = job_in(folder.path(), Some(8192));
        spec.files.allow_creation = false;
        spec.files.create_on_open = on_open;
        let error = prepare(&spec)
            .and_then(|(set, _)| set.open(&spec, FileUse::Open))
            .expect_err("a file that may not be made");
        assert_eq!(error.error_number(), libc::ENOENT);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    fs::write(folder.path().join("j.0.0"), b"x").expect("a writable directory");
    let mut spec = job_in(folder.path(), Some(8192));
    spec.files.allow_creation = false;
    // As with fio, files do not grow then, either.
    prepare(&spec).expect_err("a file that is too small");
    assert_eq!(length(&folder.path().join("j.0.0")), 1);
    fs::write(folder.path().join("j.0.0"), [0; 8192]).expect("a writable directory");
    prepare(&spec).expect("a file that is large enough");
}

#[test]
fn appending_jobs_begin_where_the_file_ends() {
    let folder = folder();
    let mut spec = job_in(folder.path(), Some(16_384));
    spec.pattern = Pattern::WRITE;
    spec.files.append = true;
    spec.offset = SizeOrPercent::Bytes(4096);
    for begin in [0, 16_384] {
        let (set, _) = prepare(&spec).expect("a file that can grow");
        let FileRegion { start, length, .. } = set.regions()[0];
        assert_eq!((start, length), (begin, 16_384));
        assert_eq!(self::length(&set.files()[0].path), begin + 16_384);
    }
}

#[test]
fn jobs_that_fill_the_storage_need_no_size() {
    let folder = folder();
    let mut spec = job_in(folder.path(), None);
    spec.pattern = Pattern::WRITE;
    spec.files.fill = true;
    spec.file_count = 2;
    let (set, _) = prepare(&spec).expect("files without data");
    assert!(set.regions().iter().all(|region| region.length == 1 << 61));
    assert_eq!(length(&set.files()[1].path), 0);
    spec.size = Some(SizeOrPercent::Bytes(8192));
    assert_eq!(plan(&spec).expect("a plan").regions()[0].length, 4096);
}

#[test]
fn what_names_stand_for_can_be_told() {
    let mut spec = JobSpec::new("j");
    spec.file_names = vec!["/dev/null".into()];
    spec.size = Some(SizeOrPercent::Bytes(4096));
    let target = |spec: &JobSpec| plan(spec).map(|set| set.files()[0].target);
    assert!(matches!(target(&spec), Ok(Target::CharacterDevice)));
    spec.files.kind = Some(FileKind::Regular);
    assert!(matches!(target(&spec), Ok(Target::Regular(0))));
    spec.file_names = vec!["missing".into()];
    assert!(matches!(target(&spec), Ok(Target::Missing)));
    spec.files.kind = Some(FileKind::CharacterDevice);
    assert!(target(&spec).is_err());
}

#[test]
fn the_kernel_is_told_of_the_accesses_to_come() {
    let folder = folder();
    for access_hint in [
        AccessHint::None,
        AccessHint::Workload,
        AccessHint::Random,
        AccessHint::NoReuse,
    ] {
        let mut spec = job_in(folder.path(), Some(8192));
        spec.files.access_hint = access_hint;
        spec.files.lifetime_hint = Some(LifetimeHint::Short);
        spec.files.pre_read = true;
        let (set, _) = prepare(&spec).expect("space for a small file");
        set.pre_read(&AtomicBool::new(false)).expect("a file");
        assert_eq!(
            set.open(&spec, FileUse::Open)
                .expect("hints that are taken")
                .len(),
            1
        );
    }
}

/// What fio 3.33 begins at with `size=1000000 offset=5% offset_increment=10%`.
#[test]
fn clones_begin_at_increments() {
    let begin = |clone, alignment, increment| {
        let mut spec = JobSpec::new("clones");
        spec.size = Some(SizeOrPercent::Bytes(1_000_000));
        spec.offset = SizeOrPercent::Percent(5);
        spec.order.offset_increment = increment;
        spec.order.begin_alignment = alignment;
        let (rule, cancel) = (RandomRule::Newest, AtomicBool::new(false));
        let set = FileSet::plan(&spec, clone, 1, rule, false, &cancel).expect("a plan");
        set.regions()[0].start
    };
    let increment = SizeOrPercent::Percent(10);
    assert_eq!(
        [0, 1, 2].map(|clone| begin(clone, 0, increment)),
        [53_248, 151_552, 253_952]
    );
    assert_eq!(
        [0, 1, 2].map(|clone| begin(clone, 65_536, increment)),
        [65_536, 196_608, 262_144]
    );
    let increment = SizeOrPercent::Bytes(5000);
    assert_eq!(
        [1, 2].map(|clone| begin(clone, 0, increment)),
        [57_344, 61_440]
    );
}
