//! Replays the corpora of the fuzz targets through the targets' own code.

use std::path::Path;

use fio_proto::fuzzing;

/// The body of a fuzz target.
type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 6] = [
    ("frame", fuzzing::frame),
    ("join", fuzzing::join),
    ("client_message", fuzzing::client_message),
    ("server_message", fuzzing::server_message),
    ("session", fuzzing::session),
    ("verify_file", fuzzing::verify_file),
];

#[test]
fn every_file_of_every_corpus_passes() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fuzz/corpus")
            .join(name);
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut replayed = 0;
        for entry in entries {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
            replayed += 1;
        }
        assert!(replayed >= 3, "{name} has {replayed} seeds");
    }
}
