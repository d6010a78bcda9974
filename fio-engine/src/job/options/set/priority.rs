//! Setters of priorities.

use crate::job::IoPriority;
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};

pub(in crate::job::options) fn priority_level(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.priority.level = Some(value.number(IoPriority::MAX_LEVEL.into())? as u8);
    Ok(())
}

pub(in crate::job::options) fn priority_class(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.priority.class = Some(value.number(IoPriority::MAX_CLASS.into())? as u8);
    Ok(())
}

pub(in crate::job::options) fn priority_hint(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.priority.hint = Some(value.number(IoPriority::MAX_HINT.into())? as u16);
    Ok(())
}
