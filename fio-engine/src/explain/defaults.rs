//! Which defaults were taken.

use super::effects::Facts;
use crate::job::{JobSpec, options};

/// Options worth mentioning when they were not given: those that decide what is measured.
const OF_INTEREST: [&str; 10] = [
    "rw",
    "bs",
    "ioengine",
    "iodepth",
    "direct",
    "size",
    "runtime",
    "invalidate",
    "fallocate",
    "norandommap",
];

/// The options of interest that were not given, with their values.
pub(super) fn taken(spec: &JobSpec, facts: &Facts<'_>) -> Vec<(&'static str, String)> {
    let set: Vec<_> = spec
        .to_options()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    OF_INTEREST
        .into_iter()
        .filter(|name| !facts.is_given(name) && !set.contains(name) && matters(name, spec, facts))
        .map(|name| (name, value(name)))
        .collect()
}

fn matters(name: &str, spec: &JobSpec, facts: &Facts<'_>) -> bool {
    match name {
        // Other options say the same.
        "bs" => !["bsrange", "bssplit"]
            .iter()
            .any(|other| facts.is_given(other)),
        "size" => !["filesize", "io_size"]
            .iter()
            .any(|other| facts.is_given(other)),
        "direct" => facts.needs_files && !facts.is_given("buffered"),
        "iodepth" => facts.keeps_in_flight,
        "norandommap" => spec.pattern.random && spec.order.preconditioning.is_none(),
        "invalidate" | "fallocate" => facts.needs_files,
        _ => true,
    }
}

fn value(name: &str) -> String {
    let found = options().iter().find(|option| option.name == name);
    match (name, found.and_then(|option| option.default)) {
        ("size", _) => "the size of the files".to_owned(),
        ("runtime", _) => "no limit".to_owned(),
        ("norandommap", _) | (_, None) => "0".to_owned(),
        (_, Some(default)) => default.to_owned(),
    }
}
