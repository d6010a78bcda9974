//! Beginning and end of jobs, and whether they are reported.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::spec::lifecycle::ExitScope;
use crate::job::spec::reporting::UnifiedReporting;
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn wait_for(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.lifecycle.wait_for = Some(value.lossy());
    Ok(())
}

/// As in fio, `exitall=0` is no way back.
pub(in crate::job::options) fn exit_all(draft: &mut Draft, value: Value<'_>) -> Outcome {
    if !value.boolean()? {
        draft.remark("exitall=0 means the same as exitall, in fio too; leave it out");
    }
    draft.spec.lifecycle.exit_all = true;
    Ok(())
}

pub(in crate::job::options) fn exit_scope(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.lifecycle.exit_scope = match value.word()? {
        "all" => ExitScope::All,
        "stonewall" => ExitScope::Stonewall,
        _ => ExitScope::Group,
    };
    Ok(())
}

pub(in crate::job::options) fn exit_all_on_error(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.lifecycle.exit_all_on_error = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn command_before(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.lifecycle.command_before = Some(value.command()?);
    Ok(())
}

pub(in crate::job::options) fn command_after(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.lifecycle.command_after = Some(value.command()?);
    Ok(())
}

impl Value<'_> {
    /// A command, which must be exactly what was written.
    fn command(self) -> Result<String, ValueError> {
        let text = std::str::from_utf8(self.text);
        let text = text.map_err(|_| self.wrong("a command must be UTF-8 text"))?;
        Ok(text.to_owned())
    }
}

pub(in crate::job::options) fn included_in_report(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.reporting.included = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn disk_utilization(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.reporting.disks = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn unified_reporting(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.reporting.unified = match value.word()? {
        "mixed" | "1" => UnifiedReporting::Mixed,
        "both" | "2" => UnifiedReporting::Both,
        _ => UnifiedReporting::Separate,
    };
    Ok(())
}
