//! How files are made, opened, shared and left.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::shown::shown;
use crate::job::spec::file_options::{AccessHint, FileKind, LifetimeHint, LockMode, RangeSync};
use crate::job::units::split_outside_parentheses;
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn folder(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.folder = Some(PathBuf::from(OsStr::from_bytes(value.text)));
    Ok(())
}

pub(in crate::job::options) fn unique_names(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.unique_names = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn file_kind(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.kind = match value.word()? {
        "file" => Some(FileKind::Regular),
        "block" => Some(FileKind::BlockDevice),
        "char" => Some(FileKind::CharacterDevice),
        _ => None,
    };
    Ok(())
}

pub(in crate::job::options) fn fill(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.fill = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn append(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.append = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn create_in_turn(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.create_in_turn = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn sync_after_creation(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.sync_after_creation = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn create_on_open(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.create_on_open = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn create_only(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.create_only = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn allow_creation(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.allow_creation = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn allow_mounted_write(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.allow_mounted_write = value.boolean()?;
    Ok(())
}

/// 0 means all, as in fio.
pub(in crate::job::options) fn open_limit(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.open_limit = Some(value.u32()?).filter(|limit| *limit > 0);
    Ok(())
}

pub(in crate::job::options) fn lock_mode(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.lock = match value.word()? {
        "exclusive" => LockMode::Exclusive,
        "readwrite" => LockMode::ReadWrite,
        _ => LockMode::None,
    };
    Ok(())
}

pub(in crate::job::options) fn unlink_each_loop(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.unlink_each_loop = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn pre_read(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.pre_read = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn access_hint(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.access_hint = match value.word()? {
        "0" => AccessHint::None,
        "random" => AccessHint::Random,
        "sequential" => AccessHint::Sequential,
        "noreuse" => AccessHint::NoReuse,
        _ => AccessHint::Workload,
    };
    Ok(())
}

pub(in crate::job::options) fn lifetime_hint(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.files.lifetime_hint = Some(match value.word()? {
        "short" => LifetimeHint::Short,
        "medium" => LifetimeHint::Medium,
        "long" => LifetimeHint::Long,
        "extreme" => LifetimeHint::Extreme,
        _ => LifetimeHint::None,
    });
    Ok(())
}

pub(in crate::job::options) fn end_sync_file_system(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.files.end_sync_file_system = value.boolean()?;
    Ok(())
}

/// `words:number`; like fio without a number or with 0, nothing is synchronised. What follows a
/// second colon is ignored, as in fio.
pub(in crate::job::options) fn range_sync(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let mut parts = split_outside_parentheses(value.text, b":");
    let mut sync = RangeSync {
        every: 0,
        wait_before: false,
        write: false,
        wait_after: false,
    };
    for word in split_outside_parentheses(parts.next().unwrap_or_default(), b",") {
        match value.part(word).word()? {
            "wait_before" => sync.wait_before = true,
            "write" => sync.write = true,
            _ => sync.wait_after = true,
        }
    }
    if let Some(number) = parts.next() {
        sync.every = value.part(number).u32()?;
    }
    if sync.every == 0 {
        draft.remark("sync_file_range has no effect without a number of writes, in fio neither");
    }
    draft.spec.files.range_sync = Some(sync).filter(|sync| sync.every > 0);
    Ok(())
}

/// fio asks for `O_ATOMIC`, which no released kernel has known; with it the writes would be like
/// any other, and nothing would say so.
pub(in crate::job::options) fn atomic(_: &mut Draft, value: Value<'_>) -> Outcome {
    if value.boolean()? {
        return Err(ValueError::Unsupported {
            value: shown(value.text),
            advice: "no engine here asks the kernel for atomic writes; leave it out and use direct=1",
        });
    }
    Ok(())
}

/// fio marks such writes, but hands the mark to no engine of this system.
pub(in crate::job::options) fn write_barrier(draft: &mut Draft, value: Value<'_>) -> Outcome {
    if value.u32()? > 0 {
        draft.remark(
            "write_barrier has no effect, in fio neither: Linux knows no barriers; use fsync, \
             fdatasync or sync",
        );
    }
    Ok(())
}
