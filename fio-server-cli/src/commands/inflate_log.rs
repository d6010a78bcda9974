//! `inflate-log`: compressed log files as text.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use fio_engine::logs::{InflateError, SampleLayout, inflate_log};

use crate::cli::{InflateLogArgs, LogLayout};
use crate::exit::{ExitStatus, Failure};

/// Prints the files, one behind the other.
pub(crate) fn inflate_logs(args: &InflateLogArgs) -> Result<ExitStatus, Failure> {
    let layout = match args.layout {
        LogLayout::Auto => None,
        LogLayout::UpTo336 => Some(SampleLayout::Before337),
        LogLayout::Newest => Some(SampleLayout::Newest),
    };
    let mut out = io::stdout().lock();
    for file in &args.files {
        let printed = inflate_to(file, layout, &mut out).and_then(|()| Ok(out.flush()?));
        match printed {
            Err(error) if is_gone(&error) => return Ok(ExitStatus::Success),
            printed => printed.map_err(Failure::setup)?,
        }
    }
    Ok(ExitStatus::Success)
}

fn inflate_to(
    file: &Path,
    layout: Option<SampleLayout>,
    out: &mut impl io::Write,
) -> anyhow::Result<()> {
    let name = file.display();
    let stored = File::open(file).with_context(|| format!("cannot read {name}"))?;
    match inflate_log(BufReader::new(stored), layout, out) {
        Ok(_) => Ok(()),
        Err(InflateError::Write(error)) => Err(error.into()),
        Err(error) => Err(anyhow!("{name}: {error}")),
    }
}

/// Whether the reader of the standard output has gone away, who has seen enough then.
fn is_gone(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
