//! Recording and replaying I/O.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::options::nearest::nearest;
use crate::job::shown::shown;
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn write_io_log(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.write_log = Some(path(value));
    Ok(())
}

pub(in crate::job::options) fn read_io_log(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let paths = value.paths();
    if paths.is_empty() {
        return Err(value.wrong("a file name is missing"));
    }
    draft.spec.replay.read_logs = paths;
    Ok(())
}

pub(in crate::job::options) fn read_io_log_chunked(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.chunked = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn merge_file(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.merge.file = Some(path(value));
    Ok(())
}

pub(in crate::job::options) fn merge_scalars(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.merge.time_percents = numbers(value)?;
    Ok(())
}

pub(in crate::job::options) fn merge_iterations(draft: &mut Draft, value: Value<'_>) -> Outcome {
    // As in fio, what is behind the point does not count.
    let numbers = numbers(value)?.into_iter().map(|number| number as u32);
    draft.spec.replay.merge.iterations = numbers.collect();
    Ok(())
}

/// Numbers of 0 or more between colons.
fn numbers(value: Value<'_>) -> Result<Vec<f64>, ValueError> {
    let number = |text: &[u8]| {
        let text = std::str::from_utf8(text).ok()?.trim();
        text.parse()
            .ok()
            .filter(|number: &f64| number.is_finite() && *number >= 0.0)
    };
    let all = value.text.split(|byte| *byte == b':').map(number);
    all.collect::<Option<_>>()
        .ok_or_else(|| value.wrong("numbers of 0 or more stand between colons"))
}

pub(in crate::job::options) fn replay_no_stall(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.no_stall = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn replay_redirect(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.redirect = Some(path(value));
    Ok(())
}

pub(in crate::job::options) fn replay_scale(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.scale = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn replay_align(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let align = value.u32()?;
    if !align.is_power_of_two() {
        return Err(value.wrong("an alignment is a power of two"));
    }
    draft.spec.replay.align = align;
    Ok(())
}

pub(in crate::job::options) fn replay_time_scale(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.replay.time_scale = value.u32()?;
    Ok(())
}

/// A list of words; each must be known, where fio 3.33 looks at the first only.
pub(in crate::job::options) fn replay_skip(draft: &mut Draft, value: Value<'_>) -> Outcome {
    const WORDS: &[&str] = &["read", "write", "trim", "sync"];
    for word in value.text.split(|byte| *byte == b',') {
        let skip = &mut draft.spec.replay.skip;
        match word.trim_ascii() {
            b"read" => skip.read = true,
            b"write" => skip.write = true,
            b"trim" => skip.trim = true,
            b"sync" | b"datasync" => skip.sync = true,
            other => {
                return Err(ValueError::NotOneOf {
                    value: shown(other),
                    accepted: WORDS,
                    nearest: nearest(other, WORDS.iter().copied()),
                });
            }
        }
    }
    Ok(())
}

fn path(value: Value<'_>) -> PathBuf {
    OsStr::from_bytes(value.text).into()
}
