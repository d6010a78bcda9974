//! What a server said first: the reason for what it does next.

use super::driver::printable;

/// The first line of the text a server sends, which may come in pieces.
#[derive(Debug, Default)]
pub(super) struct FirstLine(String);

impl FirstLine {
    /// Takes a piece of text; what follows the first line is no part of it.
    pub(super) fn push(&mut self, text: &str) {
        if !self.0.ends_with('\n') {
            let end = text.find('\n').map_or(text.len(), |end| end + 1);
            self.0.push_str(&text[..end]);
        }
    }

    /// The line without its line break, fit for a terminal; empty if the server said nothing.
    pub(super) fn printable(&self) -> String {
        printable(self.0.trim().as_bytes())
    }

    /// Begins anew: what was said belongs to something that is over.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_may_come_in_pieces() {
        let mut said = FirstLine::default();
        for piece in ["too many ", "clients\x1b\ntry", " later\n"] {
            said.push(piece);
        }
        assert_eq!(said.printable(), "too many clients\u{fffd}");
        said.clear();
        assert_eq!(said.printable(), "");
    }
}
