//! The job files in `examples/` are good job files.

use std::path::Path;

use fio_engine::job::{JobSource, ParseOptions, parse_jobs};

#[test]
fn every_example_is_understood_without_a_remark() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("there are examples") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "fio") {
            continue;
        }
        let parsed = parse_jobs(&[JobSource::file(&path)], &ParseOptions::default())
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(!parsed.jobs.is_empty());
        assert!(
            parsed.notices.is_empty(),
            "{}: {:?}",
            path.display(),
            parsed.notices
        );
        names.push(
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    assert_eq!(
        names,
        ["database", "latency", "mixed", "quickstart", "streaming"]
    );
}
