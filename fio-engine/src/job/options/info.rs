//! One row of the option table, and how its option gets a value.

use super::absent::engine_not_here;
use super::draft::Draft;
use super::refusal;
use crate::job::category::Category;
use crate::job::error::Problem;
use crate::job::shown::shown;
use crate::job::units::KbBase;
use crate::job::value_error::ValueError;

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
        (!self.is_supported()).then(|| refusal::reason(self.name, self.engines))
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
    pub(in crate::job) fn apply(
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
                    reason: refusal::reason(self.name, self.engines),
                });
            }
            return Err(Problem::UnsupportedOption {
                category: self.category,
                reason: refusal::reason(self.name, self.engines),
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

    pub(super) const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(super) const fn at_least(mut self, minimum: i64) -> Self {
        self.minimum = minimum;
        self
    }

    pub(super) const fn at_most(mut self, maximum: u64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(super) const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    pub(super) const fn parent(mut self, parent: &'static str) -> Self {
        self.parent = Some(parent);
        self
    }

    pub(super) const fn is(mut self, value_type: OptionType, help: &'static str) -> Self {
        self.value_type = value_type;
        self.help = help;
        self
    }

    pub(super) const fn works(mut self, setter: Setter) -> Self {
        self.setter = Some(setter);
        self
    }
}

pub(super) const fn option(
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
pub(super) const fn engine_option(
    name: &'static str,
    engines: &'static [&'static str],
) -> OptionInfo {
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

pub(super) type Setter = fn(&mut Draft, Value<'_>) -> Outcome;

/// Whether a value was taken.
pub(super) type Outcome = Result<(), ValueError>;

/// The value of an option, empty only for an [`OptionType::OptionalText`], and what is needed to
/// understand it.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: &'a [u8],
    pub(super) option: &'static OptionInfo,
    pub(super) written_as: &'a [u8],
    pub(super) kb_base: KbBase,
}
