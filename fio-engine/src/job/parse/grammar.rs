//! The lines of a job file.
//!
//! ```text
//! line    = blank [ section | include | option ] blank [ comment ]
//! comment = ( "#" | ";" ) anything
//! section = "[" name "]"
//! include = "include" ( blank | "=" ) file
//! option  = name blank [ "=" blank value ]
//! ```
//!
//! As in fio a comment begins at the first `#` or `;` anywhere in a line, quotes have no meaning
//! and nothing can be escaped on this level. Lines end with LF or CR LF. Everything a [`Line`]
//! holds is borrowed from the text, which need not be UTF-8.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while};
use nom::character::complete::{char, one_of};
use nom::combinator::{map, opt, peek, rest, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::job::error::Problem;
use crate::job::limits::{Limit, ParseLimits};
use crate::job::shown::shown;

/// What one line of a job file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind<'a> {
    /// `[name]`.
    Section(&'a [u8]),
    /// `include file`.
    Include(&'a [u8]),
    /// `name=value`, or `name` alone.
    Option {
        /// The option's name.
        name: &'a [u8],
        /// What follows the `=`, blanks at both ends removed; `None` without `=`.
        value: Option<&'a [u8]>,
    },
}

/// A line that is not empty, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    /// The column its first character stands in, from 1, in bytes.
    pub(crate) column: usize,
    /// What it says.
    pub(crate) kind: LineKind<'a>,
}

/// A line that cannot be understood.
#[derive(Debug)]
pub(crate) struct LineError {
    pub(crate) number: usize,
    pub(crate) column: usize,
    pub(crate) problem: Problem,
}

/// The lines of a text that say something, one after the other, without looking further than asked.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    line_bytes: usize,
}

impl<'a> Lines<'a> {
    /// Reads `text` from its beginning; a byte order mark is skipped.
    pub(crate) fn new(text: &'a [u8], limits: &ParseLimits) -> Self {
        Self {
            rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text),
            number: 0,
            line_bytes: limits.line_bytes,
        }
    }

    /// Cuts off the next line, comment and blanks removed, with its column. Only as much as a line
    /// may have is searched for its end.
    fn cut(&mut self) -> Result<(&'a [u8], usize), Problem> {
        let window = &self.rest[..self.rest.len().min(self.line_bytes + 1)];
        let end = match window.iter().position(|byte| *byte == b'\n') {
            Some(end) => end,
            None if self.rest.len() > self.line_bytes => {
                return Err(Problem::Limit {
                    limit: Limit::LineBytes,
                    maximum: self.line_bytes as u64,
                });
            }
            None => self.rest.len(),
        };
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        if line.contains(&0) {
            return Err(Problem::NulByte);
        }
        let said = line.split(|byte| matches!(byte, b'#' | b';')).next();
        let said = said.unwrap_or_default();
        let trimmed = said.trim_ascii_start();
        let column = said.len() - trimmed.len() + 1;
        Ok((trimmed.trim_ascii_end(), column))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            self.number += 1;
            let number = self.number;
            let (line, column) = match self.cut() {
                Ok((b"", _)) => continue,
                Ok(line) => line,
                Err(problem) => {
                    // What follows an unreadable line has no meaning.
                    self.rest = &[];
                    return Some(Err(LineError {
                        number,
                        column: 1,
                        problem,
                    }));
                }
            };
            return Some(match kind(line) {
                Ok(kind) => Ok(Line {
                    number,
                    column,
                    kind,
                }),
                Err(problem) => Err(LineError {
                    number,
                    column,
                    problem,
                }),
            });
        }
        None
    }
}

/// What a line says that is neither empty nor a comment.
fn kind(line: &[u8]) -> Result<LineKind<'_>, Problem> {
    if line[0] == b'[' {
        return section(line);
    }
    let parsed: IResult<_, _, ()> = alt((include, option)).parse(line);
    // `option` takes any text, so there is always a result.
    parsed
        .map(|(_, kind)| kind)
        .map_err(|_| Problem::OutsideSection(shown(line)))
}

/// The name ends at the last bracket, so that it may contain brackets, as in fio.
fn section(line: &[u8]) -> Result<LineKind<'_>, Problem> {
    let name = line[1..]
        .strip_suffix(b"]")
        .ok_or_else(|| Problem::UnclosedSection(shown(line)))?
        .trim_ascii();
    if name.is_empty() {
        return Err(Problem::EmptySectionName);
    }
    Ok(LineKind::Section(name))
}

fn include(line: &[u8]) -> IResult<&[u8], LineKind<'_>, ()> {
    let separator = (blanks, opt(terminated(char('='), blanks)));
    map(
        preceded(
            (tag(&b"include"[..]), peek(one_of(" \t=")), separator),
            rest,
        ),
        LineKind::Include,
    )
    .parse(line)
}

fn option(line: &[u8]) -> IResult<&[u8], LineKind<'_>, ()> {
    let name = map(take_till(|byte| byte == b'='), <[u8]>::trim_ascii_end);
    let value = opt(preceded((char('='), blanks), rest));
    map((name, value), |(name, value)| LineKind::Option {
        name,
        value,
    })
    .parse(line)
}

fn blanks(text: &[u8]) -> IResult<&[u8], (), ()> {
    value((), take_while(|byte: u8| byte.is_ascii_whitespace())).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &[u8]) -> Vec<LineKind<'_>> {
        Lines::new(text, &ParseLimits::default())
            .map(|line| line.expect("a good line").kind)
            .collect()
    }

    #[test]
    fn reads_every_kind_of_line() {
        let text = b"\xef\xbb\xbf; first\n[a b] # x\r\n\tbs = 4k ;c\r\nthread\n\n include\tfile\ninclude=other\nincluded=1\nx=";
        assert_eq!(
            kinds(text),
            [
                LineKind::Section(b"a b"),
                LineKind::Option {
                    name: b"bs",
                    value: Some(b"4k")
                },
                LineKind::Option {
                    name: b"thread",
                    value: None
                },
                LineKind::Include(b"file"),
                LineKind::Include(b"other"),
                LineKind::Option {
                    name: b"included",
                    value: Some(b"1")
                },
                LineKind::Option {
                    name: b"x",
                    value: Some(b"")
                },
            ]
        );
    }

    #[test]
    fn counts_lines_and_columns() {
        let lines: Vec<_> = Lines::new(b"\n# c\n  [a]\nb=1", &ParseLimits::default())
            .map(|line| {
                line.map(|line| (line.number, line.column))
                    .expect("a good line")
            })
            .collect();
        assert_eq!(lines, [(3, 3), (4, 1)]);
    }

    #[test]
    fn what_is_kept_is_borrowed() {
        let text = b"[a]\nbs=4k\n".to_vec();
        let range = text.as_ptr_range();
        for kind in kinds(&text) {
            let (LineKind::Section(part) | LineKind::Include(part)) = kind else {
                continue;
            };
            assert!(range.contains(&part.as_ptr()));
        }
    }

    #[test]
    fn brackets_must_close_at_the_end() {
        for (text, good) in [
            (&b"[a]b]"[..], true),
            (b"[a", false),
            (b"[a]x", false),
            (b"[]", false),
            (b"[ ]", false),
        ] {
            let line = Lines::new(text, &ParseLimits::default())
                .next()
                .expect("a line");
            assert_eq!(line.is_ok(), good, "{}", shown(text));
        }
    }
}
