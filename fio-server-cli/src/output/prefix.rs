//! The text servers send, made into lines that say whose they are.

/// Puts `<host> ` before each line of a text that arrives in pieces.
///
/// fio servers before 3.11 send a line in several pieces (`Starting `, `1 process`, a line break).
/// A piece is held back until its line is complete, so that lines of several hosts never mix.
#[derive(Debug)]
pub struct LinePrefixer {
    prefix: String,
    partial: Vec<u8>,
}

/// A line longer than this is passed on in parts rather than held back.
const LONGEST_LINE: usize = 64 << 10;

impl LinePrefixer {
    /// Lines of the host that users know as `host`.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            prefix: format!("<{host}> "),
            partial: Vec::new(),
        }
    }

    /// Lines without a prefix.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            prefix: String::new(),
            partial: Vec::new(),
        }
    }

    /// Whether the next piece begins a line.
    #[must_use]
    pub const fn is_at_line_start(&self) -> bool {
        self.partial.is_empty()
    }

    /// Takes a piece of text and returns the lines it completes, prefixed, with their line breaks.
    pub fn push(&mut self, text: &[u8]) -> String {
        self.partial.extend_from_slice(text);
        let complete = match self.partial.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            None if self.partial.len() > LONGEST_LINE => self.partial.len(),
            None => return String::new(),
        };
        let rest = self.partial.split_off(complete);
        let lines = std::mem::replace(&mut self.partial, rest);
        self.prefixed(&lines)
    }

    /// Returns what is held back, as a complete line; empty if there is nothing.
    pub fn finish(&mut self) -> String {
        let lines = std::mem::take(&mut self.partial);
        self.prefixed(&lines)
    }

    fn prefixed(&self, lines: &[u8]) -> String {
        let mut out = String::new();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            out.push_str(&self.prefix);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            out.extend(String::from_utf8_lossy(line).chars().map(printable));
            out.push('\n');
        }
        out
    }
}

/// A peer must not be able to move the cursor or rename the terminal.
fn printable(character: char) -> char {
    match character {
        '\t' => '\t',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines() {
        let mut prefixer = LinePrefixer::new("a");
        assert_eq!(prefixer.push(b"Starting "), "");
        assert_eq!(prefixer.push(b"1 process"), "");
        assert_eq!(
            prefixer.push(b"\nnext\nlast"),
            "<a> Starting 1 process\n<a> next\n"
        );
        assert_eq!(prefixer.finish(), "<a> last\n");
        assert_eq!(prefixer.finish(), "");
    }

    #[test]
    fn an_empty_line_keeps_its_prefix() {
        assert_eq!(LinePrefixer::new("a").push(b"\n"), "<a> \n");
    }

    #[test]
    fn a_peer_cannot_steer_the_terminal() {
        let mut prefixer = LinePrefixer::plain();
        assert_eq!(
            prefixer.push(b"a\x1b[2Jb\t\xff\r\n"),
            "a\u{fffd}[2Jb\t\u{fffd}\u{fffd}\n"
        );
    }

    #[test]
    fn an_endless_line_is_passed_on_in_parts() {
        let mut prefixer = LinePrefixer::plain();
        let mut passed = 0;
        for _ in 0..100 {
            passed += prefixer.push(&[b'x'; 4096]).len();
            assert!(prefixer.partial.len() <= LONGEST_LINE);
        }
        assert!(passed > 300_000);
    }
}
