//! Words as `getopt_long_only` tells them apart.

use super::*;

/// Each thing said, as `flag:name=value`, `option:name=value` or `file:path`.
fn said(words: &[&str]) -> Result<Vec<String>, String> {
    let split = split_words(words, &ParseLimits::default()).map_err(|error| error.to_string())?;
    let text = |value: Option<&[u8]>| {
        value.map_or_else(String::new, |value| {
            format!("={}", String::from_utf8_lossy(value))
        })
    };
    let shown = split.into_iter().map(|word| match word.kind {
        CommandWordKind::File(path) => format!("file:{}", path.display()),
        CommandWordKind::Flag { flag, value } => {
            format!("flag:{}{}", flag.name, text(value.map(OsStr::as_bytes)))
        }
        CommandWordKind::Option { name, value, .. } => {
            format!("option:{}{}", String::from_utf8_lossy(name), text(value))
        }
    });
    Ok(shown.collect())
}

#[test]
fn words_are_told_apart_as_by_fio() {
    for (words, expected) in [
        // Files, flags and options stand in any order.
        (
            &["a.fio", "--minimal", "--name=x", "b.fio"][..],
            &["file:a.fio", "flag:minimal", "option:name=x", "file:b.fio"][..],
        ),
        (&["-", "--", "--name=x"], &["file:-", "file:--name=x"]),
        // Values are attached or follow; those that may be left out are attached.
        (
            &["--output", "x", "--output=y"],
            &["flag:output=x", "flag:output=y"],
        ),
        (
            &["--eta", "--minimal", "--cmdhelp", "bs"],
            &["flag:eta=--minimal", "flag:cmdhelp", "file:bs"],
        ),
        (
            &["--rw", "read", "--thread", "1"],
            &["option:rw=read", "option:thread", "file:1"],
        ),
        (&["--bs="], &["option:bs="]),
        // Names cut short, with one dash, with dashes inside.
        (
            &["--sect=a", "-minim", "-size=1m"],
            &["flag:section=a", "flag:minimal", "option:size=1m"],
        ),
        (
            &["--time-based", "--blocksize_unal=1"],
            &["option:time_based", "option:blocksize_unaligned=1"],
        ),
        // Letters.
        (
            &["-mo", "x", "-ox", "-s"],
            &[
                "flag:minimal",
                "flag:output=x",
                "flag:output=x",
                "flag:showcmd",
            ],
        ),
        (
            &["-Gcrc7", "-G", "x"],
            &["flag:crctest=crc7", "flag:crctest", "file:x"],
        ),
    ] {
        let expected = expected.iter().map(|&text| text.to_owned()).collect();
        assert_eq!(said(words), Ok(expected), "{words:?}");
    }
}

#[test]
fn words_that_mean_nothing_are_refused() {
    for (words, part) in [
        (
            &["--h"][..],
            "word 1: `h` may mean any of help, hugepage-size",
        ),
        (&["x", "--nosuch=1"], "word 2: unknown option `nosuch`"),
        (&["--outputt=1"], "did you mean `output`?"),
        (&["--output"], "a value is missing; write --output=file"),
        (&["--minimal=1"], "the flag --minimal takes no value"),
        (&["-mq"], "unknown option `mq`"),
        (&["--="], "unknown option"),
        (&["-t1"], "unknown option `t1`"),
    ] {
        let error = said(words).expect_err("bad words");
        assert!(error.contains(part), "{words:?}: {error}");
    }
}

#[test]
fn letters_are_those_of_one_flag_each() {
    let mut letters: Vec<_> = command_line_flags()
        .iter()
        .filter_map(|flag| flag.letter)
        .collect();
    letters.sort_unstable();
    let all = letters.len();
    letters.dedup();
    assert_eq!(letters.len(), all);
}
