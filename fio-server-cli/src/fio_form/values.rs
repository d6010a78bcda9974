//! What stands behind fio's flags.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::ValueEnum as _;
use fio_engine::job::units::parse_time;
use fio_engine::report::terse::TerseVersion;

use crate::cli::{IdleProfile, OutputFormat, When};

/// Formats separated by commas.
pub(super) fn formats(value: &OsStr) -> anyhow::Result<Vec<OutputFormat>> {
    let text = value.to_string_lossy();
    let format = |name: &str| match OutputFormat::from_str(name, false) {
        Err(_) | Ok(OutputFormat::Native) => Err(anyhow!(
            "invalid output format {name}; there are normal, terse, json and json+"
        )),
        Ok(format) => Ok(format),
    };
    text.split(',').map(format).collect()
}

pub(super) fn terse_version(value: &OsStr) -> anyhow::Result<TerseVersion> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number
        .and_then(TerseVersion::from_number)
        .ok_or_else(|| anyhow!("bad terse version format; there are 2, 3, 4 and 5"))
}

/// As with fio, other words count as auto.
pub(super) fn when(value: &OsStr) -> When {
    match value.as_bytes() {
        b"always" => When::Always,
        b"never" => When::Never,
        _ => When::Auto,
    }
}

/// A time of the flag, in seconds without a unit.
pub(super) fn time(flag: &str, value: &OsStr, shortest: Duration) -> anyhow::Result<Duration> {
    let time = parse_time(value.as_bytes())
        .with_context(|| format!("failed parsing --{flag}={}", value.display()))?;
    if time < shortest {
        let shortest = shortest.as_millis();
        return Err(anyhow!(
            "--{flag}={} is too short; at least {shortest} ms",
            value.display()
        ));
    }
    Ok(time)
}

pub(super) fn idle_profile(value: &OsStr) -> anyhow::Result<IdleProfile> {
    let name = value.to_string_lossy();
    IdleProfile::from_str(&name, false).map_err(|_| {
        anyhow!("incorrect idle-prof option: {name}; there are system, percpu and calibrate")
    })
}

/// fio takes any text; what is no number above zero changes nothing.
pub(super) fn count(value: &OsStr) -> Option<usize> {
    let number = value.to_str()?.parse().ok()?;
    Some(number).filter(|number| *number > 0)
}
