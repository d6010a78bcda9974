//! Results in the formats the user asked for, and log lines where they belong.

mod client;

use std::fmt;
use std::time::Instant;

use fio_engine::report::terse::{self, TerseVersion};
use fio_engine::report::{Report, json, native, normal};
use fio_engine::run::Level;

use super::console::{StatusLine, StatusStyle, complain};
use super::sink::{Sink, SinkError};
use crate::cli::{LatencyFrom, OutputArgs, OutputFormat, When};

/// Everything a run prints.
#[derive(Debug)]
pub struct Results {
    sink: Sink,
    formats: Vec<OutputFormat>,
    terse_version: TerseVersion,
    status: StatusLine,
    as_fio: bool,
    latency_from: LatencyFrom,
    /// For each JSON document of a client in fio's form, the results that others have replaced.
    earlier: Vec<json::EarlierJobs>,
}

/// The version in JSON documents and terse lines, in the form of fio's own, which programs take apart.
pub const VERSION: &str = concat!("fio-server-cli-", env!("CARGO_PKG_VERSION"));

/// The version where fio's is expected, with a number that programs compare: the release of fio whose
/// options and formats these are, and then what this is, where fio's builds between releases have their commit.
pub const FIO_VERSION: &str = concat!("fio-3.42-server-cli-", env!("CARGO_PKG_VERSION"));

impl Results {
    /// Opens the output the user asked for.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open(args: &OutputArgs) -> Result<Self, SinkError> {
        let formats = args.formats();
        let status = StatusStyle {
            // fio's goes where text for people goes, and nowhere if there is none.
            when: match formats.contains(&OutputFormat::Normal) || !args.as_fio {
                true => args.eta,
                false => When::Never,
            },
            pause: args.eta_interval,
            lasting: args.eta_newline,
            as_fio: args.as_fio,
        };
        let sink = match args.status_interval {
            // What is written meanwhile is there to be read meanwhile.
            Some(_) => Sink::open_at_once(args.output.as_deref()),
            None => Sink::open(args.output.as_deref()),
        };
        Ok(Self {
            earlier: Vec::new(),
            sink: sink?,
            formats,
            terse_version: args.terse_version,
            status: StatusLine::new(status, Instant::now()),
            as_fio: args.as_fio,
            latency_from: LatencyFrom::Submission,
        })
    }

    /// Shows the latencies of runs in this process from there in fio's formats. This project's own has
    /// both.
    #[must_use]
    pub fn counting_from(self, latency_from: LatencyFrom) -> Self {
        Self {
            latency_from,
            ..self
        }
    }

    /// Whether results for people are among the formats.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        self.formats.contains(&OutputFormat::Normal)
    }

    /// Whether results in this project's own JSON are among the formats.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.formats.contains(&OutputFormat::Native)
    }

    /// Whether it is printed as fio does where that differs.
    #[must_use]
    pub const fn is_as_fio(&self) -> bool {
        self.as_fio
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

    /// Prints log lines: with the results if those are for people, and where the user sees them. As fio has it,
    /// with the results or not at all.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn text(&mut self, lines: &str) -> Result<(), SinkError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.status.clear();
        if !self.as_fio && (!self.is_for_people() || self.sink.is_file()) {
            complain(lines.strip_suffix('\n').unwrap_or(lines));
        }
        if self.is_for_people() {
            self.sink.write(lines)
        } else {
            Ok(())
        }
    }

    /// Prints log lines of a run in this process. As fio has it, errors are on the standard error alone.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn text_of(&mut self, level: Level, lines: &str) -> Result<(), SinkError> {
        if self.as_fio && level == Level::Error && !lines.is_empty() {
            self.complain(lines.strip_suffix('\n').unwrap_or(lines));
            return Ok(());
        }
        self.text(lines)
    }

    /// Says that a signal ends the run early.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn interrupted(&mut self, signal: i32) -> Result<(), SinkError> {
        if self.as_fio {
            return self.note(&format!("\nfio: terminating on signal {signal}\n"));
        }
        self.complain("interrupted: stopping the jobs; once more to give up");
        Ok(())
    }

    /// Prints what fio prints among its results in every format.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&mut self, text: &str) -> Result<(), SinkError> {
        self.status.clear();
        self.sink.write(text)
    }

    /// Tells of something remarkable about the jobs. As fio has it, in text for people only.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remark(&mut self, remark: impl fmt::Display) -> Result<(), SinkError> {
        if self.as_fio {
            return self.block(&format!("note: {remark}\n"));
        }
        self.complain(format_args!("warning: {remark}"));
        Ok(())
    }

    /// Tells of a job that failed, unless it is told of as fio does.
    pub fn job_failure(&mut self, line: impl fmt::Display) {
        if !self.as_fio {
            self.complain(line);
        }
    }

    /// The version in the results.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        if self.as_fio { FIO_VERSION } else { VERSION }
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

    /// Prints the results of a run in this process, and completes the output. Of several formats,
    /// terse lines come first and text for people last, as from fio.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish_local(mut self, report: &Report) -> Result<Sunk, SinkError> {
        self.write_local(report)?;
        self.finish()
    }

    /// Prints what a run in this process has measured so far, as [`finish_local`](Self::finish_local)
    /// does at its end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn interim_local(&mut self, report: &Report) -> Result<(), SinkError> {
        self.status.clear();
        self.write_local(report)?;
        self.sink.flush()
    }

    fn write_local(&mut self, report: &Report) -> Result<(), SinkError> {
        if self.is_native() {
            self.sink.write(&composed(|out| {
                native::write_report(out, report, &native_style())
            }))?;
        }
        match self.latency_from {
            LatencyFrom::Submission => self.write_local_as_fio(report),
            LatencyFrom::Intended => {
                let mut report = report.clone();
                report.count_from_intended_start();
                self.write_local_as_fio(&report)
            }
        }
    }

    fn write_local_as_fio(&mut self, report: &Report) -> Result<(), SinkError> {
        if let Some(style) = self.terse() {
            self.sink
                .write(&composed(|out| terse::write_report(out, report, &style)))?;
        }
        for style in self.json() {
            self.sink
                .write(&composed(|out| json::write_report(out, report, &style)))?;
        }
        self.block(&composed(|out| normal::write_report(out, report)))
    }

    /// How terse lines are written, if they are asked for.
    fn terse(&self) -> Option<terse::Style> {
        let wanted = self.formats.contains(&OutputFormat::Terse);
        wanted.then(|| terse::Style {
            version: self.version().to_owned(),
            terse_version: self.terse_version,
        })
    }

    /// How each JSON document that is asked for is written.
    fn json(&self) -> Vec<json::Style> {
        let style = |bins| json::Style {
            version: self.version().to_owned(),
            bins,
        };
        let formats = self.formats.iter();
        formats
            .filter_map(|format| match format {
                OutputFormat::Json => Some(style(false)),
                OutputFormat::JsonPlus => Some(style(true)),
                OutputFormat::Normal | OutputFormat::Terse | OutputFormat::Native => None,
            })
            .collect()
    }

    /// Completes the output with what was printed.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn finish(mut self) -> Result<Sunk, SinkError> {
        self.status.clear();
        let broken = self.sink.is_broken();
        self.sink.finish()?;
        Ok(Sunk {
            read_to_the_end: !broken,
        })
    }
}

fn native_style() -> native::Style {
    native::Style {
        tool: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
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
