//! This project's own JSON: everything a [`Report`] holds, with units in the names.
//!
//! fio's JSON has to stay as it is for the programs that read it. This one is for programs yet to be
//! written: nothing is rounded, each number's unit is the end of its name (`_ns`, `_bytes`, `_percent`,
//! `_per_second`), histograms and intervals are whole, what is not known is `null`, and a member that is
//! there once is always there. `docs/native-output.schema.json` describes it (JSON Schema, draft
//! 2020-12), and the tests hold documents against that.
//!
//! One document is one line, so that several of them are JSON lines.
//!
//! [`SCHEMA_VERSION`] says what to expect. Members may come to be added, which raises its second
//! number; whatever else changes raises its first.

mod blocks;
mod definition;
mod document;
mod host;
mod latency;
mod result;
mod series;

use std::fmt::{self, Write};

use serde::Serialize;

use super::client::ClientReport;
use super::model::Report;
use document::Document;

/// Version of the documents: what is described in `docs/native-output.schema.json`.
pub const SCHEMA_VERSION: &str = "1.1";

/// The program that writes a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Its name.
    pub tool: String,
    /// Its version.
    pub version: String,
}

/// Writes the document of a run in this process.
///
/// # Errors
/// Only those of `out`.
pub fn write_report(out: &mut dyn Write, report: &Report, style: &Style) -> fmt::Result {
    write_line(out, &Document::of_run(report, style))
}

/// Writes the document of a run on one or several servers.
///
/// # Errors
/// Only those of `out`.
pub fn write_client_report(
    out: &mut dyn Write,
    report: &ClientReport,
    style: &Style,
) -> fmt::Result {
    write_line(out, &Document::of_client(report, style))
}

fn write_line(out: &mut dyn Write, document: &impl Serialize) -> fmt::Result {
    // No map has keys that are not strings, and writing to memory does not fail.
    let text = serde_json::to_string(document).map_err(|_| fmt::Error)?;
    out.write_str(&text)?;
    out.write_char('\n')
}
