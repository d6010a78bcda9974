//! Sections as written.

use crate::job::error::Position;

/// A section, or the words of one job, before its options are looked at.
#[derive(Debug)]
pub(super) struct Section<'t> {
    pub(super) source_name: &'t str,
    pub(super) position: Position,
    pub(super) name: &'t [u8],
    /// In words there are neither comments nor variables, and `name` is an option like others.
    pub(super) of_words: bool,
    pub(super) options: Vec<GivenOption<'t>>,
}

impl Section<'_> {
    pub(super) fn is_global(&self) -> bool {
        self.name == b"global"
    }
}

/// An option as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct GivenOption<'t> {
    pub(super) source_name: &'t str,
    pub(super) position: Position,
    pub(super) name: &'t [u8],
    pub(super) value: Option<&'t [u8]>,
}
