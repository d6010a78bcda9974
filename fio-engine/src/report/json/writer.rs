//! A JSON writer with fio's layout, which some readers of fio's output depend on.
//!
//! ```text
//! {
//!   "key" : "value",
//!   "share" : 12.500000,
//!   "nested" : {
//!     "count" : 3
//!   },
//!   "empty" : [
//!
//!   ]
//! }
//! ```

use std::fmt::{self, Display, Write};

/// Writes one document, element by element, in the order of the calls.
pub(super) struct JsonWriter<'a> {
    out: &'a mut dyn Write,
    depth: usize,
    /// Nothing has been written into the innermost object or array yet.
    empty: bool,
}

impl<'a> JsonWriter<'a> {
    /// Writes a document: an object whose members `fill` writes, and a newline.
    pub(super) fn document(
        out: &'a mut dyn Write,
        fill: impl FnOnce(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        let mut writer = Self {
            out,
            depth: 0,
            empty: true,
        };
        writer.nested(['{', '}'], fill)?;
        writer.out.write_char('\n')
    }

    /// Writes an object that stands this deep in a document, for [`written_element`](Self::written_element).
    pub(super) fn fragment(
        out: &'a mut dyn Write,
        depth: usize,
        fill: impl FnOnce(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        let mut writer = Self {
            out,
            depth,
            empty: true,
        };
        writer.nested(['{', '}'], fill)
    }

    /// A member that is an object.
    pub(super) fn object(
        &mut self,
        key: &str,
        fill: impl FnOnce(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        self.key(key)?;
        self.nested(['{', '}'], fill)
    }

    /// A member that is an array.
    pub(super) fn array(
        &mut self,
        key: &str,
        fill: impl FnOnce(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        self.key(key)?;
        self.nested(['[', ']'], fill)
    }

    /// An element of an array that is an object.
    pub(super) fn element(&mut self, fill: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.next_line()?;
        self.nested(['{', '}'], fill)
    }

    /// An element of an array that was written before, as deep as it stands here.
    pub(super) fn written_element(&mut self, text: &str) -> fmt::Result {
        self.next_line()?;
        self.out.write_str(text)
    }

    /// An element of an array that is an integer.
    pub(super) fn integer_element(&mut self, value: impl Into<i128>) -> fmt::Result {
        self.next_line()?;
        write!(self.out, "{}", value.into())
    }

    /// A member that is an integer.
    pub(super) fn integer(&mut self, key: impl Display, value: impl Into<i128>) -> fmt::Result {
        self.key(key)?;
        write!(self.out, "{}", value.into())
    }

    /// A member that is a float, with six decimals. JSON has no infinities; they become 0.
    pub(super) fn float(&mut self, key: impl Display, value: f64) -> fmt::Result {
        self.key(key)?;
        let value = if value.is_finite() { value } else { 0.0 };
        write!(self.out, "{value:.6}")
    }

    /// A member that is a string.
    pub(super) fn string(&mut self, key: &str, value: &str) -> fmt::Result {
        self.key(key)?;
        self.quoted(value)
    }

    fn nested(
        &mut self,
        [open, close]: [char; 2],
        fill: impl FnOnce(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        self.out.write_char(open)?;
        self.depth += 1;
        self.empty = true;
        fill(self)?;
        self.depth -= 1;
        if self.empty {
            self.out.write_char('\n')?;
        }
        self.empty = false;
        self.out.write_char('\n')?;
        self.indent()?;
        self.out.write_char(close)
    }

    fn key(&mut self, key: impl Display) -> fmt::Result {
        self.next_line()?;
        self.quoted(&key.to_string())?;
        self.out.write_str(" : ")
    }

    fn next_line(&mut self) -> fmt::Result {
        self.out.write_str(if self.empty { "\n" } else { ",\n" })?;
        self.empty = false;
        self.indent()
    }

    fn indent(&mut self) -> fmt::Result {
        (0..self.depth).try_for_each(|_| self.out.write_str("  "))
    }

    fn quoted(&mut self, text: &str) -> fmt::Result {
        self.out.write_char('"')?;
        for character in text.chars() {
            match character {
                '"' => self.out.write_str("\\\"")?,
                '\\' => self.out.write_str("\\\\")?,
                '\n' => self.out.write_str("\\n")?,
                '\r' => self.out.write_str("\\r")?,
                '\t' => self.out.write_str("\\t")?,
                control if control < ' ' => write!(self.out, "\\u{:04x}", u32::from(control))?,
                other => self.out.write_char(other)?,
            }
        }
        self.out.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_the_one_shown_above() {
        let mut text = String::new();
        JsonWriter::document(&mut text, |json| {
            json.string("key", "value")?;
            json.float("share", 12.5)?;
            json.object("nested", |json| json.integer("count", 3))?;
            json.array("empty", |_| Ok(()))
        })
        .expect("strings take all");
        assert_eq!(
            text,
            "{\n  \"key\" : \"value\",\n  \"share\" : 12.500000,\n  \"nested\" : {\n    \
             \"count\" : 3\n  },\n  \"empty\" : [\n\n  ]\n}\n"
        );
    }

    #[test]
    fn elements_may_have_been_written_before() {
        let mut element = String::new();
        let fill = |json: &mut JsonWriter<'_>| {
            json.integer("a", 1)?;
            json.object("b", |_| Ok(()))
        };
        JsonWriter::fragment(&mut element, 2, fill).expect("strings take all");
        let document = |write: fn(&mut JsonWriter<'_>, &str) -> fmt::Result| {
            let mut text = String::new();
            JsonWriter::document(&mut text, |json| {
                json.array("list", |json| {
                    write(json, &element)?;
                    write(json, &element)
                })
            })
            .expect("strings take all");
            text
        };
        let at_once = |json: &mut JsonWriter<'_>, _: &str| {
            json.element(|json| {
                json.integer("a", 1)?;
                json.object("b", |_| Ok(()))
            })
        };
        assert_eq!(
            document(|json, element| json.written_element(element)),
            document(at_once)
        );
    }

    #[test]
    fn strings_are_escaped_and_infinities_replaced() {
        let mut text = String::new();
        JsonWriter::document(&mut text, |json| {
            json.string("a\"", "tab\t, \\, \u{1}, ä")?;
            json.float("f", f64::INFINITY)?;
            json.float("n", f64::NAN)
        })
        .expect("strings take all");
        assert_eq!(
            text,
            "{\n  \"a\\\"\" : \"tab\\t, \\\\, \\u0001, ä\",\n  \"f\" : 0.000000,\n  \
             \"n\" : 0.000000\n}\n"
        );
    }
}
