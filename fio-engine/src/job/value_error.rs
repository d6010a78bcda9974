//! What is wrong with one value, wherever it was given.

use super::shown::suggestion;
use super::units::UnitError;

/// What is wrong with the value of one option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not a number, size or time.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A number outside its bounds.
    #[error("`{value}` is not between {minimum} and {maximum}")]
    OutOfRange {
        /// The value as written.
        value: String,
        /// The smallest allowed.
        minimum: u64,
        /// The largest allowed.
        maximum: u64,
    },
    /// None of the words the option knows.
    #[error("`{value}` is not one of {}{}", .accepted.join(", "), suggestion(*.nearest))]
    NotOneOf {
        /// The value as written.
        value: String,
        /// The words that are known.
        accepted: &'static [&'static str],
        /// The nearest of them.
        nearest: Option<&'static str>,
    },
    /// A value fio knows and this engine does not.
    #[error("`{value}` is known to fio but not supported here; {advice}")]
    Unsupported {
        /// The value as written.
        value: String,
        /// What to do.
        advice: &'static str,
    },
    /// Too many entries.
    #[error("`{value}` has more than {maximum} entries")]
    TooMany {
        /// The value as written.
        value: String,
        /// How many are allowed.
        maximum: usize,
    },
    /// The value has the wrong form.
    #[error("`{value}` is wrong: {problem}")]
    Form {
        /// The value as written.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Options that do not go together, or a field of a [`JobSpec`](super::JobSpec) out of bounds.
    #[error("{0}")]
    Conflict(String),
}
