//! The options of fio 3.42: one declarative table for parser, validation, help and documentation.

mod absent;
mod nearest;
mod refusal;
mod set;
mod table;

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

pub use absent::{absent_engine, absent_engines};
pub(super) use nearest::nearest;
pub(super) use set::INSTEAD as INSTEAD_OF_PROFILE;

use super::draft::Draft;
use super::error::{Problem, ValueError, shown};
use super::units::KbBase;

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
    &absent::PROFILE_OPTIONS
}

/// What is known about one option.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct OptionInfo {
    /// Its name.
    pub name: &'static str,
    /// Another name it has.
    pub alias: Option<&'static str>,
    /// What its value is.
    pub value_type: OptionType,
    /// fio's default; `None` if there is none.
    pub default: Option<&'static str>,
    /// The smallest number allowed.
    pub minimum: i64,
    /// The largest number allowed; `None` means as much as the field holds.
    pub maximum: Option<u64>,
    /// What a number without a unit counts.
    pub unit: Option<&'static str>,
    /// The words allowed; empty if any text is.
    pub values: &'static [&'static str],
    /// Which part of fio it belongs to.
    pub category: Category,
    /// The option it modifies.
    pub parent: Option<&'static str>,
    /// What it does, in one line.
    pub help: &'static str,
    /// The engines that have it; empty if it has nothing to do with engines.
    pub engines: &'static [&'static str],
    setter: Option<Setter>,
}

impl OptionInfo {
    /// Whether jobs may use it; otherwise it is refused by name.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        self.setter.is_some()
    }

    /// Why it is refused; `None` if it works.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        (!self.is_supported()).then(|| refusal::reason(self))
    }

    /// Whether it may stand without a value, which then counts as 1, or as an empty text.
    #[must_use]
    pub const fn value_is_optional(&self) -> bool {
        matches!(
            self.value_type,
            OptionType::Flag | OptionType::Ignored | OptionType::OptionalText
        )
    }

    /// Gives the option a value.
    pub(super) fn apply(
        &'static self,
        draft: &mut Draft,
        text: Option<&[u8]>,
        written_as: &[u8],
    ) -> Result<(), Problem> {
        let Some(setter) = self.setter else {
            let engine = draft.spec.engine.as_str();
            if self.engines.contains(&engine)
                && let Some(problem) = engine_not_here(engine)
            {
                return Err(problem);
            }
            if !self.engines.is_empty() {
                return Err(Problem::UnsupportedEngineOption {
                    engines: self.engines.join(", "),
                    reason: refusal::reason(self),
                });
            }
            return Err(Problem::UnsupportedOption {
                category: self.category,
                reason: refusal::reason(self),
            });
        };
        let engine = draft.spec.engine.as_str();
        if !self.engines.is_empty() && !self.engines.contains(&engine) {
            return Err(Problem::EngineWithoutOption {
                engine: shown(engine.as_bytes()),
                engines: self.engines.join(", "),
            });
        }
        let text = match text {
            Some(text) if !text.is_empty() => text,
            _ if self.value_type == OptionType::OptionalText => b"",
            None if self.value_is_optional() => b"1",
            _ => {
                return Err(Problem::MissingValue {
                    example: self.example(),
                });
            }
        };
        let value = Value {
            text,
            option: self,
            written_as,
            kb_base: draft.kb_base(),
        };
        setter(draft, value).map_err(Problem::Value)
    }

    fn example(&self) -> String {
        let value = match self.value_type {
            OptionType::Boolean | OptionType::Flag => "1",
            OptionType::Time => "30s",
            OptionType::Range => "4k-64k",
            OptionType::Size | OptionType::SizeOrPercent => "1g",
            _ => match (self.default, self.values.first()) {
                (Some(default), _) => default,
                (None, Some(value)) => value,
                (None, None) => "VALUE",
            },
        };
        format!("{}={value}", self.name)
    }

    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn at_least(mut self, minimum: i64) -> Self {
        self.minimum = minimum;
        self
    }

    const fn at_most(mut self, maximum: u64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    const fn parent(mut self, parent: &'static str) -> Self {
        self.parent = Some(parent);
        self
    }

    const fn is(mut self, value_type: OptionType, help: &'static str) -> Self {
        self.value_type = value_type;
        self.help = help;
        self
    }

    const fn works(mut self, setter: Setter) -> Self {
        self.setter = Some(setter);
        self
    }
}

const fn option(
    name: &'static str,
    value_type: OptionType,
    category: Category,
    help: &'static str,
) -> OptionInfo {
    OptionInfo {
        name,
        alias: None,
        value_type,
        default: None,
        minimum: 0,
        maximum: None,
        unit: None,
        values: &[],
        category,
        parent: None,
        help,
        engines: &[],
        setter: None,
    }
}

/// An option of engines; [`OptionInfo::is`] says more of those that work.
const fn engine_option(name: &'static str, engines: &'static [&'static str]) -> OptionInfo {
    let mut info = option(name, OptionType::Text, Category::Engine, "");
    info.engines = engines;
    info
}

/// What the value of an option is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionType {
    /// A text, or one of a set of words.
    Text,
    /// A text; may stand without one.
    OptionalText,
    /// A whole number, with size suffixes.
    Integer,
    /// 0 or 1.
    Boolean,
    /// 0 or another number; may stand without a value, which means 1.
    Flag,
    /// A time, in seconds if it has no unit.
    Time,
    /// A number of bytes.
    Size,
    /// A number of bytes or a percentage.
    SizeOrPercent,
    /// A range of numbers.
    Range,
    /// Decimal numbers separated by colons.
    DecimalList,
    /// fio accepts it and does nothing.
    Ignored,
    /// fio has removed it.
    Removed,
    /// Absent from fio as it is usually built.
    NotBuilt,
}

/// The part of fio an option belongs to, as `--cmdhelp` groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// The job as a whole.
    General,
    /// The files.
    File,
    /// What I/O is done and how.
    Io,
    /// Log files.
    Logging,
    /// Statistics and reports.
    Statistics,
    /// One I/O engine.
    Engine,
    /// Ready-made workloads.
    Profile,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::General => "general",
            Self::File => "file",
            Self::Io => "I/O",
            Self::Logging => "logging",
            Self::Statistics => "statistics",
            Self::Engine => "engine",
            Self::Profile => "profile",
        })
    }
}

type Setter = fn(&mut Draft, Value<'_>) -> Result<(), ValueError>;

/// The value of an option, empty only for an [`OptionType::OptionalText`], and what is needed to
/// understand it.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    text: &'a [u8],
    option: &'static OptionInfo,
    written_as: &'a [u8],
    kb_base: KbBase,
}

fn all_options() -> impl Iterator<Item = &'static OptionInfo> {
    let of_jobs = table::OPTIONS.iter().chain(&table::ENGINE_OPTIONS);
    of_jobs.chain(&absent::PROFILE_OPTIONS)
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
    if let Some(problem) = engine_not_here(engine) {
        return problem;
    }
    Problem::UnknownOption {
        name: shown(name),
        nearest: nearest_option(name).map(str::to_owned),
    }
}

/// The complaint about options of an engine of fio that is not here; `None` if there is none.
fn engine_not_here(engine: &str) -> Option<Problem> {
    absent_engine(engine).map(|reason| Problem::AbsentEngine {
        engine: shown(engine.as_bytes()),
        reason,
    })
}

/// The option whose name or alias is nearest to `name`.
pub(super) fn nearest_option(name: &[u8]) -> Option<&'static str> {
    nearest(name, names().map(|(name, _)| name))
}
