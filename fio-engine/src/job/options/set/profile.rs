//! Profiles and their options, which do nothing in a job.

use crate::job::options::absent::INSTEAD_OF_PROFILE;
use crate::job::options::draft::Draft;
use crate::job::options::info::{OptionType, Outcome, Value};

/// In fio, too, only the command line starts a profile.
pub(in crate::job::options) fn profile(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.remark(&format!(
        "profile={} has no effect in a job file, in fio neither; {INSTEAD_OF_PROFILE}",
        value.lossy()
    ));
    Ok(())
}

/// An option of a profile. As in fio, numbers must be numbers all the same.
pub(in crate::job::options) fn of_profile(draft: &mut Draft, value: Value<'_>) -> Outcome {
    match value.option.value_type {
        OptionType::Integer => {
            let unsigned = value.text.strip_prefix(b"-").unwrap_or(value.text);
            value.part(unsigned).number(u64::MAX)?;
        }
        OptionType::Flag => {
            value.boolean()?;
        }
        _ => {}
    }
    draft.remark(&format!(
        "{} has no effect without a profile, in fio neither",
        value.option.name
    ));
    Ok(())
}
