//! Sizes and offsets as the debug information of real builds has them, and comparing tables with them.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::layout::{Row, Shape, fields, size};
use crate::version::{Revision, ServerVersion};

const TEXT: &str = include_str!("../../../tests/data/layouts.txt");

/// Element names and where each lies: offset and size.
type Places = BTreeMap<String, (usize, usize)>;

/// A field as the fixture has it, in one revision.
#[derive(Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) offset: usize,
    /// Bytes of one element.
    pub(crate) element: usize,
    /// Per dimension the elements and the bytes from one to the next.
    axes: Vec<(usize, usize)>,
}

/// A structure in one revision: its size and its fields; `None` where there is no such structure.
pub(crate) fn structure(name: &str, revision: Revision) -> Option<(usize, Vec<Known>)> {
    let heading = format!("= {name} ");
    let mut lines = TEXT.lines().skip_while(|line| !line.starts_with(&heading));
    let sizes: Vec<_> = lines.next()?.split(' ').skip(2).collect();
    let size = at(&sizes, revision)?;
    let fields = lines
        .take_while(|line| !line.starts_with('='))
        .filter_map(|line| known(line, revision));
    Some((size, fields.collect()))
}

fn known(line: &'static str, revision: Revision) -> Option<Known> {
    let words: Vec<_> = line.split(' ').collect();
    let [name, element, counts, strides, offsets @ ..] = &words[..] else {
        panic!("{line}")
    };
    let numbers = |list: &str| match list {
        "-" => Vec::new(),
        list => list
            .split('x')
            .map(|number| number.parse().unwrap())
            .collect(),
    };
    Some(Known {
        name,
        offset: at(offsets, revision)?,
        element: element.parse().unwrap(),
        axes: numbers(counts).into_iter().zip(numbers(strides)).collect(),
    })
}

/// The last of `revision@number` whose revision is not newer.
fn at(entries: &[&str], revision: Revision) -> Option<usize> {
    let mut entries = entries.iter().map(|entry| entry.split_once('@').unwrap());
    let (_, number) = entries.rfind(|(since, _)| parse_revision(since) <= revision)?;
    (number != "-").then(|| number.parse().unwrap())
}

fn parse_revision(text: &str) -> Revision {
    let (version, variant) = text.split_once('.').unwrap_or((text, "0"));
    Revision::new(
        ServerVersion::new(version.parse().unwrap()),
        variant.parse().unwrap(),
    )
}

/// Checks size and offset of every element of a structure in every revision that has it.
pub(crate) fn assert_layout(name: &str, rows: &'static [Row]) {
    let mut checked = None;
    for revision in Revision::all().filter(|revision| size(rows, *revision) > 0) {
        let known = structure(name, revision)
            .unwrap_or_else(|| panic!("{name} does not exist in {revision}"));
        assert_eq!(size(rows, revision), known.0, "{name} {revision}");
        let held: Vec<_> = fields(rows, revision).collect();
        let both = Some((known, held));
        if both == checked {
            continue;
        }
        let (known, held) = both.as_ref().unwrap();
        assert_same(name, revision, &places_of(held), &places_known(&known.1));
        checked = both;
    }
    assert!(checked.is_some(), "{name} is never checked");
}

fn assert_same(structure: &str, revision: Revision, ours: &Places, known: &Places) {
    for (name, place) in known {
        assert_eq!(ours.get(name), Some(place), "{structure}.{name} {revision}");
    }
    for name in ours.keys() {
        assert!(
            known.contains_key(name),
            "{structure} {revision} has no {name}"
        );
    }
}

fn places_known(fields: &[Known]) -> Places {
    let mut places = Places::new();
    for field in fields {
        let start = (field.offset, field.element);
        expand(field.name.to_string(), start, &field.axes, &mut places);
    }
    places
}

/// Adds every element of an array, filling `[]` in the name from the left.
fn expand(
    name: String,
    (offset, size): (usize, usize),
    axes: &[(usize, usize)],
    places: &mut Places,
) {
    let Some(((count, stride), rest)) = axes.split_first() else {
        places.insert(name, (offset, size));
        return;
    };
    for index in 0..*count {
        let indexed = match name.contains("[]") {
            true => name.replacen("[]", &format!("[{index}]"), 1),
            false => format!("{name}[{index}]"),
        };
        expand(indexed, (offset + index * stride, size), rest, places);
    }
}

fn places_of(rows: &[(usize, &'static Row)]) -> Places {
    let mut places = Places::new();
    for (offset, row) in rows {
        walk(row.c_name.to_string(), *offset, &row.shape, &mut places);
    }
    places
}

fn walk(name: String, offset: usize, shape: &Shape, places: &mut Places) {
    match shape {
        Shape::Padding(_) => {}
        Shape::Chars(length) => places
            .extend((0..*length).map(|index| (format!("{name}[{index}]"), (offset + index, 1)))),
        Shape::Array(length, element) => {
            for index in 0..*length {
                let at = offset + index * element.size();
                walk(format!("{name}[{index}]"), at, element, places);
            }
        }
        Shape::Record(_, fields) => {
            let mut at = offset;
            for (field, shape) in *fields {
                walk(format!("{name}.{field}"), at, shape, places);
                at += shape.size();
            }
        }
        leaf => {
            places.insert(name, (offset, leaf.size()));
        }
    }
}
