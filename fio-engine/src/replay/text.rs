//! Lines of an I/O log in versions 2 and 3.

use std::io::{self, BufRead, Read};

use super::reader::{Io, Item};
use crate::direction::Direction;
use crate::workload::RequestKind;

/// The most bytes of a line: a path and four numbers fit.
const LONGEST_LINE: u64 = 8192;

/// Below this, fio does not wait.
const SHORTEST_WAIT: u64 = 100;

/// Version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Lines without times; `wait` lines.
    Two,
    /// Every line begins with microseconds since the beginning.
    Three,
}

impl Version {
    /// What the first line says.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        match line.trim_ascii_end() {
            b"fio version 2 iolog" => Some(Self::Two),
            b"fio version 3 iolog" => Some(Self::Three),
            _ => None,
        }
    }
}

/// Reads the lines behind the first.
#[derive(Debug)]
pub(super) struct TextLog<R> {
    input: R,
    version: Version,
    line: Vec<u8>,
    /// Of the line last read, from 1.
    number: u64,
    /// When the following I/Os are due, in nanoseconds (version 2).
    waited: u64,
}

impl<R: BufRead> TextLog<R> {
    pub(super) fn new(input: R, version: Version) -> Self {
        Self {
            input,
            version,
            line: Vec::with_capacity(256),
            number: 1,
            waited: 0,
        }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// Number of the line last read, from 1.
    pub(super) fn line_number(&self) -> u64 {
        self.number
    }

    /// The next line that means something; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Item<'_>>> {
        loop {
            if !self.read_line()? {
                return Ok(None);
            }
            let Some(milliseconds) = self.wait() else {
                break;
            };
            if milliseconds >= SHORTEST_WAIT {
                self.waited = milliseconds.saturating_mul(1_000_000);
            }
        }
        let item = match parse(&self.line, self.version) {
            Some(Line::File(name)) => Item::File(name),
            Some(Line::Io(mut io)) => {
                if self.version == Version::Two {
                    io.at = self.waited;
                }
                Item::Io(io)
            }
            Some(Line::Wait(_)) | None => Item::Ignored(&self.line),
        };
        Ok(Some(item))
    }

    /// What the line says if it is one that waits.
    fn wait(&self) -> Option<u64> {
        match self.version {
            Version::Three => None,
            Version::Two => match parse(&self.line, self.version) {
                Some(Line::Wait(milliseconds)) => Some(milliseconds),
                _ => None,
            },
        }
    }

    /// Reads a line without its end; whether there was one. Of a line that is too long only the
    /// beginning is kept, which then means nothing.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut limited = Read::take(&mut self.input, LONGEST_LINE);
        if limited.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.line.len() as u64 == LONGEST_LINE && !self.line.ends_with(b"\n") {
            self.skip_line()?;
            self.line.truncate(60);
            self.line.insert(0, b'?');
        }
        while self.line.last().is_some_and(u8::is_ascii_whitespace) {
            self.line.pop();
        }
        Ok(true)
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let seen = self.input.fill_buf()?;
            let end = seen.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(seen.len(), |end| end + 1);
            let done = end.is_some() || seen.is_empty();
            self.input.consume(count);
            if done {
                return Ok(());
            }
        }
    }
}

/// What one line says.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// A file is added, opened or closed.
    File(&'a [u8]),
    Io(Io<'a>),
    /// Milliseconds after the beginning.
    Wait(u64),
}

/// `None` for a line that means nothing.
fn parse(line: &[u8], version: Version) -> Option<Line<'_>> {
    let (at, rest) = match version {
        Version::Two => (0, line.trim_ascii_start()),
        Version::Three => {
            let (stamp, rest) = word(line)?;
            (number(stamp)?.checked_mul(1000)?, rest)
        }
    };
    let (name, rest) = word(rest)?;
    let (action, after) = word(rest)?;
    let known = parse_action(at, name, action, after, version);
    known.or_else(|| {
        parse_from_end(
            at,
            &line[line.len() - rest.len() - name.len() - 1..],
            version,
        )
    })
}

fn parse_action<'a>(
    at: u64,
    name: &'a [u8],
    action: &[u8],
    after: &[u8],
    version: Version,
) -> Option<Line<'a>> {
    let kind = match action {
        b"add" | b"open" | b"close" => return Some(Line::File(name)),
        b"read" => RequestKind::Data(Direction::Read),
        b"write" => RequestKind::Data(Direction::Write),
        b"trim" => RequestKind::Data(Direction::Trim),
        b"sync" => RequestKind::Fsync,
        b"datasync" => RequestKind::Fdatasync,
        b"wait" if version == Version::Two => {
            let (time, _) = word(after)?;
            return Some(Line::Wait(number(time)?));
        }
        _ => return None,
    };
    let (offset, after) = word(after)?;
    let (length, _) = word(after)?;
    let (offset, length) = (number(offset)?, number(length)?);
    // A transfer of nothing is none.
    let moves = matches!(kind, RequestKind::Data(_));
    if moves
        && (length == 0
            || offset
                .checked_add(length)
                .is_none_or(|end| end > i64::MAX as u64))
    {
        return None;
    }
    Some(Line::Io(Io {
        at,
        kind,
        name,
        offset,
        length,
    }))
}

/// Names with blanks, which only we write: what comes last tells where they end.
fn parse_from_end(at: u64, line: &[u8], version: Version) -> Option<Line<'_>> {
    let blanks = |byte: &u8| byte.is_ascii_whitespace();
    let split = |text: &[u8]| text.iter().rposition(blanks);
    let last = split(line)?;
    if matches!(&line[last + 1..], b"add" | b"open" | b"close") {
        return Some(Line::File(line[..last].trim_ascii()));
    }
    let second = split(&line[..last])?;
    let third = split(&line[..second])?;
    let name = line[..third].trim_ascii();
    let action = &line[third + 1..second];
    parse_action(at, name, action, &line[second..], version).filter(|_| !name.is_empty())
}

/// The next word, and what follows it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(at: u64, kind: RequestKind, name: &[u8], offset: u64, length: u64) -> Option<Line<'_>> {
        Some(Line::Io(Io {
            at,
            kind,
            name,
            offset,
            length,
        }))
    }

    #[test]
    fn lines_are_read() {
        use Version::{Three, Two};
        let read = RequestKind::Data(Direction::Read);
        let trim = RequestKind::Data(Direction::Trim);
        let table = [
            ("27 /f add", Three, Some(Line::File(&b"/f"[..]))),
            ("/f close", Two, Some(Line::File(b"/f"))),
            (
                "135 /f read 8192 4096",
                Three,
                io(135_000, read, b"/f", 8192, 4096),
            ),
            (
                "135 /f read 0 512 more",
                Three,
                io(135_000, read, b"/f", 0, 512),
            ),
            ("/f trim 0 512", Two, io(0, trim, b"/f", 0, 512)),
            (
                "/f sync 4096 0",
                Two,
                io(0, RequestKind::Fsync, b"/f", 4096, 0),
            ),
            (
                "1 f datasync 0 0",
                Three,
                io(1000, RequestKind::Fdatasync, b"f", 0, 0),
            ),
            ("/f wait 1000 0", Two, Some(Line::Wait(1000))),
            ("1 /a b add", Three, Some(Line::File(b"/a b"))),
            ("1 /a b read 0 512", Three, io(1000, read, b"/a b", 0, 512)),
        ];
        for (text, version, expected) in table {
            assert_eq!(parse(text.as_bytes(), version), expected, "{text}");
        }
    }

    #[test]
    fn lines_without_meaning_are_passed_over() {
        let lines = [
            "",
            "garbage",
            "1",
            "1 /f",
            "1 /f frob 0 0",
            "1 /f read 0",
            "1 /f read 0x10 512",
            "1 /f read -5 10",
            "1 /f read 0 0",
            "1 /f wait 1000 0",
            "x /f read 0 512",
            "1 /f read 9223372036854775807 512",
            "1 /f read 99999999999999999999 1",
            "a b c d e f",
        ];
        for line in lines {
            assert_eq!(parse(line.as_bytes(), Version::Three), None, "{line}");
        }
    }

    #[test]
    fn a_line_of_any_length_takes_bounded_memory() {
        let text = [vec![b'a'; 1 << 20], b"\n1 /f read 0 512\n".to_vec()].concat();
        let mut log = TextLog::new(&text[..], Version::Three);
        assert!(matches!(log.next().unwrap(), Some(Item::Ignored(_))));
        assert!(log.line.capacity() <= 2 * LONGEST_LINE as usize);
        assert!(matches!(log.next().unwrap(), Some(Item::Io(_))));
        assert_eq!((log.line_number(), log.next().unwrap()), (3, None));
    }
}
