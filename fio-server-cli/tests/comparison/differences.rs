//! What 3.42, which this project follows, prints otherwise than Debian's 3.33, and what is otherwise
//! by choice. Everything else must be the same.

/// A difference that is meant to be there.
struct Difference {
    /// What differs.
    name: &'static str,
    /// Why.
    reason: &'static str,
    /// Makes ours what 3.33 prints.
    mend: fn(Vec<String>) -> Vec<String>,
}

const DIFFERENCES: [Difference; 15] = [
    Difference {
        name: "JSON: job_start",
        reason: "3.42 tells when a job began",
        mend: |lines| without(lines, "\"job_start\" : <integer>"),
    },
    Difference {
        name: "JSON: latency_target_ns, latency_window_us",
        reason: "3.42 tells target and window in units that are named, too",
        mend: |lines| {
            let lines = without(lines, "\"latency_target_ns\" : <integer>");
            without(lines, "\"latency_window_us\" : <integer>")
        },
    },
    Difference {
        name: "JSON: read_sectors, write_sectors",
        reason: "3.42 tells the sectors of disks",
        mend: |lines| {
            let lines = without(lines, "\"read_sectors\" : <integer>");
            without(lines, "\"write_sectors\" : <integer>")
        },
    },
    Difference {
        name: "normal: sectors of disks",
        reason: "as in JSON",
        mend: |lines| replaced(lines, " sectors=#/#,", ""),
    },
    Difference {
        name: "normal: title of the synchronisations",
        reason: "3.42 names syncfs",
        mend: |lines| replaced(lines, "sync_file_range/syncfs:", "sync_file_range:"),
    },
    Difference {
        name: "normal: unit of the latency target",
        reason: "3.42 prints it with a unit, 3.33 in microseconds",
        mend: |lines| {
            let lines = replaced(lines, "target=#ns,", "target=#,");
            let lines = replaced(lines, "target=#us,", "target=#,");
            let lines = replaced(lines, "window=#ns,", "window=#,");
            let lines = replaced(lines, "window=#ms,", "window=#,");
            replaced(lines, "window=#s,", "window=#,")
        },
    },
    Difference {
        name: "normal: zone resets",
        reason: "3.42 tells of them only where there were some",
        mend: |lines| ending(lines, "  write: IOPS=", "; # zone resets"),
    },
    Difference {
        name: "JSON: options without a value",
        reason: "3.33 leaves them out",
        mend: without_flags,
    },
    Difference {
        name: "JSON: priohint",
        reason: "3.42 tells the hint of a priority",
        mend: |lines| without(lines, "\"priohint\" : <integer>"),
    },
    Difference {
        name: "normal: hint of a priority",
        reason: "as in JSON",
        mend: |lines| replaced(lines, " prio #/#/# (", " prio #/# ("),
    },
    Difference {
        name: "normal: a job whose files could not be made ready",
        reason: "it is told with its error, which fio has forgotten by then",
        mend: |lines| without_block(lines, "bad: (groupid="),
    },
    Difference {
        name: "normal: total latency of engines that do not read and write",
        reason: "fio has none for filecreate, filestat and filedelete; nor does it look at the disk of files that \
                 are not there yet",
        mend: |lines| {
            let total = ["     lat (time): ", "  lat (time)   : "];
            without_in_block(lines, "stat: (groupid=", &total)
        },
    },
    Difference {
        name: "clients: percentiles of all clients",
        reason: "3.42 has them, 3.33 adds up no histograms",
        mend: without_percentiles_of_all,
    },
    Difference {
        name: "clients, JSON: global options of several servers",
        reason: "3.42 has them for each server, 3.33 has those of all in one object",
        mend: |lines| {
            // The layout for several servers is compared with that of 3.42 elsewhere.
            let (Some(first), Some(end)) = (
                lines
                    .iter()
                    .position(|line| line == "  \"global options\" : ["),
                lines.iter().position(|line| line == "  ],"),
            ) else {
                return lines;
            };
            [&lines[..first], &lines[end + 1..]].concat()
        },
    },
    Difference {
        name: "clients, normal: the error of all clients",
        reason: "that of the first job with one; fio has none there",
        mend: |lines| {
            let all = "All clients: (groupid=#, jobs=#): err=#";
            replaced(lines, &format!("{all} (<text>)"), all)
        },
    },
];

/// Lines without messages of what went wrong. fio's are on the standard output in part, in front of JSON as well,
/// which then is none; this program's are on the standard error.
pub(super) fn without_messages(mut lines: Vec<String>) -> Vec<String> {
    lines.retain(|line| !line.starts_with("fio: "));
    lines
}

/// What our shape would be in 3.33.
pub(super) fn as_3_33(mut ours: Vec<String>) -> Vec<String> {
    for difference in &DIFFERENCES {
        ours = (difference.mend)(ours);
    }
    ours
}

/// Lines without those that are this member. The one before loses its comma where it becomes the last.
fn without(lines: Vec<String>, member: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(lines.len());
    for line in lines {
        let body = line.trim_start();
        if body.strip_suffix(',').unwrap_or(body) != member {
            kept.push(line);
            continue;
        }
        if !body.ends_with(',')
            && let Some(last) = kept.last_mut()
            && last.ends_with(',')
        {
            last.pop();
        }
    }
    kept
}

/// Results of all clients without percentiles and bins.
fn without_percentiles_of_all(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(lines.len());
    let mut of_all = false;
    let mut inside: Option<String> = None;
    for line in lines {
        let names = ["\"jobname\" : ", "terse 3: "];
        let is_name = names.iter().any(|name| line.trim_start().starts_with(name));
        if is_name || line.contains(": (groupid=") {
            of_all = line.contains("All clients");
        } else if line.starts_with("terse 1: ") {
            of_all = false;
        }
        if let Some(end) = &inside {
            if line.trim_end_matches(',') == end {
                inside = None;
            }
            continue;
        }
        let begins = ["\"percentile\" : {", "\"bins\" : {"].contains(&line.trim_start());
        if of_all && begins {
            let indentation = line.len() - line.trim_start().len();
            inside = Some(format!("{:indentation$}}}", ""));
            let last = kept.last_mut().expect("a member before");
            *last = last.trim_end_matches(',').to_owned();
            continue;
        }
        let table = line.ends_with(" percentiles (time):") || line.starts_with("     |");
        if of_all && table {
            continue;
        }
        match line.split_once("%=") {
            Some((start, _)) if of_all && start.starts_with("terse ") => {
                let number = start.split(": ").next().unwrap_or_default();
                kept.push(format!("{number}: 0%=<integer>"));
            }
            _ => kept.push(line),
        }
    }
    kept
}

/// Lines that begin like this with an end that 3.33 has.
fn ending(lines: Vec<String>, start: &str, end: &str) -> Vec<String> {
    let mend = |line: String| match line.starts_with(start) {
        true => line + end,
        false => line,
    };
    lines.into_iter().map(mend).collect()
}

/// Objects of options without those that have no value, and without the object if none is left.
fn without_flags(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(lines.len());
    let mut head = None;
    for line in lines {
        let body = line.trim_start();
        let begins = ["\"global options\" : {", "\"job options\" : {"].contains(&body);
        head = if begins { Some(kept.len()) } else { head };
        let Some(first) = head.filter(|_| !begins) else {
            kept.push(line);
            continue;
        };
        if body.strip_suffix(',').unwrap_or(body).ends_with(" : \"\"") {
            continue;
        }
        if body.starts_with('}') {
            head = None;
            let last = kept.last_mut().expect("the head");
            if last.ends_with('{') {
                kept.truncate(first);
                continue;
            }
            *last = last.trim_end_matches(',').to_owned();
        }
        kept.push(line);
    }
    kept
}

/// Lines without the block of a job: all that is indented below its first line.
fn without_block(lines: Vec<String>, first: &str) -> Vec<String> {
    without_in_block(lines, first, &[first, " "])
}

/// Lines without those of a job's block that begin like these.
fn without_in_block(lines: Vec<String>, first: &str, starts: &[&str]) -> Vec<String> {
    let mut inside = false;
    let mut kept = Vec::with_capacity(lines.len());
    for line in lines {
        inside = line.starts_with(first) || (inside && line.starts_with(' '));
        if !inside || !starts.iter().any(|start| line.starts_with(start)) {
            kept.push(line);
        }
    }
    kept
}

fn replaced(lines: Vec<String>, from: &str, to: &str) -> Vec<String> {
    lines
        .into_iter()
        .map(|line| line.replace(from, to))
        .collect()
}

#[test]
fn each_difference_has_a_name_and_a_reason() {
    for Difference { name, reason, .. } in DIFFERENCES {
        assert!(!name.is_empty() && !reason.is_empty());
    }
    let lines = ["\"a\" : 1,", "\"latency_window_us\" : <integer>", "}"].map(str::to_owned);
    assert_eq!(as_3_33(lines.to_vec()), ["\"a\" : 1", "}"]);
    let lines = [
        "\"job options\" : {",
        "\"a\" : \"1\",",
        "\"b\" : \"\"",
        "},",
    ];
    let lines = lines.map(str::to_owned);
    let expected = ["\"job options\" : {", "\"a\" : \"1\"", "},"];
    assert_eq!(as_3_33(lines.to_vec()), expected);
    let lines = ["\"job options\" : {", "\"b\" : \"\"", "},", "]"].map(str::to_owned);
    assert_eq!(as_3_33(lines.to_vec()), ["]"]);
}
