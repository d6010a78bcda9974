use super::*;

fn variables(name: &OsStr) -> Option<Vec<u8>> {
    match name.to_str() {
        Some("SIZE") => Some(b"4m".to_vec()),
        Some("BROKEN") => Some(b"a\nb".to_vec()),
        _ => None,
    }
}

fn prepared(files: &[(&str, &str)], sections: &[&str]) -> Result<Vec<JobText>, JobTextError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("writable");
    }
    let sections: Vec<_> = sections
        .iter()
        .map(|section| (*section).to_owned())
        .collect();
    prepare(
        &[folder.path().join(files[0].0)],
        &[],
        &sections,
        &variables,
    )
}

fn only_text(files: &[(&str, &str)], sections: &[&str]) -> String {
    let texts = prepared(files, sections).expect("a good job file");
    assert_eq!(texts.len(), 1);
    String::from_utf8(texts[0].text.clone()).expect("as written")
}

#[test]
fn lines_keep_their_numbers_and_lose_their_comments() {
    let text = only_text(
        &[("a", "# all\r\n[a]\r\n  bs = 4k ; small\r\n\r\nrw=read")],
        &[],
    );
    assert_eq!(text, "\n[a]\nbs = 4k\n\nrw=read\n");
}

#[test]
fn variables_are_replaced_and_machine_keywords_are_not() {
    let text = only_text(
        &[("a", "[a]\nsize=${SIZE}${NONE}\nnumjobs=$ncpus\nx=${open")],
        &[],
    );
    assert_eq!(text, "[a]\nsize=4m\nnumjobs=$ncpus\nx=${open\n");
    let texts = prepared(&[("a", "[a]\nsize=${NONE}\n# ${OTHER}")], &[]).expect("good");
    assert_eq!(texts[0].notices.len(), 1);
    assert!(texts[0].notices[0].contains("a:2: the environment variable NONE"));
}

#[test]
fn included_files_take_the_place_of_their_line() {
    let files = [
        ("a", "[a]\ninclude b\nrw=read"),
        ("b", "include=c\nbs=8k"),
        ("c", "size=${SIZE}"),
    ];
    assert_eq!(only_text(&files, &[]), "[a]\nsize=4m\nbs=8k\nrw=read\n");
}

#[test]
fn only_the_wanted_sections_and_the_global_ones_are_sent() {
    let file = "[global]\nbs=4k\n[a]\nrw=read\ninclude missing\n[b]\nrw=write\n[global]\nx=1";
    let text = only_text(&[("f", file)], &["b"]);
    assert_eq!(
        text,
        "[global]\nbs=4k\n\n\n\n[b]\nrw=write\n[global]\nx=1\n"
    );
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_place() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);
    let table: [Case<'_>; 6] = [
        (
            &[("f", "[a]\ninclude none")],
            &[],
            "f:2: cannot read included file",
        ),
        (&[("f", "[a]\ninclude f")], &[], "more than 16 deep"),
        (
            &[("f", "[a]\nx=${BROKEN}")],
            &[],
            "f:2: the value of ${BROKEN} has a line break",
        ),
        (&[("f", "[a]\n")], &["b"], "no job file has a section [b]"),
        (&[("f", "[global]\nbs=1\n")], &[], "no job is described"),
        (&[("f", "")], &[], "no job is described"),
    ];
    for (files, sections, expected) in table {
        let error = prepared(files, sections).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    let error = prepare(&[PathBuf::from("/no/such.fio")], &[], &[], &variables).expect_err("none");
    assert!(error.to_string().contains("/no/such.fio"));
}

#[test]
fn a_file_that_is_too_long_is_not_read_to_its_end() {
    let error = prepare(&[PathBuf::from("/dev/zero")], &[], &[], &variables).expect_err("endless");
    assert!(matches!(error, JobTextError::TooLong { .. }), "{error}");
}

#[test]
fn words_become_a_job_file() {
    let words = [
        "--bs=4k",
        "--name=a",
        "--rw",
        "read",
        "--group-reporting",
        "-name=b",
        "--size=1m",
    ];
    let words: Vec<_> = words.map(str::to_owned).into();
    let texts = prepare(&[], &words, &[], &variables).expect("good words");
    let expected = "[global]\nbs=4k\n[a]\nrw=read\ngroup_reporting\n[b]\nsize=1m\n";
    assert_eq!(String::from_utf8_lossy(&texts[0].text), expected);
}

#[test]
fn words_that_are_no_job_options_are_refused() {
    for (words, expected) in [
        (
            &["rw=read"][..],
            "word 1 after --: `rw=read` is not a job option",
        ),
        (&["--name=a", "--"], "word 2 after --"),
        (&["--rw=read"], "command line: no job is described"),
        (
            &["--name=a", "--description=a#b"],
            "cannot have a line break",
        ),
    ] {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let error = prepare(&[], &words, &[], &variables)
            .expect_err(expected)
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn words_without_a_name_hold_for_the_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a");
    std::fs::write(&path, "[a]\nrw=read").expect("writable");
    let words: Vec<_> = ["--bs", "8k", "--thread", "--name=b", "--size=1m"]
        .map(str::to_owned)
        .to_vec();
    let texts = prepare(std::slice::from_ref(&path), &words[..3], &[], &variables).expect("good");
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].text, b"[global]\nbs=8k\nthread\n[a]\nrw=read\n");
    let texts = prepare(&[path], &words, &[], &variables).expect("good");
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[1].text, b"[global]\nbs=8k\nthread\n[b]\nsize=1m\n");
}
