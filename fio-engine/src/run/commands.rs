//! Commands of jobs: `exec_prerun` and `exec_postrun`.
//!
//! They run as the manual of fio says, by the shell and with their output in a file named after the job,
//! and only where [`RunOptions::runs_commands`](super::RunOptions::runs_commands) allows it.

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{io, thread};

use super::error::RunError;
use super::job_loop::JobFailure;
use super::stop::StopHandle;
use crate::job::JobSpec;

/// How often a command is asked whether it has ended.
const PATIENCE: Duration = Duration::from_millis(10);

/// A command of a job.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobCommand<'a> {
    job: &'a str,
    /// `prerun` or `postrun`.
    when: &'static str,
    text: &'a str,
}

impl<'a> JobCommand<'a> {
    /// What runs before the job.
    pub(super) fn before(spec: &'a JobSpec) -> Option<Self> {
        Self::of(spec, "prerun", spec.lifecycle.command_before.as_deref())
    }

    /// What runs after it.
    pub(super) fn after(spec: &'a JobSpec) -> Option<Self> {
        Self::of(spec, "postrun", spec.lifecycle.command_after.as_deref())
    }

    fn of(spec: &'a JobSpec, when: &'static str, text: Option<&'a str>) -> Option<Self> {
        let job = &spec.name;
        text.map(|text| Self { job, when, text })
    }

    /// Refuses to run jobs that have commands.
    pub(super) fn refuse(jobs: &'a [JobSpec]) -> Result<(), RunError> {
        let mut commands = jobs
            .iter()
            .flat_map(|job| [Self::before(job), Self::after(job)]);
        commands
            .find_map(|command| command)
            .map_or(Ok(()), |command| {
                Err(RunError::Command {
                    job: command.job.to_owned(),
                    option: command.option(),
                })
            })
    }

    fn option(self) -> &'static str {
        match self.when {
            "prerun" => "exec_prerun",
            _ => "exec_postrun",
        }
    }

    /// The file its output goes to, in the current folder; several clones share it, as in fio.
    fn output(self) -> String {
        format!("{}.{}.txt", self.job, self.when)
    }

    /// What is said before it runs.
    pub(super) fn announcement(self) -> String {
        let Self { job, when, .. } = self;
        format!("{job} : Saving output of {when} in {}\n", self.output())
    }

    /// Runs it until it ends, or until `stop` ends it, if that is given.
    ///
    /// # Errors
    /// It cannot be run, or does not end with 0.
    pub(super) fn run(self, stop: Option<&StopHandle>) -> Result<(), JobFailure> {
        let failed = |error: io::Error| {
            let errno = error.raw_os_error().unwrap_or(libc::EIO);
            self.failure(errno, &format!("cannot be run: {error}"))
        };
        let file = File::create(self.output()).map_err(failed)?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", self.text])
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(failed)?)
            .stderr(file)
            .spawn()
            .map_err(failed)?;
        match wait(&mut child, stop).map_err(failed)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => {
                let message = format!("failed ({status}); its output is in {}", self.output());
                Err(self.failure(libc::ECANCELED, &message))
            }
            None => Err(self.failure(libc::EINTR, "was ended with the run")),
        }
    }

    fn failure(self, errno: i32, what: &str) -> JobFailure {
        JobFailure::new(errno, format!("{} `{}` {what}", self.option(), self.text))
    }
}

/// Its status, or `None` if it was ended.
fn wait(child: &mut Child, stop: Option<&StopHandle>) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if stop.is_some_and(StopHandle::is_stopped) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PATIENCE);
    }
}
