//! The nearest known name to a misspelt one.

/// The longest name that is compared; no option's is longer.
const LONGEST: usize = 40;
/// The most letters that may differ.
const MOST_CHANGES: usize = 4;

/// The candidate with the fewest letters to insert, delete, replace or swap, if that is at most a
/// third of the length; the first of several. Names longer than any candidate are not compared.
pub(in crate::job) fn nearest(
    name: &[u8],
    candidates: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    let allowed = (name.len() / 3).clamp(1, MOST_CHANGES);
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed)
        .map(|candidate| (distance(name, candidate.as_bytes()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance; `-` and `_` and upper and lower case count as equal.
///
/// Three rows of the usual table are kept, on the stack: a wrong name is compared with hundreds of
/// right ones. Both names fit because [`nearest`] compares no longer ones.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let equal = |a: u8, b: u8| normal(a) == normal(b);
    let mut rows = [[0; LONGEST + MOST_CHANGES + 1]; 3];
    let [before, previous, current] = &mut rows;
    let (mut before, mut previous, mut current) = (before, previous, current);
    for (column, cell) in previous.iter_mut().enumerate() {
        *cell = column;
    }
    for (i, a) in left.iter().enumerate() {
        current[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = previous[j] + usize::from(!equal(*a, *b));
            let mut best = replaced.min(previous[j + 1] + 1).min(current[j] + 1);
            let swapped = i > 0 && j > 0 && equal(*a, right[j - 1]) && equal(left[i - 1], *b);
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            current[j + 1] = best;
        }
        (before, previous, current) = (previous, current, before);
    }
    previous[right.len()]
}

fn normal(byte: u8) -> u8 {
    match byte {
        b'-' => b'_',
        byte => byte.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_misspelt_names() {
        let names = ["size", "bs", "iodepth", "ioengine", "time_based"];
        for (name, expected) in [
            ("siez", Some("size")),
            ("io-depth", Some("iodepth")),
            ("time-based", Some("time_based")),
            ("BS", Some("bs")),
            ("wholly_different", None),
            ("", None),
        ] {
            assert_eq!(nearest(name.as_bytes(), names), expected, "{name}");
        }
    }
}
