//! The standard error: errors, warnings and the status line that is rewritten in place.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cli::When;

/// Prints one line to the standard error. That it may be closed is no reason to stop measuring.
pub fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A line of progress at the bottom of a terminal, or lines of progress at an interval.
#[derive(Debug)]
pub struct StatusLine {
    /// Rewrite a line in place.
    live: bool,
    /// The standard error is a terminal, so that a line can be rewritten rather than repeated.
    terminal: bool,
    every: Option<Duration>,
    last_line: Instant,
    last_draw: Option<Instant>,
    /// Columns the live line takes at the moment.
    shown: usize,
}

/// A live line is drawn at most this often: ten times a second.
const REDRAW: Duration = Duration::from_millis(100);

/// Without a terminal, `--eta always` prints a line this often.
const REPEAT: Duration = Duration::from_secs(1);

impl StatusLine {
    /// `when` decides about the live line; `every` asks for a lasting line at that interval.
    #[must_use]
    pub fn new(when: When, every: Option<Duration>, now: Instant) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let live = match when {
            When::Auto => terminal,
            When::Always => true,
            When::Never => false,
        };
        Self {
            live,
            terminal,
            every,
            last_line: now,
            last_draw: None,
            shown: 0,
        }
    }

    /// Whether anything is ever shown, so that a caller need not compose lines for nobody.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.live || self.every.is_some()
    }

    /// Shows `line` where one is due; call it as often as wanted.
    pub fn update(&mut self, now: Instant, line: impl FnOnce() -> String) {
        let lasting = self
            .every
            .is_some_and(|every| now.duration_since(self.last_line) >= every);
        let pause = if self.terminal { REDRAW } else { REPEAT };
        let live = self.live
            && self
                .last_draw
                .is_none_or(|last| now.duration_since(last) >= pause);
        if !lasting && !live {
            return;
        }
        let line = line();
        if lasting {
            self.clear();
            complain(&line);
            self.last_line = now;
        }
        if live {
            self.draw(&line);
            self.last_draw = Some(now);
        }
    }

    fn draw(&mut self, line: &str) {
        let mut stderr = anstream::stderr();
        if !self.terminal {
            let _ = writeln!(stderr, "{line}");
            return;
        }
        let width = terminal_width().saturating_sub(1);
        let line: String = line.chars().take(width).collect();
        let length = line.chars().count();
        let blanks = self.shown.saturating_sub(length);
        let _ = write!(stderr, "\r{line}{:blanks$}\r", "");
        let _ = stderr.flush();
        self.shown = length;
    }

    /// Takes the live line away, before anything else is printed and at the end.
    pub fn clear(&mut self) {
        if self.shown > 0 {
            let mut stderr = anstream::stderr();
            let _ = write!(stderr, "\r{:width$}\r", "", width = self.shown);
            let _ = stderr.flush();
            self.shown = 0;
            self.last_draw = None;
        }
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.clear();
    }
}

fn terminal_width() -> usize {
    // Terminals that do not know their width say 0.
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_composed_only_when_due() {
        let start = Instant::now();
        let every = Some(Duration::from_secs(5));
        let mut status = StatusLine {
            terminal: false,
            ..StatusLine::new(When::Never, every, start)
        };
        let mut composed = 0;
        for second in 0..=11 {
            status.update(start + Duration::from_secs(second), || {
                composed += 1;
                format!("line {composed}")
            });
        }
        assert_eq!(composed, 2);
        assert!(!StatusLine::new(When::Never, None, start).is_active());
        assert!(StatusLine::new(When::Always, None, start).is_active());
    }
}
