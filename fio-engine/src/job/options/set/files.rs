//! Files: names, folders, sizes, how they are opened, laid out and synchronised.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::shown::shown;
use crate::job::spec::{Fallocate, SyncMode};
use crate::job::units::{parse_size, parse_size_or_percent, parse_size_range};
use crate::job::value_error::ValueError;

/// As in fio, names add to those before them, also to those of the defaults.
pub(in crate::job::options) fn file_names(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let names: Result<Vec<_>, _> = value
        .paths()
        .into_iter()
        .map(|path| path.into_os_string().into_string())
        .collect();
    let names = names.map_err(|_| value.wrong("a file name must be UTF-8"))?;
    if names.is_empty() {
        return Err(value.wrong("no file is named"));
    }
    draft.name_files(names);
    Ok(())
}

pub(in crate::job::options) fn directories(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.directories = value.paths();
    if draft.spec.directories.is_empty() {
        return Err(value.wrong("no folder is named"));
    }
    Ok(())
}

pub(in crate::job::options) fn file_name_format(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let format = std::str::from_utf8(value.text);
    let format = format.map_err(|_| value.wrong("a file name must be UTF-8"))?;
    draft.spec.file_name_format = Some(format.to_owned());
    Ok(())
}

pub(in crate::job::options) fn file_count(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.file_count = at_least_one(value)?;
    draft.file_count_given = true;
    draft.named_files_used = draft.spec.file_count as usize;
    Ok(())
}

/// fio accepts 0 for these counts and then does nothing at all; that is never meant.
pub(super) fn at_least_one(value: Value<'_>) -> Result<u32, ValueError> {
    match value.u32()? {
        0 => Err(value.wrong("it must be at least 1")),
        number => Ok(number),
    }
}

pub(in crate::job::options) fn size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.job_size = value.zones();
    if draft.zones.job_size.is_none() {
        draft.spec.size = value.size()?;
    }
    Ok(())
}

pub(in crate::job::options) fn io_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.io_size = value.zones();
    if draft.zones.io_size.is_none() {
        draft.spec.io_size = value.size()?;
    }
    Ok(())
}

pub(in crate::job::options) fn offset(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.offset = value.zones();
    if draft.zones.offset.is_none() {
        draft.spec.offset = parse_size_or_percent(value.text, value.kb_base)?;
    }
    Ok(())
}

pub(in crate::job::options) fn file_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let range = match parse_size_range(value.text, value.kb_base) {
        Ok(range) => range,
        Err(_) => {
            let size = parse_size(value.text, value.kb_base)?;
            (size, size)
        }
    };
    if range.0 == 0 {
        return Err(ValueError::OutOfRange {
            value: shown(value.text),
            minimum: 1,
            maximum: u64::MAX,
        });
    }
    draft.spec.file_size = Some(range);
    Ok(())
}

pub(in crate::job::options) fn fallocate(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.fallocate = match value.word()? {
        "native" => Fallocate::Native,
        "posix" | "1" => Fallocate::Posix,
        "keep" => Fallocate::KeepSize,
        "truncate" => Fallocate::Truncate,
        _ => Fallocate::None,
    };
    Ok(())
}

pub(in crate::job::options) fn direct(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.direct = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn buffered(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.direct = !value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn invalidate(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.invalidate = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn overwrite(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.overwrite = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn unlink(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.unlink = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn sync_mode(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.sync_mode = match value.word()? {
        "sync" | "1" => SyncMode::Sync,
        "dsync" => SyncMode::DataSync,
        _ => SyncMode::None,
    };
    Ok(())
}

pub(in crate::job::options) fn fsync(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.fsync_every = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn fdatasync(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.fdatasync_every = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn end_fsync(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.end_fsync = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn fsync_on_close(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.fsync_on_close = value.boolean()?;
    Ok(())
}
