//! What a job does with its files beside naming and sizing them: how they are made, opened, shared
//! and left.

use std::path::PathBuf;

use crate::job::value_error::ValueError;

/// How a job makes, opens, shares and leaves its files. The defaults are fio's.
///
/// ```
/// use fio_engine::job::JobSpec;
///
/// let mut job = JobSpec::new("append");
/// job.files.append = true;
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOptions {
    /// What generated names begin with where that is not the job's name: the title of its section, where
    /// `name` in the section gives the job another.
    pub stem: Option<String>,
    /// Every file below this folder is used too, links not followed (`opendir`). A path that is no
    /// folder stands for itself, as in fio.
    pub folder: Option<PathBuf>,
    /// At most this many of the named files are used (`nrfiles` beside `filename` or `opendir`);
    /// `None` means all.
    pub most: Option<u32>,
    /// Names get the address of the client as a prefix where there is one and the job has a folder
    /// (`unique_filename`), so that clients do not meet in one file.
    pub unique_names: bool,
    /// The address of the client a server runs the job for, set by the server and by no option. It
    /// is also what `$clientuid` in [`JobSpec::file_name_format`](super::JobSpec::file_name_format) stands for.
    pub client: Option<String>,
    /// What names stand for is not found out but this (`filetype`).
    pub kind: Option<FileKind>,
    /// Without a size the job writes until the storage is full, and that is no error (`fill_device`).
    pub fill: bool,
    /// The job works behind the end of the files, whatever `offset` says (`file_append`).
    pub append: bool,
    /// Files are laid out one job at a time (`create_serialize`).
    pub create_in_turn: bool,
    /// Files are made durable after they were laid out (`create_fsync`).
    pub sync_after_creation: bool,
    /// Files are not laid out but made when the job opens them (`create_on_open`).
    pub create_on_open: bool,
    /// Files are laid out and nothing else is done (`create_only`).
    pub create_only: bool,
    /// Files that are missing are made, and such as are too small extended (`allow_file_create`).
    pub allow_creation: bool,
    /// At most so many files are open at the same time, at least 1 (`openfiles`); `None` means all.
    pub open_limit: Option<u32>,
    /// Whom an I/O excludes from its file, among the jobs of this process (`lockfile`).
    pub lock: LockMode,
    /// Files are removed and made anew between the passes of a job with `loops`
    /// (`unlink_each_loop`).
    pub unlink_each_loop: bool,
    /// Block devices in use are written to (`allow_mounted_write`).
    pub allow_mounted_write: bool,
    /// Files are read into the page cache before the job begins (`pre_read`); `invalidate` then
    /// does nothing.
    pub pre_read: bool,
    /// What the kernel is told of the order of accesses (`fadvise_hint`).
    pub access_hint: AccessHint,
    /// What the kernel is told of the life of written data (`write_hint`); `None` tells nothing.
    pub lifetime_hint: Option<LifetimeHint>,
    /// The file systems of the files are synchronised when the job ends (`end_syncfs`).
    pub end_sync_file_system: bool,
    /// When written ranges are handed to the storage (`sync_file_range`); `None` means never.
    pub range_sync: Option<RangeSync>,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            stem: None,
            folder: None,
            most: None,
            unique_names: true,
            client: None,
            kind: None,
            fill: false,
            append: false,
            create_in_turn: true,
            sync_after_creation: true,
            create_on_open: false,
            create_only: false,
            allow_creation: true,
            open_limit: None,
            lock: LockMode::None,
            unlink_each_loop: false,
            allow_mounted_write: false,
            pre_read: false,
            access_hint: AccessHint::Workload,
            lifetime_hint: None,
            end_sync_file_system: false,
            range_sync: None,
        }
    }
}

impl FileOptions {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let fault = |problem: &str| Err(ValueError::Conflict(problem.to_owned()));
        if self.most == Some(0) {
            return fault("the number of files (nrfiles) must be at least 1");
        }
        if self
            .folder
            .as_ref()
            .is_some_and(|path| path.as_os_str().is_empty())
        {
            return fault("the folder of the files (opendir) needs a name");
        }
        if self.open_limit == Some(0) {
            return fault("the number of open files (openfiles) must be at least 1");
        }
        match self.range_sync {
            Some(sync) if sync.every == 0 => fault("sync_file_range must be at least 1"),
            Some(sync) if !(sync.wait_before || sync.write || sync.wait_after) => {
                fault("sync_file_range needs one of wait_before, write, wait_after")
            }
            _ => Ok(()),
        }
    }
}

/// What file names stand for: `filetype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Regular files.
    Regular,
    /// Block devices.
    BlockDevice,
    /// Character devices.
    CharacterDevice,
}

/// What the kernel is told of the order of accesses: `fadvise_hint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessHint {
    /// Nothing (`0`).
    None,
    /// Sequential or random, as the job is (`1`).
    Workload,
    /// `POSIX_FADV_RANDOM`.
    Random,
    /// `POSIX_FADV_SEQUENTIAL`.
    Sequential,
    /// `POSIX_FADV_NOREUSE`.
    NoReuse,
}

/// Whom an I/O excludes from its file: `lockfile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockMode {
    /// Nobody (`none`).
    #[default]
    None,
    /// All other jobs (`exclusive`).
    Exclusive,
    /// A read excludes jobs that write, others all (`readwrite`).
    ReadWrite,
}

/// How long written data is expected to live: `write_hint`, `F_SET_RW_HINT` of `fcntl(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifetimeHint {
    /// No particular life time (`none`).
    None,
    /// Short.
    Short,
    /// Medium.
    Medium,
    /// Long.
    Long,
    /// Very long.
    Extreme,
}

/// When and how ranges of files are handed to the storage: `sync_file_range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeSync {
    /// After this many writes, at least 1.
    pub every: u32,
    /// Waits for what is being written already (`wait_before`).
    pub wait_before: bool,
    /// Begins to write what is not (`write`).
    pub write: bool,
    /// Waits until that is written (`wait_after`).
    pub wait_after: bool,
}
