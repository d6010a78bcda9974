//! The files a job works on: their names, sizes, contents and handles.
//!
//! A [`FileSet`] goes through three steps, each of which can be refused with an error that names
//! the file and the way out: [`FileSet::plan`] decides names and regions and changes nothing,
//! [`FileSet::prepare`] creates and lays out what is missing, [`FileSet::open`] gives the handles.
//! Data that was there before is never overwritten by laying out; a file that could not be
//! completed is taken back, and the error says so.

mod error;
mod folder;
mod layout;
mod names;
mod open;
mod plan;
mod replay;

pub use error::{Cleanup, FileError};
pub use folder::with_folder;
pub(crate) use names::count;
pub use names::{paths, split_names};
pub use plan::{FileSet, PlannedFile, Target};

#[cfg(test)]
mod tests;
