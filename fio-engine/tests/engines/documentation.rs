//! The page about engines says what there is, no more and no less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fio_engine::io::Engines;
use fio_engine::job::help::options_of_engine;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/engines.md");
    fs::read_to_string(path).expect("the page about engines")
}

/// The first column of the tables in a text: whatever stands there in backticks, without a value.
fn first_column(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" |").next());
    let names = cells.flat_map(|cell| cell.split(", "));
    let plain = |name: &str| {
        let word = name.trim_matches('`').split(['=', '`']).next();
        word.unwrap_or_default().to_owned()
    };
    names.map(plain).collect()
}

#[test]
fn every_engine_has_a_row_and_a_section() {
    let page = page();
    let engines = Engines::standard();
    let known: BTreeSet<String> = engines.names().map(str::to_owned).collect();
    let overview = page.split("\n## ").next().expect("a beginning");
    assert_eq!(first_column(overview), known);
    let sections: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .filter(|title| !title.contains(' '))
        .map(str::to_owned)
        .collect();
    assert_eq!(sections, known);
}

#[test]
fn the_overview_says_which_engines_keep_ios_in_flight() {
    let page = page();
    let engines = Engines::standard();
    for engine in engines.names() {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{engine}`")))
            .expect("a row");
        let deep = row.contains("| `iodepth` |");
        assert_eq!(Some(deep), engines.keeps_in_flight(engine), "{engine}");
    }
}

#[test]
fn every_section_has_the_options_of_its_engine() {
    let page = page();
    for section in page.split("\n## ").skip(1) {
        let title = section.lines().next().expect("a title");
        if title.contains(' ') {
            continue;
        }
        let written = first_column(section);
        let working = options_of_engine(title).filter(|option| option.is_supported());
        let working: BTreeSet<String> = working.map(|option| option.name.to_owned()).collect();
        assert_eq!(written, working, "{title}");
        if working.is_empty() {
            let said = section.replace('\n', " ");
            assert!(said.contains("no options of its own"), "{title}");
        }
    }
}
