//! The order of offsets: `random_distribution`, `percentage_random`, `rw_sequencer`,
//! `bs_is_seq_rand` and the number after `rw=…:`.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::options::value::per_direction;
use crate::job::shown::shown;
use crate::job::spec::order::{Distribution, FileService, MAX_ZONES, Sequencer, Zone, ZoneList};
use crate::job::units::{parse_size, parse_size_or_percent, split_outside_parentheses};
use crate::job::value_error::ValueError;

/// The number after `rw=…:`: I/Os for each random offset, or bytes skipped between sequential I/Os.
pub(super) fn modifier(draft: &mut Draft, value: Value<'_>, text: &[u8]) -> Outcome {
    let order = &mut draft.spec.order;
    (order.random_every, order.stride) = (1, 0);
    if text.is_empty() {
        return Ok(());
    }
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let number = parse_size(digits, value.kb_base)?;
    if draft.spec.pattern.random {
        // fio takes a negative count for a huge one: after the first offset, none is random.
        let every = if negative { u64::MAX } else { number };
        order.random_every = u32::try_from(every).unwrap_or(u32::MAX);
        return Ok(());
    }
    let bytes = i64::try_from(number).map_err(|_| ValueError::OutOfRange {
        value: shown(text),
        minimum: 0,
        maximum: i64::MAX as u64,
    })?;
    order.stride = if negative { -bytes } else { bytes };
    Ok(())
}

pub(in crate::job::options) fn sequencer(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.order.sequencer = match value.word()? {
        "identical" => Sequencer::Identical,
        _ => Sequencer::Sequential,
    };
    Ok(())
}

pub(in crate::job::options) fn sizes_by_order(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.order.sizes_by_order = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn random_percent(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let percents = per_direction(value, |text| value.in_bounds(text, 100))?;
    let current = &mut draft.spec.order.random_percent.0;
    for (current, given) in current.iter_mut().zip(percents) {
        if let Some(percent) = given {
            // At most 100.
            *current = percent as u8;
        }
    }
    Ok(())
}

/// fio takes everything behind a comma for other directions' zones, and then refuses it.
pub(in crate::job::options) fn distribution(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let (name, rest) = match value.text.iter().position(|byte| *byte == b':') {
        Some(colon) => (&value.text[..colon], Some(&value.text[colon + 1..])),
        None => (value.text, None),
    };
    if value.text.contains(&b',') {
        return Err(value.unsupported("give one distribution for all directions"));
    }
    draft.spec.order.distribution = match (
        Value {
            text: name,
            ..value
        }
        .word()?,
        rest,
    ) {
        (name @ ("zipf" | "pareto" | "normal"), rest) => skewed(value, name, rest)?,
        (name @ ("zoned" | "zoned_abs"), Some(rest)) => zoned(value, name, rest)?,
        ("zoned" | "zoned_abs", None) => {
            return Err(value.wrong("zones are written share/size:share/size:…"));
        }
        ("sequence", _) => {
            return Err(value.unsupported("its sequence is not documented; use random"));
        }
        _ => Distribution::Uniform,
    };
    Ok(())
}

/// How files are chosen: one of the skewed distributions, or a word and I/Os in a row.
pub(in crate::job::options) fn file_service(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let (name, rest) = match value.text.iter().position(|byte| *byte == b':') {
        Some(colon) => (&value.text[..colon], Some(&value.text[colon + 1..])),
        None => (value.text, None),
    };
    let every = || {
        let number = match rest.filter(|text| !text.is_empty()) {
            Some(text) => value.in_bounds(text, u32::MAX.into())?,
            None => 1,
        };
        // At most 32 bits; 0 counts as not given.
        Ok::<_, ValueError>((number as u32).max(1))
    };
    let word = Value {
        text: name,
        ..value
    };
    draft.spec.order.file_service = match word.word()? {
        "random" => FileService::Random { every: every()? },
        "sequential" => {
            every()?;
            FileService::Sequential
        }
        "roundrobin" => FileService::RoundRobin { every: every()? },
        "gauss" => FileService::Skewed(skewed(value, "normal", rest)?),
        name => FileService::Skewed(skewed(value, name, rest)?),
    };
    Ok(())
}

/// 0 means no limit.
pub(in crate::job::options) fn number_of_ios(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let number = value.number(u64::MAX)?;
    draft.spec.order.number_of_ios = Some(number).filter(|number| *number > 0);
    Ok(())
}

pub(in crate::job::options) fn offset_increment(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.zones.offset_increment = value.zones();
    if draft.zones.offset_increment.is_none() {
        draft.spec.order.offset_increment = parse_size_or_percent(value.text, value.kb_base)?;
    }
    Ok(())
}

pub(in crate::job::options) fn begin_alignment(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.order.begin_alignment = value.number(1 << 40)?;
    Ok(())
}

/// Zipf's, Pareto's or the normal distribution, with its parameters or fio's defaults.
fn skewed(value: Value<'_>, name: &str, rest: Option<&[u8]>) -> Result<Distribution, ValueError> {
    match name {
        "zipf" => {
            let (theta, center) = parameters(value, rest, 1.1)?;
            if theta == 1.0 {
                return Err(value.wrong("theta must not be 1"));
            }
            Ok(Distribution::Zipf { theta, center })
        }
        "pareto" => {
            let (power, center) = parameters(value, rest, 0.2)?;
            if power <= 0.0 || power >= 1.0 {
                return Err(value.wrong("the power must lie between 0 and 1"));
            }
            Ok(Distribution::Pareto { power, center })
        }
        _ => {
            let (deviation, center) = parameters(value, rest, 0.0)?;
            if !(0.0..100.0).contains(&deviation) {
                return Err(value.wrong("the deviation is a percentage below 100"));
            }
            Ok(Distribution::Normal { deviation, center })
        }
    }
}

/// `:number` or `:number:centre`; without them the default.
fn parameters(
    value: Value<'_>,
    rest: Option<&[u8]>,
    default: f64,
) -> Result<(f64, Option<f64>), ValueError> {
    let Some(rest) = rest else {
        return Ok((default, None));
    };
    let mut numbers = rest.split(|byte| *byte == b':').map(|text| {
        std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.trim().parse::<f64>().ok())
            .filter(|number| number.is_finite())
            .ok_or_else(|| value.wrong("behind the name stands :number or :number:centre"))
    });
    let number = numbers.next().unwrap_or(Ok(default))?;
    let center = numbers.next().transpose()?;
    // fio's own word for none.
    let center = center.filter(|center| *center != -1.0);
    if center.is_some_and(|center| !(0.0..=1.0).contains(&center)) {
        return Err(value.wrong("the centre lies from 0 to 1"));
    }
    if numbers.next().is_some() {
        return Err(value.wrong("there is nothing behind the centre"));
    }
    Ok((number, center))
}

/// `share/size:share/size:…`. Zones without a size, or of size 0, have equal parts of what the
/// others leave; an empty entry ends the list.
fn zoned(value: Value<'_>, name: &str, text: &[u8]) -> Result<Distribution, ValueError> {
    let mut zones = Vec::new();
    let entries = split_outside_parentheses(text, b":");
    for entry in entries.take_while(|entry| !entry.is_empty()) {
        if zones.len() == MAX_ZONES {
            return Err(ValueError::TooMany {
                value: shown(text),
                maximum: MAX_ZONES,
            });
        }
        let mut parts = split_outside_parentheses(entry, b"/");
        let share = percent(value, parts.next().unwrap_or_default())?;
        let size = match parts.next().unwrap_or_default() {
            b"" => 0,
            size if name == "zoned" => percent(value, size)?.into(),
            size => parse_size(size, value.kb_base)?,
        };
        zones.push(Zone { share, size });
    }
    if zones.iter().map(|zone| u32::from(zone.share)).sum::<u32>() != 100 {
        return Err(value.wrong("the shares of the zones must add up to 100%"));
    }
    Ok(Distribution::Zoned(if name == "zoned" {
        ZoneList::Percent(filled(value, zones)?)
    } else {
        ZoneList::Bytes(zones)
    }))
}

fn filled(value: Value<'_>, mut zones: Vec<Zone>) -> Result<Vec<Zone>, ValueError> {
    let given: u64 = zones.iter().map(|zone| zone.size).sum();
    let left = 100_u64
        .checked_sub(given)
        .ok_or_else(|| value.wrong("the zones are larger than the file"))?;
    let open = zones.iter().filter(|zone| zone.size == 0).count() as u64;
    for zone in zones.iter_mut().filter(|zone| zone.size == 0) {
        zone.size = left / open;
    }
    Ok(zones)
}

fn percent(value: Value<'_>, text: &[u8]) -> Result<u8, ValueError> {
    let text = text.strip_suffix(b"%").unwrap_or(text);
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| value.wrong("shares and sizes of zones are whole percentages up to 100"))
}
