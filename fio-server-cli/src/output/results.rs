//! Results in the formats the user asked for, and log lines where they belong.

use std::fmt;
use std::time::{Instant, SystemTime};

use fio_engine::report::json::{self, HostOptions};
use fio_engine::report::terse::{self, TerseVersion};
use fio_engine::report::{Report, normal};

use super::console::{StatusLine, complain};
use super::sink::{Sink, SinkError};
use crate::cli::{OutputArgs, OutputFormat};

/// Everything a run prints.
#[derive(Debug)]
pub struct Results {
    sink: Sink,
    formats: Vec<OutputFormat>,
    terse_version: TerseVersion,
    status: StatusLine,
}

/// A format that programs read.
enum Machine {
    Terse(terse::Style),
    Json(json::Style),
}

/// The version in JSON documents and terse lines, in the form of fio's own, which programs take apart.
pub const VERSION: &str = concat!("fio-server-cli-", env!("CARGO_PKG_VERSION"));

impl Results {
    /// Opens the output the user asked for.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open(args: &OutputArgs) -> Result<Self, SinkError> {
        let mut formats = Vec::new();
        for format in &args.output_format {
            if !formats.contains(format) {
                formats.push(*format);
            }
        }
        Ok(Self {
            sink: Sink::open(args.output.as_deref())?,
            formats,
            terse_version: args.terse_version,
            status: StatusLine::new(args.eta, args.status_interval, Instant::now()),
        })
    }

    /// Whether results for people are among the formats.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        self.formats.contains(&OutputFormat::Normal)
    }

    /// Whether a status line is ever shown.
    #[must_use]
    pub const fn shows_status(&self) -> bool {
        self.status.is_active()
    }

    /// Whether nobody reads the results any more.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.sink.is_broken()
    }

    /// Prints log lines: with the results if those are for people, and where the user sees them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn text(&mut self, lines: &str) -> Result<(), SinkError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.status.clear();
        if !self.is_for_people() || self.sink.is_file() {
            complain(lines.strip_suffix('\n').unwrap_or(lines));
        }
        if self.is_for_people() {
            self.sink.write(lines)
        } else {
            Ok(())
        }
    }

    /// Prints a part of the results for people, if they are asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn block(&mut self, block: &str) -> Result<(), SinkError> {
        self.status.clear();
        if self.is_for_people() {
            self.sink.write(block)
        } else {
            Ok(())
        }
    }

    /// Prints a warning or an error to the standard error.
    pub fn complain(&mut self, line: impl fmt::Display) {
        self.status.clear();
        complain(line);
    }

    /// Shows the status line if one is due.
    pub fn status(&mut self, line: impl FnOnce() -> String) {
        if self.status.is_active() {
            self.status.update(Instant::now(), line);
        }
    }

    /// Prints the results of a run in this process, and completes the output.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish_local(mut self, report: &Report) -> Result<Sunk, SinkError> {
        self.block(&composed(|out| normal::write_report(out, report)))?;
        self.machine_formats(|out, format| match format {
            Machine::Terse(style) => terse::write_report(out, report, style),
            Machine::Json(style) => json::write_report(out, report, style),
        })?;
        self.finish()
    }

    /// Prints what closes the results of a client, whose blocks were printed as they came, and
    /// completes the output.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish_client(
        mut self,
        report: &Report,
        hosts: &[HostOptions],
        merged: bool,
    ) -> Result<Sunk, SinkError> {
        if merged {
            let finished = SystemTime::now();
            self.block(&composed(|out| {
                normal::write_all_clients(out, &report.jobs, finished)
            }))?;
        }
        self.machine_formats(|out, format| match format {
            Machine::Terse(style) => terse::write_client_report(out, report, style),
            Machine::Json(style) => json::write_client_report(out, report, hosts, style),
        })?;
        self.finish()
    }

    fn machine_formats(
        &mut self,
        write: impl Fn(&mut dyn fmt::Write, &Machine) -> fmt::Result,
    ) -> Result<(), SinkError> {
        let version = || VERSION.to_owned();
        let json = |bins| {
            Machine::Json(json::Style {
                version: version(),
                bins,
            })
        };
        for format in &self.formats {
            let machine = match format {
                OutputFormat::Normal => continue,
                OutputFormat::Terse => Machine::Terse(terse::Style {
                    version: version(),
                    terse_version: self.terse_version,
                }),
                OutputFormat::Json => json(false),
                OutputFormat::JsonPlus => json(true),
            };
            self.sink.write(&composed(|out| write(out, &machine)))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Sunk, SinkError> {
        self.status.clear();
        let broken = self.sink.is_broken();
        self.sink.finish()?;
        Ok(Sunk {
            read_to_the_end: !broken,
        })
    }
}

/// Results that were written as far as somebody read them.
#[derive(Debug, Clone, Copy)]
pub struct Sunk {
    /// The reader of the standard output did not go away before the end.
    pub read_to_the_end: bool,
}

/// What `write` writes, as text.
pub fn composed(write: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) -> String {
    let mut text = String::new();
    write(&mut text).expect("writing to a string never fails");
    text
}
