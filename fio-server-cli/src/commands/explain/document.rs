//! An explanation as JSON: numbers of bytes and nanoseconds, units in the names.

use fio_engine::Direction;
use fio_engine::explain::{ExplainedFile, ExplainedJob, Explanation, FileAction};
use serde_json::{Map, Value, json};

pub(super) fn of(explanation: &Explanation) -> Value {
    json!({
        "jobs": explanation.jobs.iter().map(job).collect::<Vec<_>>(),
        "longest_ns": explanation.longest.map(nanoseconds),
    })
}

fn job(job: &ExplainedJob) -> Value {
    let spec = &job.spec;
    json!({
        "name": spec.name,
        "clones": spec.clones,
        "group": job.group,
        "wave": job.wave,
        "options": spec.to_options().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>(),
        "ios": ios(job),
        "ends_by_ios": job.time.by_ios,
        "shortest_ns": nanoseconds(job.time.at_least),
        "longest_ns": job.time.at_most.map(nanoseconds),
        "remarks": job.remarks,
        "files": job.files.iter().map(file).collect::<Vec<_>>(),
        "more_files": job.more_files,
        "overwritten_bytes": job.overwritten_bytes(),
        "defaults": job.defaults.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect::<Map<_, _>>(),
        "without_effect": job.without_effect.iter().map(|remark| json!({
            "option": remark.option,
            "reason": remark.reason,
        })).collect::<Vec<_>>(),
        "problem": job.problem,
    })
}

fn ios(job: &ExplainedJob) -> Value {
    let mut ios = Map::new();
    for direction in Direction::ALL {
        let numbers = json!({
            "count": job.ios.count[direction],
            "bytes": job.ios.bytes[direction],
        });
        ios.insert(direction.name().to_owned(), numbers);
    }
    ios.insert(
        "synchronisations".to_owned(),
        job.ios.synchronisations.into(),
    );
    ios.insert("exact".to_owned(), job.ios.exact.into());
    ios.insert("endless".to_owned(), job.ios.endless.into());
    Value::Object(ios)
}

fn file(file: &ExplainedFile) -> Value {
    let (action, from, to) = match file.action {
        FileAction::Create(size) => ("create", None, Some(size)),
        FileAction::Extend(from, to) => ("extend", Some(from), Some(to)),
        FileAction::BlockDevice => ("block device", None, None),
        FileAction::CharacterDevice => ("character device", None, None),
        _ => ("use", None, None),
    };
    json!({
        "path": file.path.display().to_string(),
        "action": action,
        "size_before_bytes": from,
        "size_bytes": to,
        "start_bytes": file.start,
        "length_bytes": file.length,
        "overwritten_bytes": file.overwritten,
        "removed": file.removed,
    })
}

fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
