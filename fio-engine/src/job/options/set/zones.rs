//! Zones: `zonemode`, `zonesize`, `zonerange`, `zoneskip`, and sizes given in zones (`2z`).

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::options::zone_draft::Amount;
use crate::job::units::parse_size;

pub(in crate::job::options) fn zone_mode(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.strided = match value.word()? {
        "strided" => true,
        "zbd" => {
            return Err(value.unsupported(
                "zoned block devices and their emulation are not driven here; \
                 zonemode=strided keeps I/O in zones of any file",
            ));
        }
        _ => false,
    };
    Ok(())
}

pub(in crate::job::options) fn zone_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.size = parse_size(value.text, value.kb_base)?;
    Ok(())
}

pub(in crate::job::options) fn zone_range(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.range = parse_size(value.text, value.kb_base)?;
    Ok(())
}

pub(in crate::job::options) fn zone_skip(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.skip = match value.zones() {
        Some(count) => Amount::Zones(count),
        None => Amount::Bytes(parse_size(value.text, value.kb_base)?),
    };
    Ok(())
}

/// Only zoned block devices have zones that cannot be filled: the size is read and left alone.
pub(in crate::job::options) fn zone_capacity(_: &mut Draft, value: Value<'_>) -> Outcome {
    parse_size(value.text, value.kb_base)?;
    Ok(())
}

impl Value<'_> {
    /// The number of a value like `2z`.
    pub(super) fn zones(&self) -> Option<u64> {
        let text = self.text.trim_ascii();
        let digits = text
            .strip_suffix(b"z")
            .or_else(|| text.strip_suffix(b"Z"))?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}
