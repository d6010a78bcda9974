//! What a client prints: the results of each server as they come, and those of all at the end, and meanwhile
//! if that is asked for.
//!
//! fio's client has JSON at the end only, with all results it was told until then, behind an empty line.

use std::sync::Arc;
use std::time::SystemTime;

use fio_engine::report::{ClientReport, DiskReport, GroupReport, HostJob};
use fio_engine::report::{json, native, normal, terse};

use super::{Results, Sunk, composed, native_style};
use crate::cli::OutputFormat;
use crate::output::sink::SinkError;

impl Results {
    /// Whether lines of a server begin with its name. fio leaves that out beside terse lines.
    #[must_use]
    pub fn prefixes_lines(&self) -> bool {
        !(self.as_fio && self.has_terse_lines())
    }

    fn has_terse_lines(&self) -> bool {
        self.formats.contains(&OutputFormat::Terse)
    }

    /// Whether results are printed server by server, as they come.
    fn prints_servers_apart(&self) -> bool {
        self.is_for_people() || (self.as_fio && self.has_terse_lines())
    }

    /// The results of one job of a client for people, behind its terse line, if there is to be one, as from fio.
    #[must_use]
    pub fn job_block(&self, job: &HostJob, finished: SystemTime) -> String {
        let HostJob { report, group } = job;
        composed(|out| {
            if let Some(style) = self.terse() {
                terse::write_job(out, report, Some(group), &[], &style)?;
            }
            match self.is_for_people() {
                true => normal::write_job(out, report, Some(group), finished),
                false => Ok(()),
            }
        })
    }

    /// The results of a group for people.
    #[must_use]
    pub fn group_block(&self, group: &GroupReport) -> String {
        match self.is_for_people() {
            true => composed(|out| normal::write_group(out, group)),
            false => String::new(),
        }
    }

    /// The disks of one server for people, then as terse lines if there are to be any.
    #[must_use]
    pub fn disk_block(&self, disks: &[DiskReport]) -> String {
        composed(|out| {
            if self.is_for_people() {
                normal::write_disks(out, disks)?;
            }
            match self.terse() {
                Some(style) => terse::write_disks(out, disks, &style),
                None => Ok(()),
            }
        })
    }

    /// Prints results of one server, where they are not printed with those of the others.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn host_block(&mut self, block: &str) -> Result<(), SinkError> {
        if block.is_empty() || !self.prints_servers_apart() {
            return Ok(());
        }
        self.status.clear();
        self.sink.write(block)?;
        self.sink.flush()
    }

    /// Tells that the jobs of a server failed: as fio has it, among text for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn jobs_failed(&mut self, as_fio: &str, line: &str) -> Result<(), SinkError> {
        if self.as_fio && self.is_for_people() {
            return self.text(as_fio);
        }
        self.complain(line);
        Ok(())
    }

    /// Whether results are wanted that are replaced by others.
    #[must_use]
    pub fn keeps_earlier(&self) -> bool {
        self.as_fio && !self.json().is_empty()
    }

    /// Keeps the results of a server that are replaced by others.
    pub fn keep_earlier(&mut self, jobs: &[Arc<HostJob>]) {
        if !self.keeps_earlier() {
            return;
        }
        let styles = self.json();
        self.earlier.resize_with(styles.len(), Default::default);
        for (style, earlier) in styles.iter().zip(&mut self.earlier) {
            jobs.iter().for_each(|job| earlier.push(job, style));
        }
    }

    /// Prints what the servers of a client have measured so far, those whose blocks were printed excepted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn interim_client(&mut self, report: &ClientReport, merged: bool) -> Result<(), SinkError> {
        self.status.clear();
        self.write_client(report, merged)?;
        self.sink.flush()
    }

    /// Prints what closes the results of a client, whose blocks were printed as they came, and
    /// completes the output.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish_client(mut self, report: &ClientReport, merged: bool) -> Result<Sunk, SinkError> {
        self.write_client(report, merged)?;
        self.finish()
    }

    fn write_client(&mut self, report: &ClientReport, merged: bool) -> Result<(), SinkError> {
        if let Some(style) = self.terse() {
            // All but the last line was printed server by server.
            let lines = if self.prints_servers_apart() {
                composed(|out| terse::write_all_clients(out, report, &style))
            } else {
                composed(|out| terse::write_client_report(out, report, &style))
            };
            self.sink.write(&lines)?;
        }
        if merged {
            self.block(&composed(|out| normal::write_all_clients(out, report)))?;
        }
        self.write_client_json(report)?;
        if self.is_native() {
            self.sink.write(&composed(|out| {
                native::write_client_report(out, report, &native_style())
            }))?;
        }
        Ok(())
    }

    fn write_client_json(&mut self, report: &ClientReport) -> Result<(), SinkError> {
        let styles = self.json();
        self.earlier.resize_with(styles.len(), Default::default);
        for (style, earlier) in styles.iter().zip(&self.earlier) {
            let blank = if self.as_fio { "\n" } else { "" };
            let document = composed(|out| {
                out.write_str(blank)?;
                json::write_client_report_behind(out, earlier, report, style)
            });
            self.sink.write(&document)?;
        }
        Ok(())
    }
}
