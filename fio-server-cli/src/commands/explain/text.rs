//! An explanation for people.

use std::fmt::{self, Write as _};
use std::time::Duration;

use fio_engine::Direction;
use fio_engine::explain::{ExplainedFile, ExplainedJob, Explanation, FileAction, PlannedIos};
use fio_engine::report::{Prefix, ScaledNumber, Unit};

/// Files shown of each job.
const SHOWN_FILES: usize = 10;

pub(super) fn of(explanation: &Explanation) -> String {
    let mut text = String::new();
    for job in &explanation.jobs {
        write_job(&mut text, job).expect("a string takes all");
        text.push('\n');
    }
    let longest = explanation.longest.map_or_else(
        || "as long as the I/Os take: a job has no runtime".to_owned(),
        |longest| format!("{} at most", time(longest)),
    );
    let overwritten: u64 = explanation
        .jobs
        .iter()
        .map(ExplainedJob::overwritten_bytes)
        .sum();
    let data = match overwritten {
        0 => "no data that is there now is overwritten".to_owned(),
        bytes => format!(
            "{} of data that is there now may be overwritten",
            size(bytes)
        ),
    };
    text += &format!("All jobs: {longest}; {data}\n");
    text
}

fn write_job(out: &mut String, job: &ExplainedJob) -> fmt::Result {
    let spec = &job.spec;
    let clones = match spec.clones {
        1 => String::new(),
        clones => format!("{clones} clones, "),
    };
    writeln!(
        out,
        "{}: {} by {} ({clones}group {}, wave {})",
        spec.name,
        spec.pattern.name(),
        spec.engine,
        job.group,
        job.wave
    )?;
    line(out, "issues", issues(&job.ios))?;
    line(out, "ends", ends(job))?;
    for remark in &job.remarks {
        line(out, "", remark)?;
    }
    for file in job.files.iter().take(SHOWN_FILES) {
        line(out, "file", file_text(file))?;
    }
    let hidden = job.files.len().saturating_sub(SHOWN_FILES) as u64 + job.more_files;
    if hidden > 0 {
        line(out, "files", format_args!("and {hidden} more like these"))?;
    }
    if job.overwritten_bytes() > 0 {
        line(out, "OVERWRITES", overwrites(job))?;
    }
    let defaults: Vec<_> = job
        .defaults
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if !defaults.is_empty() {
        line(out, "defaults", defaults.join(", "))?;
    }
    for remark in &job.without_effect {
        let text = format_args!("{}: {}", remark.option, remark.reason);
        line(out, "no effect", text)?;
    }
    if let Some(problem) = &job.problem {
        line(out, "FAILS", problem)?;
    }
    Ok(())
}

fn line(out: &mut String, label: &str, text: impl fmt::Display) -> fmt::Result {
    writeln!(out, "  {label:<11}{text}")
}

fn issues(ios: &PlannedIos) -> String {
    let total: u64 = ios.count.0.iter().sum();
    if total == 0 {
        return "nothing".to_owned();
    }
    let of_direction = |direction: Direction| {
        let count = ios.count[direction];
        if ios.endless {
            let share = count as f64 * 100.0 / total as f64;
            format!("{share:.1} % {direction}s")
        } else {
            let mean = ios.bytes[direction] / count;
            let bytes = size(ios.bytes[direction]);
            format!("{count} {direction}s ({bytes}, {} each)", size(mean))
        }
    };
    let used = Direction::ALL
        .into_iter()
        .filter(|direction| ios.count[*direction] > 0);
    let mut parts: Vec<_> = used.map(of_direction).collect();
    if ios.synchronisations > 0 && !ios.endless {
        parts.push(format!("{} fsyncs or fdatasyncs", ios.synchronisations));
    }
    let about = match (ios.endless, ios.exact) {
        (true, _) => "until its time is over: ",
        (false, false) => "about ",
        (false, true) => "",
    };
    format!("{about}{}", parts.join(", "))
}

fn ends(job: &ExplainedJob) -> String {
    let least = job.time.at_least;
    match (job.time.by_ios, job.time.at_most) {
        (true, None) if !least.is_zero() => {
            format!("when its I/Os are done, after {} at least", time(least))
        }
        (true, None) => "when its I/Os are done".to_owned(),
        (true, Some(time_bound)) => format!(
            "when its I/Os are done, or after {} if that comes first",
            time(time_bound)
        ),
        (false, Some(time_bound)) => format!("after {}", time(time_bound)),
        (false, None) => "never by itself; interrupt it, or give it a runtime".to_owned(),
    }
}

fn file_text(file: &ExplainedFile) -> String {
    let what = match file.action {
        FileAction::Create(bytes) => format!("is made, {}", size(bytes)),
        FileAction::Extend(from, to) => format!("grows from {} to {}", size(from), size(to)),
        FileAction::BlockDevice => "is a block device".to_owned(),
        FileAction::CharacterDevice => "is a character device".to_owned(),
        _ => "is used as it is".to_owned(),
    };
    let part = match file.start {
        0 => size(file.length).to_string(),
        start => format!("{} from byte {start} on", size(file.length)),
    };
    let removed = if file.removed {
        "; removed afterwards"
    } else {
        ""
    };
    format!(
        "{} {what}; the job uses {part}{removed}",
        file.path.display()
    )
}

fn overwrites(job: &ExplainedJob) -> String {
    let files = job.files.iter().filter(|file| file.overwritten > 0).count();
    let files = match files {
        1 => "a file that is there now".to_owned(),
        count => format!("{count} files that are there now"),
    };
    format!("{} of {files}", size(job.overwritten_bytes()))
}

fn size(value: u64) -> ScaledNumber {
    ScaledNumber {
        value,
        digits: 4,
        prefix: Prefix::Binary,
        unit: Unit::Bytes,
    }
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) => format!("{time:.1?}"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h {minutes}m {seconds}s"),
    }
}
