//! Variables in the values of a job file: `${NAME}` from the environment, and fio's keywords
//! `$pagesize`, `$mb_memory` and `$ncpus`.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::job::error::Problem;
use crate::job::limits::{Limit, ParseLimits};
use crate::job::options::info::{OptionInfo, OptionType};
use crate::job::shown::shown;
use crate::job::units::{KbBase, Unit, evaluate};

/// Where `${NAME}` in a job file gets its value.
///
/// A server must not put its own environment into the jobs of a peer: it uses
/// [`Environment::Closed`], and the client expands its own variables before it sends the file.
#[derive(Clone, Copy, Default)]
pub enum Environment<'a> {
    /// From this process. A variable that is not set is empty, as in fio, with a notice.
    #[default]
    Process,
    /// Nowhere: `${NAME}` is an error.
    Closed,
    /// From this function.
    Lookup(&'a dyn Fn(&OsStr) -> Option<OsString>),
}

impl Environment<'_> {
    fn get(&self, name: &OsStr) -> Option<OsString> {
        match self {
            Self::Process => std::env::var_os(name),
            Self::Closed => None,
            Self::Lookup(lookup) => lookup(name),
        }
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "Process",
            Self::Closed => "Closed",
            Self::Lookup(_) => "Lookup",
        })
    }
}

/// What the keywords of job files stand for, and which CPUs a job may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// `$pagesize`, in bytes.
    pub page_bytes: u64,
    /// `$mb_memory`: the size of the memory in MiB.
    pub memory_mib: u64,
    /// `$ncpus`: how many CPUs are online.
    pub cpus: usize,
    /// One more than the highest CPU that `cpus_allowed` may name.
    pub cpu_limit: usize,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn detect() -> Self {
        let usable = std::thread::available_parallelism().map_or(1, usize::from);
        let online = cpu_list("/sys/devices/system/cpu/online");
        let possible = cpu_list("/sys/devices/system/cpu/possible");
        let memory = rustix::system::sysinfo();
        Self {
            page_bytes: rustix::param::page_size() as u64,
            memory_mib: (memory.totalram as u64).saturating_mul(memory.mem_unit.into()) >> 20,
            cpus: online.map_or(usable, |(count, _)| count),
            cpu_limit: possible.map_or(usable, |(_, last)| last + 1),
        }
    }
}

/// How many CPUs a list such as `0-3,8` has, and the last of them.
fn cpu_list(path: &str) -> Option<(usize, usize)> {
    let list = std::fs::read_to_string(path).ok()?;
    let mut count = 0;
    let mut highest = 0;
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        count += last.checked_sub(first)? + 1;
        highest = highest.max(last);
    }
    Some((count, highest))
}

/// Expands the variables of values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expander<'a> {
    pub(super) environment: Environment<'a>,
    pub(super) machine: Machine,
    pub(super) limits: ParseLimits,
}

impl Expander<'_> {
    /// `value` with its variables replaced; borrowed if it has none.
    pub(super) fn expand<'t>(
        &self,
        value: &'t [u8],
        option: &OptionInfo,
        remarks: &mut Vec<String>,
    ) -> Result<Cow<'t, [u8]>, Problem> {
        if !value.contains(&b'$') {
            return Ok(Cow::Borrowed(value));
        }
        let variables = self.variables(value, remarks)?;
        let (text, replaced) = self.keywords(&variables)?;
        if replaced && text.iter().any(|byte| b"+-*/".contains(byte)) {
            return arithmetic(text, option).map(Cow::Owned);
        }
        Ok(Cow::Owned(text))
    }

    fn variables(&self, value: &[u8], remarks: &mut Vec<String>) -> Result<Vec<u8>, Problem> {
        let mut text = Vec::with_capacity(value.len());
        let mut rest = value;
        while let Some((&first, after)) = rest.split_first() {
            let name = rest.strip_prefix(b"${").and_then(|rest| {
                let end = rest.iter().position(|byte| *byte == b'}')?;
                Some((&rest[..end], &rest[end + 1..]))
            });
            let Some((name, after_name)) = name else {
                text.push(first);
                rest = after;
                continue;
            };
            if matches!(self.environment, Environment::Closed) {
                let written = &rest[..name.len() + 3];
                return Err(Problem::EnvironmentForbidden(shown(written)));
            }
            match self.environment.get(OsStr::from_bytes(name)) {
                Some(value) => text.extend(value.into_vec()),
                None => remarks.push(format!(
                    "the environment variable {} is not set and counts as empty",
                    shown(name)
                )),
            }
            self.check_length(&text)?;
            rest = after_name;
        }
        Ok(text)
    }

    fn keywords(&self, value: &[u8]) -> Result<(Vec<u8>, bool), Problem> {
        let keywords: [(&[u8], u64); 3] = [
            (b"$pagesize", self.machine.page_bytes),
            (b"$mb_memory", self.machine.memory_mib),
            (b"$ncpus", self.machine.cpus as u64),
        ];
        let mut text = Vec::with_capacity(value.len());
        let mut replaced = false;
        let mut rest = value;
        while let Some((&first, after)) = rest.split_first() {
            let keyword = keywords.iter().find(|keyword| rest.starts_with(keyword.0));
            rest = match keyword {
                Some((name, number)) => {
                    replaced = true;
                    text.extend(number.to_string().into_bytes());
                    &rest[name.len()..]
                }
                None => {
                    text.push(first);
                    after
                }
            };
        }
        self.check_length(&text)?;
        Ok((text, replaced))
    }

    fn check_length(&self, text: &[u8]) -> Result<(), Problem> {
        if text.len() > self.limits.line_bytes {
            return Err(Problem::Limit {
                limit: Limit::LineBytes,
                maximum: self.limits.line_bytes as u64,
            });
        }
        Ok(())
    }
}

/// After a keyword has been replaced, a value with operators is computed, as fio does; a text that
/// is no expression, such as a path, stays as it is.
fn arithmetic(text: Vec<u8>, option: &OptionInfo) -> Result<Vec<u8>, Problem> {
    match evaluate(&text, Unit::Bytes(KbBase::Binary)) {
        Ok(value) => Ok(value.to_string().into_bytes()),
        Err(_)
            if matches!(
                option.value_type,
                OptionType::Text | OptionType::OptionalText | OptionType::Range
            ) =>
        {
            Ok(text)
        }
        Err(error) => Err(Problem::Value(error.into())),
    }
}
