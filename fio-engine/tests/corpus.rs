//! Every seed and every find of the fuzzers, replayed.
//!
//! Needs the feature `_fuzzing`, which the crate's own tests switch on.

use std::fs;
use std::path::Path;

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.expect("a readable folder").path())
        .collect();
    files.sort();
    assert!(files.len() >= 5, "{} has too few files", folder.display());
    for file in files {
        println!("{}", file.display());
        entry(&fs::read(&file).expect("a readable file"));
    }
}

#[test]
fn job_files() {
    replay("job_file", fio_engine::fuzzing::job_file);
}

#[test]
fn command_lines() {
    replay("command_line", fio_engine::fuzzing::command_line);
}
