//! Preconditioning: `sprandom` and `spr_*`.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::units::parse_size;

pub(in crate::job::options) fn preconditions(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.preconditions = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn regions(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.preconditioning.regions = value.u32()?;
    Ok(())
}

pub(in crate::job::options) fn over_provisioning(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let text = std::str::from_utf8(value.text).map(str::trim);
    draft.preconditioning.over_provisioning = text
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|ratio| (0.0..=10.0).contains(ratio))
        .ok_or_else(|| {
            value.wrong("it is the spare space in proportion to the size, such as 0.07 for 7%")
        })?;
    Ok(())
}

pub(in crate::job::options) fn cache_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.preconditioning.cache_size = parse_size(value.text, value.kb_base)?;
    Ok(())
}
