//! What is known beside measurements: the machine, its system and software, and what was told.

use std::fs;

use crate::explain::Explanation;

/// What is known of a run beside measurements.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Background {
    /// What the user should know of the job files; see [`RunOptions::notices`].
    ///
    /// [`RunOptions::notices`]: crate::run::RunOptions::notices
    pub notices: Vec<String>,
    /// The machine the jobs ran on.
    pub machine: HostIdentity,
    /// What the jobs were to do, and which of their options had no effect; see
    /// [`RunOptions::explains`].
    ///
    /// [`RunOptions::explains`]: crate::run::RunOptions::explains
    pub explanation: Option<Explanation>,
}

/// What is known of a server beside measurements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerBackground {
    /// Who it says it is; `None` if it never answered.
    pub identity: Option<ServerIdentity>,
    /// Why it has no results, or not all.
    pub error: Option<String>,
    /// What it told for people, among that why it refused or ignored something; the first
    /// [`MOST_TEXT`](Self::MOST_TEXT) bytes of it.
    pub text: String,
}

impl ServerBackground {
    /// Bytes of text that are kept, at most.
    pub const MOST_TEXT: usize = 64 << 10;

    /// Keeps what the server told, as far as there is room.
    pub fn add_text(&mut self, text: &[u8]) {
        let room = Self::MOST_TEXT.saturating_sub(self.text.len());
        let text = String::from_utf8_lossy(text);
        let fits = |end: &usize| *end <= room;
        let ends = text
            .char_indices()
            .map(|(begin, one)| begin + one.len_utf8());
        self.text
            .push_str(&text[..ends.take_while(fits).last().unwrap_or(0)]);
    }
}

/// A machine and its system, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostIdentity {
    /// The name the host has for itself.
    pub host_name: String,
    /// The operating system, as in `Linux`.
    pub operating_system: Option<String>,
    /// Its release, as in `6.12.9`.
    pub kernel_release: Option<String>,
    /// The processor architecture, as in `x86_64`.
    pub architecture: Option<String>,
    /// Processors that are online.
    pub processors: Option<u32>,
    /// What the processors call themselves.
    pub processor_model: Option<String>,
    /// Memory of the machine, bytes.
    pub memory_bytes: Option<u64>,
}

impl HostIdentity {
    /// The machine this program runs on. What it does not tell stays unknown.
    #[must_use]
    pub fn of_this_host() -> Self {
        let names = rustix::system::uname();
        let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let count = processors
            .lines()
            .filter(|line| value_of(line, "processor").is_some())
            .count();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kibibytes = find(&memory, "MemTotal")
            .and_then(|value| value.strip_suffix("kB")?.trim().parse::<u64>().ok());
        Self {
            host_name: text(names.nodename()),
            operating_system: Some(text(names.sysname())),
            kernel_release: Some(text(names.release())),
            architecture: Some(text(names.machine())),
            processors: u32::try_from(count).ok().filter(|count| *count > 0),
            processor_model: find(&processors, "model name").map(str::to_owned),
            memory_bytes: kibibytes.map(|kibibytes| kibibytes * 1024),
        }
    }
}

/// Who answers for a client's host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerIdentity {
    /// The machine, as far as the server tells.
    pub machine: HostIdentity,
    /// The server's release, as in `fio-3.33`.
    pub release: String,
    /// Version of the protocol that was spoken.
    pub protocol_version: u16,
}

/// The value of the first line `name: value`.
fn find<'t>(lines: &'t str, name: &str) -> Option<&'t str> {
    lines.lines().find_map(|line| value_of(line, name))
}

fn value_of<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    let (before, value) = line.split_once(':')?;
    (before.trim_end() == name).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_has_a_name_a_kernel_and_memory() {
        let identity = HostIdentity::of_this_host();
        assert!(!identity.host_name.is_empty());
        assert_eq!(identity.operating_system.as_deref(), Some("Linux"));
        assert!(
            identity
                .kernel_release
                .is_some_and(|release| release.contains('.'))
        );
        assert!(identity.processors.is_some_and(|count| count > 0));
        assert!(identity.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
    }

    #[test]
    fn text_beyond_the_limit_is_left_out() {
        let mut background = ServerBackground::default();
        let most = ServerBackground::MOST_TEXT;
        background.add_text(&vec![b'a'; most - 1]);
        background.add_text("é".as_bytes());
        assert_eq!(background.text.len(), most - 1);
        background.add_text(b"bc");
        assert_eq!(background.text.len(), most);
    }

    #[test]
    fn values_are_found_by_their_whole_name() {
        let lines = "model\t\t: 85\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(find(lines, "model name"), Some("Some CPU @ 2 GHz"));
        assert_eq!(find(lines, "model"), Some("85"));
        assert_eq!(find(lines, "name"), None);
    }
}
