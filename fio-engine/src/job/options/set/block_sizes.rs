//! Block sizes: `bs`, `bsrange`, `bssplit`, `ba`.

use crate::direction::PerDirection;
use crate::job::limits::{MAX_BLOCK_SIZE, MAX_SPLIT_ENTRIES};
use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::options::value::per_direction;
use crate::job::shown::shown;
use crate::job::units::{parse_size_range, split_outside_parentheses};
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn block_size(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let sizes = per_direction(value, |text| {
        if split_outside_parentheses(text, b"-:").nth(1).is_some() {
            return Err(value.unsupported(
                "write bsrange=low-high for a range, bs=read,write,trim for one size each",
            ));
        }
        value.in_bounds(text, MAX_BLOCK_SIZE)
    })?;
    merge(&mut draft.block_size, sizes);
    Ok(())
}

pub(in crate::job::options) fn block_size_range(draft: &mut Draft, value: Value<'_>) -> Outcome {
    if value.text.contains(&b'/') {
        return Err(value.unsupported("separate the ranges by commas"));
    }
    let ranges = per_direction(value, |text| {
        let (low, high) = parse_size_range(text, value.kb_base)?;
        if low < 1 || high > MAX_BLOCK_SIZE {
            return Err(ValueError::OutOfRange {
                value: shown(text),
                minimum: 1,
                maximum: MAX_BLOCK_SIZE,
            });
        }
        Ok((low, high))
    })?;
    merge(&mut draft.block_size_range, ranges);
    Ok(())
}

pub(in crate::job::options) fn block_size_split(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let splits = per_direction(value, |text| split(text, value))?;
    merge(&mut draft.block_size_split, splits);
    Ok(())
}

pub(in crate::job::options) fn unaligned_block_sizes(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.unaligned_block_sizes = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn offset_alignment(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let alignments = per_direction(value, |text| value.in_bounds(text, 1 << 40))?;
    merge(&mut draft.spec.offset_alignment, alignments);
    Ok(())
}

fn merge<T>(current: &mut PerDirection<Option<T>>, given: [Option<T>; 3]) {
    for (current, given) in current.0.iter_mut().zip(given) {
        if given.is_some() {
            *current = given;
        }
    }
}

/// `size/percent:size/percent:…`; sizes without a share have equal parts of what the others leave.
fn split(text: &[u8], value: Value<'_>) -> Result<Vec<(u64, u8)>, ValueError> {
    let mut entries = Vec::new();
    for entry in split_outside_parentheses(text, b":") {
        if entries.len() == MAX_SPLIT_ENTRIES {
            return Err(ValueError::TooMany {
                value: shown(text),
                maximum: MAX_SPLIT_ENTRIES,
            });
        }
        // A division inside parentheses is not the separator: those are skipped here.
        let mut parts = split_outside_parentheses(entry, b"/");
        let size = value.in_bounds(parts.next().unwrap_or_default(), MAX_BLOCK_SIZE)?;
        let size = match size {
            0 => return Err(value.wrong("a block size must be at least 1")),
            size => size,
        };
        entries.push((size, share(parts.next(), value)?));
        if parts.next().is_some() {
            return Err(value.wrong("an entry is size/percent"));
        }
    }
    fill_shares(entries, value)
}

/// A share of 0 counts as none given, as in fio.
fn share(text: Option<&[u8]>, value: Value<'_>) -> Result<Option<u8>, ValueError> {
    let text = text.unwrap_or_default().trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|share| *share <= 100)
        .map(|share| Some(share).filter(|share| *share > 0))
        .ok_or_else(|| value.wrong("a share is a whole percentage between 1 and 100"))
}

fn fill_shares(
    entries: Vec<(u64, Option<u8>)>,
    value: Value<'_>,
) -> Result<Vec<(u64, u8)>, ValueError> {
    let given: u32 = entries
        .iter()
        .filter_map(|entry| entry.1)
        .map(u32::from)
        .sum();
    let open = entries.iter().filter(|entry| entry.1.is_none()).count();
    let Some(left) = 100_u32.checked_sub(given) else {
        return Err(value.wrong("the shares add up to more than 100%"));
    };
    // Equal parts that were rounded down, and then written out, may miss some of the whole.
    if open == 0 && left as usize >= entries.len() {
        return Err(value.wrong("the shares add up to less than 100%"));
    }
    // At most 100, since `open` is at least 1 wherever the share is used. fio rounds down, too, and
    // has no I/Os of a size for which nothing is left: scripts write `4k/100:8k/0`.
    let equal = u8::try_from(left as usize / open.max(1)).unwrap_or(100);
    Ok(entries
        .into_iter()
        .map(|(size, share)| (size, share.unwrap_or(equal)))
        .collect())
}
