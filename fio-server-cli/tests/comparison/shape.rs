//! What a text of results looks like when its numbers do not count.
//!
//! Every line becomes one line of shape, but for those whose count depends on what was measured: bins,
//! ranges of latencies, rows of percentiles and samples of a steady state, which become one each.

/// The shape of everything a program printed.
pub(super) fn shape(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut in_json = false;
    for line in text.lines() {
        in_json |= line == "{";
        if in_json {
            push(&mut lines, json_line(line));
        } else if is_terse(line) {
            lines.extend(terse_fields(line));
        } else {
            push(&mut lines, normal_line(line));
        }
        in_json &= line != "}";
    }
    lines
}

/// Leaves out what repeats the line before, where the count says nothing.
fn push(lines: &mut Vec<String>, line: String) {
    let counted = ["  lat (time)", "     |"];
    // Bins and samples.
    let is_value = line.starts_with("        ") && line.trim_start().starts_with('<');
    let repeats = is_value || counted.iter().any(|start| line.starts_with(start));
    if repeats && lines.last() == Some(&line) {
        return;
    }
    // Percentiles of one table are joined, however many fit in a line.
    if let (Some(more), Some(last)) = (line.strip_prefix("     |"), lines.last_mut())
        && last.starts_with("     |")
    {
        last.push_str(more);
        return;
    }
    lines.push(line);
}

/// A line of JSON with kinds in place of values. Layout, names and what users wrote stay.
fn json_line(line: &str) -> String {
    let indentation = &line[..line.len() - line.trim_start().len()];
    let body = &line[indentation.len()..];
    let (body, comma) = match body.strip_suffix(',') {
        Some(body) => (body, ","),
        None => (body, ""),
    };
    let Some((name, value)) = body.split_once(" : ") else {
        return match kind(body) {
            // Samples: how many there are, and so which is the last, says nothing.
            Some(kind) => format!("{indentation}{kind}"),
            None => line.to_owned(),
        };
    };
    // A bin is named by its value in ns; their last one has no comma.
    let digits = name.trim_matches('"');
    let is_bin = digits.bytes().all(|byte| byte.is_ascii_digit()) && indentation.len() >= 12;
    if is_bin {
        return format!("{indentation}<bin> : <integer>");
    }
    let value = match kind(value) {
        Some(kind) => kind.to_owned(),
        None if CHANGING.contains(&digits) => "<text>".to_owned(),
        None => value.to_owned(),
    };
    format!("{indentation}{name} : {value}{comma}")
}

/// Texts that say what was measured, when, or by whom.
const CHANGING: [&str; 3] = ["fio version", "time", "criterion"];

fn kind(value: &str) -> Option<&'static str> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        None if is_number(digits) => Some("<integer>"),
        Some((whole, decimals)) if is_number(whole) && is_number(decimals) => {
            (decimals.len() == 6).then_some("<float>")
        }
        _ => None,
    }
}

fn is_terse(line: &str) -> bool {
    let (first, _) = line.split_once(';').unwrap_or(("", ""));
    ["2", "3", "4", "5"].contains(&first) || line.starts_with(';')
}

/// The kind of each value, with its number, so that a difference shows where it is.
fn terse_fields(line: &str) -> impl Iterator<Item = String> {
    let fields = line.split(';').enumerate();
    fields.map(|(index, field)| format!("terse {}: {}", index + 1, terse_kind(field)))
}

/// How the name of a program and its version begin.
const VERSIONS: [&str; 2] = ["fio-3.", "fio-server-cli-"];

fn terse_kind(field: &str) -> String {
    if let Some((percent, value)) = field.split_once("%=") {
        return format!("{percent}%={}", kind(value).unwrap_or(value));
    }
    if field == "-nan%" || field == "nan%" {
        // fio's share of nothing.
        return "%.2".to_owned();
    }
    if let Some(number) = field.strip_suffix('%') {
        let decimals = number
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        return format!("%.{decimals}");
    }
    if VERSIONS.iter().any(|name| field.starts_with(name)) {
        return "<version>".to_owned();
    }
    kind(field).unwrap_or(field).to_owned()
}

/// A line for people with `#` for numbers and their units.
fn normal_line(line: &str) -> String {
    if let Some(rows) = line.strip_prefix("     |") {
        return percentiles(rows);
    }
    if VERSIONS.iter().any(|name| line.starts_with(name)) {
        return "<version>".to_owned();
    }
    let (host, rest) = match line.strip_prefix("<host> ") {
        Some(rest) => ("<host> ", rest),
        None => ("", line),
    };
    if rest.starts_with("fio: ") && !rest.starts_with("fio: bad: ") {
        return format!("{host}fio: <message>");
    }
    let line = without_error(&without_date(line));
    let mut rest = line.as_str();
    let mut shape = String::new();
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        // Part of a word, as in `job1` or `(g=0)`, or a number behind blanks that align it.
        shape.push_str(rest[..start].trim_end_matches(is_aligning(&rest[..start])));
        shape.push('#');
        let number = rest[start..]
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
        rest = number
            .trim_start_matches(|character| "kKMGTPi".contains(character))
            .trim_start_matches('B')
            .trim_start_matches("/s");
    }
    shape.push_str(rest);
    for unit in ["(nsec)", "(usec)", "(msec)"] {
        shape = shape.replace(unit, "(time)");
    }
    if let Some((_, range)) = shape.split_once("  lat (time)   : ") {
        let known = range
            .split(", ")
            .all(|one| ["#=#%", ">=#=#%"].contains(&one));
        return if known {
            "  lat (time)   : …".to_owned()
        } else {
            shape
        };
    }
    match shape.split_once(" (") {
        // `bw (  MiB/s): min=`
        Some(("   bw", rest)) => {
            let (_, rest) = rest.split_once(')').unwrap_or(("", rest));
            format!("   bw (rate){rest}")
        }
        _ => shape,
    }
}

/// Blanks between `=` or `[` and a number.
fn is_aligning(before: &str) -> &'static [char] {
    let text = before.trim_end_matches(' ');
    if text.ends_with(['=', '[', '-']) {
        &[' ']
    } else {
        &[]
    }
}

/// The percents of a row; their values and how they are aligned do not count.
fn percentiles(rows: &str) -> String {
    let entries = rows
        .split(',')
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (percent, value) = entry.trim().split_once("th=[").unwrap_or((entry, ""));
            let value = value.trim_end_matches(']').trim();
            let kind = kind(value).unwrap_or(value);
            format!(" {percent}th=[{kind}]")
        });
    format!("     |{}", entries.collect::<String>())
}

/// The text of an error, which names a place in the source.
fn without_error(line: &str) -> String {
    match (line.split_once(": err="), line.rsplit_once("): pid=")) {
        (Some((before, error)), Some((_, after))) => {
            let number = error.split(" (").next().unwrap_or_default();
            format!("{before}: err={number} (<text>): pid={after}")
        }
        _ => line.to_owned(),
    }
}

/// `Sun Nov 22 11:02:03 2026` at the end of a line.
fn without_date(line: &str) -> String {
    match line.rsplit_once(": ") {
        Some((before, date)) if date.len() == 24 && date[13..].contains(':') => {
            format!("{before}: <date>")
        }
        _ => line.to_owned(),
    }
}

/// How two shapes differ, line by line, with the line before; `None` if they do not.
pub(super) fn difference(ours: &[String], theirs: &[String]) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let lengths = common_lengths(ours, theirs);
    let (mut our, mut their) = (0, 0);
    let mut told = String::new();
    let mut before = "";
    while our < ours.len() || their < theirs.len() {
        let same = our < ours.len() && their < theirs.len() && ours[our] == theirs[their];
        if same {
            before = &ours[our];
            (our, their) = (our + 1, their + 1);
            continue;
        }
        if !before.is_empty() {
            told += &format!("  {before}\n");
            before = "";
        }
        let takes_ours = their == theirs.len()
            || (our < ours.len() && lengths[our + 1][their] >= lengths[our][their + 1]);
        if takes_ours {
            told += &format!("+ {}\n", ours[our]);
            our += 1;
        } else {
            told += &format!("- {}\n", theirs[their]);
            their += 1;
        }
    }
    Some(told)
}

/// The longest that the rests of two lists from each place on have in common.
fn common_lengths(ours: &[String], theirs: &[String]) -> Vec<Vec<u32>> {
    let mut lengths = vec![vec![0; theirs.len() + 1]; ours.len() + 1];
    for (our, line) in ours.iter().enumerate().rev() {
        for (their, other) in theirs.iter().enumerate().rev() {
            lengths[our][their] = if line == other {
                lengths[our + 1][their + 1] + 1
            } else {
                lengths[our + 1][their].max(lengths[our][their + 1])
            };
        }
    }
    lengths
}

#[test]
fn what_counts_is_kept() {
    let line = "  read: IOPS=41.0k, BW=160MiB/s (168MB/s)(4096KiB/25msec)";
    assert_eq!(normal_line(line), "  read: IOPS=#, BW=# (#)(#/#msec)");
    let line =
        "   bw (  KiB/s): min= 3976, max= 4032, per=100.00%, avg=4002.67, stdev=17.89, samples=9";
    let expected = "   bw (rate): min=#, max=#, per=#%, avg=#, stdev=#, samples=#";
    assert_eq!(normal_line(line), expected);
    assert_eq!(
        json_line("      \"iops\" : 1.500000,"),
        "      \"iops\" : <float>,"
    );
    assert_eq!(json_line("      \"iops\" : 1.5,"), "      \"iops\" : 1.5,");
    assert_eq!(json_line("\"bs\" : \"4k\""), "\"bs\" : \"4k\"");
    let fields: Vec<_> = terse_fields("3;fio-3.33;a;1.0%;0%=0").collect();
    let expected = [
        "terse 1: <integer>",
        "terse 2: <version>",
        "terse 3: a",
        "terse 4: %.1",
        "terse 5: 0%=<integer>",
    ];
    assert_eq!(fields, expected);
    let tables = shape(
        "    clat percentiles (nsec):\n     |  1.00th=[  34], 50.00th=[ 1],\n     | 99.99th=[2]\n",
    );
    let expected = "     | 1.00th=[<integer>] 50.00th=[<integer>] 99.99th=[<integer>]";
    assert_eq!(tables[1], expected);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(difference(&lines("a\nb"), &lines("a\nb")), None);
    let told = difference(&lines("a\nb"), &lines("a\nc")).expect("they differ");
    assert!(told.contains("+ b") && told.contains("- c"), "{told}");
}
