//! What to print where: the part of the command line that `client` and `run` share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use fio_engine::report::terse::TerseVersion;

use super::parse_duration;

/// What to print where: shared by `client` and `run`.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Write the results to FILE instead of the standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Formats of the results, separated by commas
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        value_delimiter = ',',
        default_value = "normal"
    )]
    pub output_format: Vec<OutputFormat>,

    /// Write results as terse lines only, as --output-format=terse does
    #[arg(long, conflicts_with_all = ["output_format", "append_terse"])]
    pub minimal: bool,

    /// Write terse lines beside the other formats
    #[arg(long)]
    pub append_terse: bool,

    /// Which values terse lines have: 3 as from fio, 2 without release and disks, 4 with trims, 5 with all
    /// samples
    #[arg(long, value_name = "N", default_value = "3", value_parser = parse_terse_version)]
    pub terse_version: TerseVersion,

    /// Whether to show a status line; auto does so when the standard error is a terminal
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub eta: When,

    /// How often the status line changes, as in 500ms; at least 250ms
    #[arg(long, value_name = "TIME", value_parser = parse_eta_interval)]
    pub eta_interval: Option<Duration>,

    /// Also print a line with progress to the standard error at this interval, as in 10s
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub eta_newline: Option<Duration>,

    /// Write all that was measured so far at this interval, as in 10s
    ///
    /// In every format that is asked for, as at the end of the run; JSON documents follow each other.
    /// A file of --output can be read meanwhile. Servers of this project tell a client at most once a
    /// second, those of fio 1.99 only at their end.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub status_interval: Option<Duration>,

    /// Write the bandwidth of all jobs together, every half second, to agg-read_bw.log,
    /// agg-write_bw.log and agg-trim_bw.log
    #[arg(long)]
    pub bandwidth_log: bool,

    /// Behave as fio does where it differs: fio's status line on the standard output, and its rules for
    /// what else goes there.
    #[arg(skip)]
    pub as_fio: bool,

    /// Tell of each step of the conversation with servers (`--debug=net` of fio's command line).
    #[arg(skip)]
    pub tells_steps: bool,
}

impl OutputArgs {
    /// The formats asked for, each once, in this order.
    #[must_use]
    pub fn formats(&self) -> Vec<OutputFormat> {
        let mut formats = Vec::new();
        let given = match self.minimal {
            true => &[OutputFormat::Terse],
            false => self.output_format.as_slice(),
        };
        let appended = self.append_terse.then_some(OutputFormat::Terse);
        for format in given.iter().copied().chain(appended) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        formats
    }
}

/// Formats of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    Normal,
    /// A line of values between semicolons for each job, fio's --minimal
    Terse,
    /// fio's JSON
    Json,
    /// fio's JSON with the latency histograms
    #[value(name = "json+")]
    JsonPlus,
    /// Everything as JSON, units in the names: docs/native-output.md
    Native,
}

/// Whether something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Only on a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Shortest pause between two status lines, as with fio.
const SHORTEST_ETA_INTERVAL: Duration = Duration::from_millis(250);

fn parse_eta_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if interval < SHORTEST_ETA_INTERVAL {
        return Err("status lines are at least 250ms apart".to_owned());
    }
    Ok(interval)
}

fn parse_terse_version(text: &str) -> Result<TerseVersion, String> {
    let number = text.parse().ok().and_then(TerseVersion::from_number);
    number.ok_or_else(|| "terse lines have versions 2, 3, 4 and 5".to_owned())
}
