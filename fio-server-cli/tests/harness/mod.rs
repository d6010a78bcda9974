//! What harnesses that test fio do with it: they run it, look at what it leaves, and assert what must hold. Each
//! test here asserts the same of Debian's fio and of this program in fio's form.

mod debug;
mod logs;
mod percentiles;
mod readonly;
mod steady_state;
mod zones;

use serde_json::Value;

use crate::comparison::{fio, fio_is_there};
use crate::util::{Finished, Folder};

/// A program that has ended, with the folder it ran in.
struct Ran {
    who: &'static str,
    folder: Folder,
    finished: Finished,
}

/// Runs Debian's fio and this program with these words, each in a folder with this job file; nothing without fio.
fn both(job: &str, words: &[&str]) -> Vec<Ran> {
    if !fio_is_there() {
        return Vec::new();
    }
    let run = |who, run: &dyn Fn(&Folder) -> Finished| {
        let folder = Folder::new();
        folder.file("job.fio", job);
        let finished = run(&folder);
        Ran {
            who,
            folder,
            finished,
        }
    };
    // fio spends some of its time in calibrating its clock, and both wait for their jobs.
    std::thread::scope(|scope| {
        let theirs = scope.spawn(|| run("fio", &|folder| fio(folder, words)));
        let ours = run("here", &|folder| folder.run([&["fio"], words].concat()));
        vec![theirs.join().expect("no panic"), ours]
    })
}

impl Ran {
    /// The jobs of its JSON document.
    #[track_caller]
    fn jobs(&self) -> Vec<Value> {
        assert_eq!(
            self.finished.code,
            Some(0),
            "{}: {:#?}",
            self.who,
            self.finished
        );
        let document = self.finished.json();
        document["jobs"].as_array().expect("jobs").clone()
    }

    /// A file it has left.
    #[track_caller]
    fn file(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        let text = std::fs::read_to_string(&path);
        text.unwrap_or_else(|error| panic!("{}: {name}: {error}", self.who))
    }
}

/// A number in JSON, also one in a string with a percent sign behind it.
#[track_caller]
fn number(value: &Value) -> f64 {
    let in_text = |text: &str| text.trim_end_matches('%').parse().ok();
    let number = value.as_f64().or_else(|| value.as_str().and_then(in_text));
    number.unwrap_or_else(|| panic!("no number: {value}"))
}

/// The fields of the lines of a log.
fn rows(log: &str) -> Vec<Vec<u64>> {
    let fields = |line: &str| {
        let fields = line
            .split(", ")
            .map(|field| field.parse().expect("a number"));
        fields.collect()
    };
    log.lines().map(fields).collect()
}
