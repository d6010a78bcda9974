//! The clocks of the system by number, as options of jobs name them.

use std::io;
use std::mem::MaybeUninit;

/// The time of a clock in milliseconds since its epoch.
///
/// # Errors
/// If the system has no clock of this number.
pub(crate) fn clock_milliseconds(clock: u32) -> io::Result<u64> {
    let clock =
        libc::clockid_t::try_from(clock).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is valid for the call, which does not keep it.
    let result = unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, so it has filled the structure.
    let time = unsafe { time.assume_init() };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    Ok(seconds.saturating_mul(1000) + nanoseconds / 1_000_000)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::clock::unix_milliseconds;

    #[test]
    fn clock_0_is_the_time_of_day() {
        let expected = unix_milliseconds(SystemTime::now());
        let found = clock_milliseconds(0).unwrap();
        assert!(found.abs_diff(expected) < 10_000, "{found} {expected}");
    }

    #[test]
    fn a_clock_that_does_not_exist_is_an_error() {
        assert!(clock_milliseconds(1000).is_err());
        assert!(clock_milliseconds(u32::MAX).is_err());
    }
}
