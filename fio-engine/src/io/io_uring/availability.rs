//! Why the kernel gives no ring, in words.

use std::fs;
use std::io;

use crate::io::EngineError;
use crate::job::EngineOptions;

/// What the system says about `io_uring` outside of the call itself.
#[derive(Debug, Clone, Copy, Default)]
struct Settings {
    /// `/proc/sys/kernel/io_uring_disabled`, since Linux 6.6: 1 forbids it to processes without
    /// privilege that are not in `kernel.io_uring_group`, 2 to all.
    disabled: Option<u32>,
    /// System calls of this process pass a filter (seccomp), as in many containers.
    filtered: bool,
}

/// The error of a ring that could not be made.
#[cold]
pub(super) fn explain(depth: usize, options: &EngineOptions, source: io::Error) -> EngineError {
    EngineError::IoUring {
        what: format!("cannot set up a ring for {depth} I/Os"),
        advice: advice(&source, options, Settings::read()),
        source,
    }
}

impl Settings {
    fn read() -> Self {
        let disabled = fs::read_to_string("/proc/sys/kernel/io_uring_disabled")
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let filtered = status
            .lines()
            .find_map(|line| line.strip_prefix("Seccomp:"))
            .is_some_and(|mode| mode.trim() != "0");
        Self { disabled, filtered }
    }
}

fn advice(error: &io::Error, options: &EngineOptions, settings: Settings) -> &'static str {
    let cpu = options.io_uring.kernel_thread_cpu;
    match (error.raw_os_error(), settings.disabled) {
        (Some(libc::EPERM), Some(2)) => {
            "the sysctl kernel.io_uring_disabled is 2, which forbids io_uring to all; set it to 0, \
             or use ioengine=libaio"
        }
        (Some(libc::EPERM), Some(1)) => {
            "the sysctl kernel.io_uring_disabled is 1, which forbids io_uring to this user; set it \
             to 0, or join the group kernel.io_uring_group, or use ioengine=libaio"
        }
        (Some(libc::EPERM | libc::ENOSYS | libc::EACCES), _) if settings.filtered => {
            "a seccomp filter is on this process, probably the container's, and forbids \
             io_uring_setup; allow it in the container's profile, or use ioengine=libaio"
        }
        (Some(libc::ENOSYS), _) => {
            "this kernel has no io_uring (CONFIG_IO_URING, since Linux 5.1); use ioengine=libaio"
        }
        (Some(libc::EPERM | libc::EACCES), _) => {
            "a security policy of this system forbids io_uring; use ioengine=libaio"
        }
        (Some(libc::ENOMEM), _) => "raise the limit of locked memory (ulimit -l), or lower iodepth",
        (Some(libc::EMFILE | libc::ENFILE), _) => "raise the limit of open files (ulimit -n)",
        (Some(libc::EINVAL), _) if options.io_uring.kernel_thread && cpu.is_some() => {
            "sqthread_poll_cpu must be a CPU that is online and that this process may use"
        }
        (Some(libc::EINVAL), _) => "lower iodepth: the kernel's limit is 32768",
        _ => "use ioengine=libaio",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_advice() {
        let given = |errno, disabled, filtered| {
            let settings = Settings { disabled, filtered };
            advice(
                &io::Error::from_raw_os_error(errno),
                &EngineOptions::default(),
                settings,
            )
        };
        assert!(given(libc::EPERM, Some(2), true).contains("io_uring_disabled is 2"));
        assert!(given(libc::EPERM, Some(1), false).contains("io_uring_group"));
        assert!(given(libc::EPERM, Some(0), true).contains("seccomp"));
        assert!(given(libc::EPERM, None, false).contains("security policy"));
        assert!(given(libc::ENOSYS, None, true).contains("seccomp"));
        assert!(given(libc::ENOSYS, None, false).contains("CONFIG_IO_URING"));
        assert!(given(libc::ENOMEM, Some(0), false).contains("ulimit -l"));
        assert!(given(libc::EINVAL, Some(0), false).contains("32768"));
    }

    #[test]
    fn the_message_says_what_was_wanted_what_the_kernel_said_and_what_to_do() {
        let error = explain(
            8,
            &EngineOptions::default(),
            io::Error::from_raw_os_error(libc::EMFILE),
        );
        let text = error.to_string();
        assert!(
            text.contains("8 I/Os") && text.contains("ulimit -n"),
            "{text}"
        );
        assert_eq!(error.errno(), libc::EMFILE);
    }
}
