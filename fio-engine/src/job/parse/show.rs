//! Job files printed as command lines, in the form of `fio --showcmd`.
//!
//! Facts of fio 3.33, found by comparing: the options of a section have the order that reports have them in. Every `[global]` section stands for all that has been said for all jobs so far. A
//! description stands in quotes, and nothing else does.

use super::section::GivenOption;

/// An option of a section whose variables have been replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct AppliedOption {
    /// Its main name.
    pub(super) name: String,
    /// `None` where there is no equals sign.
    pub(super) value: Option<String>,
}

impl AppliedOption {
    /// An option that only an engine knows which is not here.
    pub(super) fn of_absent_engine(given: &GivenOption<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            name: text(given.name),
            value: given.value.map(text),
        }
    }

    /// As reports show it.
    pub(super) fn recorded(self) -> (String, String) {
        (self.name, self.value.unwrap_or_default())
    }

    fn word(&self) -> String {
        match (&self.value, self.name.as_str()) {
            (Some(value), "description") => format!("--description=\"{value}\" "),
            (Some(value), name) => format!("--{name}={value} "),
            (None, name) => format!("--{name} "),
        }
    }
}

/// The lines printed so far.
#[derive(Debug, Default)]
pub(super) struct CommandLines {
    text: String,
    files: usize,
    /// Options of words before the first name, which hold for the first file.
    of_words: String,
    /// What holds for all jobs of the file so far.
    global: String,
}

impl CommandLines {
    /// Begins the line of a file.
    pub(super) fn begin_file(&mut self) {
        if self.files > 0 {
            self.text.push('\n');
        }
        self.files += 1;
        self.text += "fio ";
        self.global = std::mem::take(&mut self.of_words);
    }

    /// Adds a section: a job by its name, or a global one.
    pub(super) fn section(
        &mut self,
        of_words: bool,
        name: Option<&str>,
        options: &[AppliedOption],
    ) {
        let words: String = options.iter().map(AppliedOption::word).collect();
        match (of_words, name) {
            (true, None) => self.of_words += &words,
            // Jobs of words are in no file.
            (true, Some(_)) => {}
            (false, Some(name)) => self.text += &format!("--name={name} {words}"),
            (false, None) => {
                self.global += &words;
                self.text += &self.global;
            }
        }
    }

    pub(super) fn finish(mut self) -> String {
        if self.files > 0 {
            self.text.push('\n');
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use crate::job::{ParseOptions, show_command_lines};

    /// The lines of one file, with these words before it.
    fn shown(words: &[&str], text: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.fio");
        std::fs::write(&path, text).expect("writable");
        let mut all: Vec<_> = words.iter().map(std::ffi::OsString::from).collect();
        all.push(path.into());
        show_command_lines(&all, &ParseOptions::default()).expect("a good file")
    }

    #[test]
    fn lines_are_those_of_fio() {
        for (words, text, line) in [
            (
                &[][..],
                "[a]\nfilename=f\nsize=1m\nkb_base=1000\nthread\ndescription=a b\n",
                "fio --name=a --kb_base=1000 --size=1m --thread --description=\"a b\" --filename=f \n",
            ),
            (
                &[],
                "[a]\nioengine=libaio\nuserspace_reap\nfilename=x\n",
                "fio --name=a --ioengine=libaio --filename=x --userspace_reap \n",
            ),
            (
                &["--blocksize=8k", "--name=x", "--rw=read"],
                "[global]\nsize=1\n[global]\nthread=0\n[a]\nrw=write\n",
                "fio --bs=8k --size=1 --bs=8k --size=1 --thread=0 --name=a --rw=write \n",
            ),
            // Not here, but fio's.
            (
                &[],
                "[a]\nioengine=http\nhttp_host=x\nexec_prerun=ls -l\nverify=md5\n",
                "fio --name=a --ioengine=http --exec_prerun=ls -l --verify=md5 --http_host=x \n",
            ),
            (
                &["--section=b"],
                "[global]\nsize=1\n[a]\n[b]\n",
                "fio --size=1 --name=b \n",
            ),
            (
                &["--section=c"],
                "[global]\nsize=1\n[a]\n",
                "fio --size=1 \n",
            ),
        ] {
            assert_eq!(shown(words, text), line, "{words:?} {text}");
        }
    }

    #[test]
    fn bad_files_are_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.fio");
        for text in ["[a]\nnosuch=1\n", "[a]\nbs=abc\n", "size=1\n", "[a\n"] {
            std::fs::write(&path, text).expect("writable");
            let shown = show_command_lines(&[&path], &ParseOptions::default());
            assert!(shown.is_err(), "{text}");
        }
    }
}
