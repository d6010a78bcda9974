//! The options of fio 3.42: one declarative table for parser, validation, help and documentation.

pub(super) mod absent;
pub(super) mod draft;
pub(super) mod info;
pub(super) mod nearest;
mod refusal;
mod set;
mod table;
mod value;
mod zone_draft;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::error::Problem;
use super::shown::shown;
use info::OptionInfo;
use nearest::nearest;

/// All options of fio, those that work here and those that are refused by name.
///
/// ```
/// let works = fio_engine::job::options().iter().filter(|option| option.is_supported());
/// assert!(works.count() > 60);
/// ```
#[must_use]
pub fn options() -> &'static [OptionInfo] {
    &table::OPTIONS
}

/// Options of fio that exist only together with certain I/O engines.
#[must_use]
pub fn engine_options() -> &'static [OptionInfo] {
    &table::ENGINE_OPTIONS
}

/// Options of fio's built-in profiles, which no job has a use for. They are taken and remarked on.
#[must_use]
pub fn profile_options() -> &'static [OptionInfo] {
    &table::PROFILE_OPTIONS
}

fn all_options() -> impl Iterator<Item = &'static OptionInfo> {
    let of_jobs = table::OPTIONS.iter().chain(&table::ENGINE_OPTIONS);
    of_jobs.chain(&table::PROFILE_OPTIONS)
}

/// Every name and alias with its option.
pub(super) fn names() -> impl Iterator<Item = (&'static str, &'static OptionInfo)> {
    all_options().flat_map(|option| {
        let alias = option.alias.map(|alias| (alias, option));
        std::iter::once((option.name, option)).chain(alias)
    })
}

/// Finds an option by name or alias.
pub(super) fn find(name: &[u8]) -> Option<&'static OptionInfo> {
    static BY_NAME: LazyLock<HashMap<&'static [u8], &'static OptionInfo>> = LazyLock::new(|| {
        names()
            .map(|(name, option)| (name.as_bytes(), option))
            .collect()
    });
    BY_NAME.get(name).copied()
}

/// Why a name that [`find`] does not know is refused.
///
/// Options of an engine that is not here are none by themselves; then the engine is named.
pub(super) fn unknown(name: &[u8], engine: &str) -> Problem {
    if let Some(problem) = absent::engine_not_here(engine) {
        return problem;
    }
    Problem::UnknownOption {
        name: shown(name),
        nearest: nearest_option(name).map(str::to_owned),
    }
}

/// The option whose name or alias is nearest to `name`.
pub(super) fn nearest_option(name: &[u8]) -> Option<&'static str> {
    nearest(name, names().map(|(name, _)| name))
}
