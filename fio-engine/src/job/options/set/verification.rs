//! Verification: jobs here do without.

use super::{Draft, Outcome, Value, nearest};
use crate::job::error::{ValueError, shown};

/// `verify=0`, which many job files have, asks for nothing; fio's other words are refused by name.
pub(in crate::job::options) fn verification(_: &mut Draft, value: Value<'_>) -> Outcome {
    if value.text == b"0" {
        return Ok(());
    }
    let accepted = value.option.values;
    let shown = shown(value.text);
    if accepted.contains(&shown.as_str()) {
        return Err(ValueError::Unsupported {
            value: shown,
            advice: "what is read is not compared with what was written; write verify=0",
        });
    }
    Err(ValueError::NotOneOf {
        nearest: nearest(value.text, accepted.iter().copied()),
        value: shown,
        accepted,
    })
}
