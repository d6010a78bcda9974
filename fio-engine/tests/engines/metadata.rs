//! Interrupted and failing calls of engines that change files and move no data.

use std::ffi::CStr;
use std::fs;
use std::path::PathBuf;

use fio_engine::report::JobReport;

use super::faults::IOS;
use super::injection::{Answer, Call, supervised};
use super::{folder, only};

/// Engines that change files and move no data, with the calls in which they do it.
const CHANGERS: [(&str, &str, &[libc::c_long]); 5] = [
    ("falloc", "--rw=write", &[libc::SYS_fallocate]),
    ("ftruncate", "--rw=write", &[libc::SYS_ftruncate]),
    ("filecreate", "--rw=read", OPENING),
    ("filestat", "--rw=read --stat_type=lstat", LOOKING),
    ("filedelete", "--rw=read", REMOVING),
];

const OPENING: &[libc::c_long] = &[
    libc::SYS_openat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
];

const LOOKING: &[libc::c_long] = &[
    libc::SYS_newfstatat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
];

const REMOVING: &[libc::c_long] = &[
    libc::SYS_unlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
];

/// The path a call is about.
fn path_of(call: &Call) -> PathBuf {
    match call.number {
        libc::SYS_fallocate | libc::SYS_ftruncate => {
            let link = format!("/proc/self/fd/{}", call.arguments[0]);
            return fs::read_link(link).unwrap_or_default();
        }
        _ => {}
    }
    let place = match call.number {
        libc::SYS_openat | libc::SYS_newfstatat | libc::SYS_unlinkat => 1,
        _ => 0,
    };
    let path = std::ptr::with_exposed_provenance(call.arguments[place] as usize);
    // SAFETY: the argument is the path of a call of this process that waits meanwhile.
    let path = unsafe { CStr::from_ptr(path) };
    PathBuf::from(path.to_string_lossy().into_owned())
}

fn run_changer(
    engine: &str,
    options: &str,
    calls: &[libc::c_long],
    mut answer: impl FnMut() -> Answer,
) -> JobReport {
    let folder = folder();
    let path = folder.path().canonicalize().expect("a folder");
    let is_of_job = |call: &Call| path_of(call).parent() == Some(path.as_path());
    let answer = |call: &Call| {
        if is_of_job(call) {
            answer()
        } else {
            Answer::Pass
        }
    };
    let words = format!(
        "--ioengine={engine} {options} --bs=4k --filesize=4k --nrfiles={IOS} --fallocate=none \
         --size={}",
        IOS * 4096
    );
    supervised(calls, answer, || only(&path, &words))
}

#[test]
fn engines_that_move_no_data_go_on_after_signals() {
    for (engine, options, calls) in CHANGERS {
        let mut again = false;
        let mut interrupted = 0;
        let answer = || {
            again = !again;
            if again {
                interrupted += 1;
                Answer::Fail(libc::EINTR)
            } else {
                Answer::Pass
            }
        };
        let job = run_changer(engine, options, calls, answer);
        assert_eq!((job.error, job.error_message.as_str()), (0, ""), "{engine}");
        assert_eq!(job.total_ios(), IOS as u64, "{engine}");
        assert!(interrupted >= IOS, "{engine}: {interrupted}");
    }
}

#[test]
fn errors_of_engines_that_move_no_data_are_told() {
    for (engine, options, calls) in CHANGERS {
        for errno in [libc::EIO, libc::ENOSPC] {
            // Laying files out may make these calls as well: the last of them fails.
            let mut all = 0;
            run_changer(engine, options, calls, || {
                all += 1;
                Answer::Pass
            });
            assert!(all >= IOS, "{engine}: {all}");
            let mut count = 0;
            let job = run_changer(engine, options, calls, || {
                count += 1;
                match count == all {
                    true => Answer::Fail(errno),
                    false => Answer::Pass,
                }
            });
            let what = format!("{engine}: {}", job.error_message);
            assert_eq!((job.error, job.has_failed()), (errno, true), "{what}");
            let moved = job.directions.0.iter().map(|one| one.bytes).sum::<u64>();
            assert_eq!(moved, (IOS as u64 - 1) * 4096, "{what}");
            assert!(job.error_message.contains("offset 0 of /"), "{what}");
            assert!(job.error_message.contains("job.0.15:"), "{what}");
        }
    }
}
