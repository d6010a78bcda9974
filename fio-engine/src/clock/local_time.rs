//! Dates as `ctime(3)` writes them, in the local time zone: `Sun Nov 22 11:02:03 2026`.

use std::fmt;
use std::mem::MaybeUninit;
use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Displays a point in time in the local time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTime(pub(crate) SystemTime);

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(time) = broken_down(unix_seconds(self.0)) else {
            return f.write_str("(time out of range)");
        };
        let name = |names: &[&'static str], index: libc::c_int| {
            usize::try_from(index)
                .ok()
                .and_then(|index| names.get(index).copied())
                .unwrap_or("?")
        };
        write!(
            f,
            "{} {} {:2} {:02}:{:02}:{:02} {}",
            name(&DAYS, time.tm_wday),
            name(&MONTHS, time.tm_mon),
            time.tm_mday,
            time.tm_hour,
            time.tm_min,
            time.tm_sec,
            i64::from(time.tm_year) + 1900
        )
    }
}

/// Milliseconds since 1970; 0 before that.
pub(crate) fn unix_milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn unix_seconds(time: SystemTime) -> u64 {
    unix_milliseconds(time) / 1000
}

/// The calendar fields of a time in the local zone; `None` if the year does not fit.
fn broken_down(seconds: u64) -> Option<libc::tm> {
    let seconds = libc::time_t::try_from(seconds).ok()?;
    let mut fields = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are valid for the call, and `localtime_r` keeps neither.
    let result = unsafe { libc::localtime_r(&raw const seconds, fields.as_mut_ptr()) };
    if result.is_null() {
        return None;
    }
    // SAFETY: `localtime_r` returned its second argument, so it has filled every field.
    Some(unsafe { fields.assume_init() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_look_like_those_of_ctime() {
        // Noon in Greenwich is the same day in nearly every zone, at some full quarter of an hour.
        let text = LocalTime(UNIX_EPOCH + Duration::from_secs(1_795_345_323)).to_string();
        assert!(
            text.starts_with("Sun Nov 22 ") || text.starts_with("Mon Nov 23 "),
            "{text}"
        );
        assert!(text.ends_with(":03 2026"), "{text}");
        assert_eq!(text.len(), 24);
    }

    #[test]
    fn times_before_1970_count_as_1970() {
        assert_eq!(unix_milliseconds(UNIX_EPOCH - Duration::from_secs(5)), 0);
    }
}
