//! The standard error: errors, warnings and the status line that is rewritten in place. fio's own status line
//! is on the standard output.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cli::When;

/// Prints one line to the standard error. That it may be closed is no reason to stop measuring.
pub fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A detail that `--debug` asks for, in the layout of fio's lines: what it belongs to, the process or thread, and
/// what happened.
#[must_use]
pub fn debug_line(category: &str, process: u32, what: &str) -> String {
    format!("{category:<8} {process:<5} {what}")
}

/// When and how a status line is shown.
#[derive(Debug, Clone, Copy)]
pub struct StatusStyle {
    /// Whether there is a live line.
    pub when: When,
    /// Pause between two live lines, if it is not the usual one.
    pub pause: Option<Duration>,
    /// Interval of lasting lines, if there are any.
    pub lasting: Option<Duration>,
    /// As fio has it: on the standard output, each line written over the one before wherever that goes.
    pub as_fio: bool,
}

/// A line of progress at the bottom of a terminal, or lines of progress at an interval.
#[derive(Debug)]
pub struct StatusLine {
    style: StatusStyle,
    /// Show a live line.
    live: bool,
    /// It goes to a terminal, so that a line can be rewritten rather than repeated.
    terminal: bool,
    last_line: Instant,
    last_draw: Option<Instant>,
    /// Columns the live line takes at the moment.
    shown: usize,
}

/// A live line is drawn at most this often: ten times a second.
const REDRAW: Duration = Duration::from_millis(100);

/// Without a terminal, and as fio has it, `--eta always` prints a line this often.
const REPEAT: Duration = Duration::from_secs(1);

impl StatusLine {
    /// A line of this style; the first lasting line is due its interval after `now`.
    #[must_use]
    pub fn new(style: StatusStyle, now: Instant) -> Self {
        let terminal = if style.as_fio {
            io::stdout().is_terminal()
        } else {
            io::stderr().is_terminal()
        };
        let live = match style.when {
            When::Auto => terminal,
            When::Always => true,
            When::Never => false,
        };
        Self {
            style,
            live,
            terminal,
            last_line: now,
            // fio's first line comes behind those that announce the jobs.
            last_draw: style.as_fio.then_some(now),
            shown: 0,
        }
    }

    /// Whether anything is ever shown, so that a caller need not compose lines for nobody.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.live || (self.style.lasting.is_some() && !self.style.as_fio)
    }

    /// Shows `line` where one is due; call it as often as wanted.
    pub fn update(&mut self, now: Instant, line: impl FnOnce() -> String) {
        let lasting = self
            .style
            .lasting
            .is_some_and(|every| now.duration_since(self.last_line) >= every);
        if self.style.as_fio {
            return self.update_as_fio(now, lasting, line);
        }
        let usual = if self.terminal { REDRAW } else { REPEAT };
        let pause = self.style.pause.unwrap_or(usual);
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

    /// fio's lasting lines are live ones with a line break behind.
    fn update_as_fio(&mut self, now: Instant, lasting: bool, line: impl FnOnce() -> String) {
        let pause = self.style.pause.unwrap_or(REPEAT);
        let is_due = |last: Instant| now.duration_since(last) >= pause;
        if !self.live || !self.last_draw.is_none_or(is_due) {
            return;
        }
        let line = line();
        let blanks = self.shown.saturating_sub(line.chars().count());
        let end = if lasting { "\n" } else { "" };
        let mut stdout = io::stdout();
        // Whoever reads the results will hear of it.
        let _ = write!(stdout, "{line}{:blanks$}\r{end}", "").and_then(|()| stdout.flush());
        self.shown = line.chars().count();
        self.last_draw = Some(now);
        if lasting {
            self.last_line = now;
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
        if self.shown > 0 && !self.style.as_fio {
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
    match rustix::termios::tcgetwinsize(io::stderr()) {
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
        let style = |when, lasting| StatusStyle {
            when,
            pause: None,
            lasting,
            as_fio: false,
        };
        let every = Some(Duration::from_secs(5));
        let mut status = StatusLine {
            terminal: false,
            ..StatusLine::new(style(When::Never, every), start)
        };
        let mut composed = 0;
        for second in 0..=11 {
            status.update(start + Duration::from_secs(second), || {
                composed += 1;
                format!("line {composed}")
            });
        }
        assert_eq!(composed, 2);
        assert!(!StatusLine::new(style(When::Never, None), start).is_active());
        let as_fio = StatusStyle {
            as_fio: true,
            ..style(When::Always, None)
        };
        let mut status = StatusLine::new(as_fio, start);
        status.update(start, || unreachable!("nothing is due yet"));
        let mut composed = false;
        status.update(start + REPEAT, || {
            composed = true;
            String::new()
        });
        assert!(composed);
        assert!(StatusLine::new(style(When::Always, None), start).is_active());
    }
}
