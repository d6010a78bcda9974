//! Files that are opened, dropped from the cache and made anew while the job runs: `openfiles`,
//! `invalidate` and `unlink_each_loop`. Nothing here is done per I/O.

use std::fs::File;

use super::{JobContext, JobFailure};
use crate::io::IoEngine;
use crate::workload::{Request, RequestKind};

/// What the job's files are opened with; implemented by what laid them out.
pub(crate) trait FileSource {
    /// Opens a file as the job needs it, dropping it from the cache if the job wants that. With
    /// `create`, a file that is missing is made if the job writes.
    fn open(&self, file: usize, create: bool) -> Result<File, JobFailure>;

    /// Drops the region of a file from the cache, if the job wants that.
    fn drop_cache(&self, file: usize, handle: &File) -> Result<(), JobFailure>;

    /// Removes a file.
    fn remove(&self, file: usize) -> Result<(), JobFailure>;
}

impl JobContext<'_> {
    /// Does what a request wants that is neither I/O nor synchronisation. No I/O to the file it is
    /// about, or to any for [`RequestKind::NextPass`], is in flight.
    #[cold]
    pub(super) fn turn_over<E: IoEngine>(
        &mut self,
        request: &Request,
        engine: &mut E,
    ) -> Result<(), JobFailure> {
        let slot = request.file as usize;
        match request.kind {
            RequestKind::Open => self.open_in(slot, engine),
            RequestKind::Restart => self.drop_cache(slot),
            RequestKind::NextPass if self.spec.files.unlink_each_loop && !self.spec.time_based => {
                self.make_anew(engine)
            }
            // Files of a job that opens them in turn were dropped when they were opened.
            RequestKind::NextPass if self.slots.is_none() => {
                (0..self.files.len()).try_for_each(|slot| self.drop_cache(slot))
            }
            _ => Ok(()),
        }
    }

    /// Name of the file behind a slot, for messages.
    pub(super) fn file_name(&self, slot: usize) -> &str {
        let file = self.file_in(slot).unwrap_or(slot);
        self.file_names
            .get(file)
            .map_or("(no file)", String::as_str)
    }

    /// The file that was opened last in a slot.
    pub(super) fn file_in(&self, slot: usize) -> Option<usize> {
        match &self.slots {
            Some(slots) => slots.get(slot).copied().flatten(),
            None => Some(slot),
        }
    }

    fn open_in<E: IoEngine>(&mut self, slot: usize, engine: &mut E) -> Result<(), JobFailure> {
        if self.spec.fsync_on_close && self.spec.pattern.write && self.file_in(slot).is_some() {
            self.make_durable(slot)?;
        }
        if self.files.is_empty() {
            return Ok(());
        }
        let file = self.generator.file_in(slot);
        let opened = self.source.open(file, false)?;
        self.replace(slot, opened, engine)?;
        if let Some(entry) = self.slots.as_mut().and_then(|slots| slots.get_mut(slot)) {
            *entry = Some(file);
        }
        Ok(())
    }

    fn drop_cache(&self, slot: usize) -> Result<(), JobFailure> {
        match (self.file_in(slot), self.files.get(slot)) {
            (Some(file), Some(handle)) => self.source.drop_cache(file, handle),
            _ => Ok(()),
        }
    }

    /// `unlink_each_loop`: removes all files; those that are open are made anew.
    fn make_anew<E: IoEngine>(&self, engine: &mut E) -> Result<(), JobFailure> {
        for file in 0..self.file_names.len() {
            self.source.remove(file)?;
        }
        let all_open = self.slots.is_none();
        for slot in (0..self.files.len()).filter(|_| all_open) {
            let opened = self.source.open(slot, true)?;
            self.replace(slot, opened, engine)?;
        }
        Ok(())
    }

    fn replace<E: IoEngine>(
        &self,
        slot: usize,
        opened: File,
        engine: &mut E,
    ) -> Result<(), JobFailure> {
        let Some(handle) = self.files.get(slot) else {
            return Ok(());
        };
        let failed = |error: std::io::Error| {
            let errno = error.raw_os_error().unwrap_or(libc::EIO);
            JobFailure::new(errno, format!("opening a file of the job: {error}"))
        };
        crate::io::replace(handle, opened).map_err(failed)?;
        engine.file_replaced(slot).map_err(failed)
    }

    /// Makes an open file durable; no statistics have it.
    pub(super) fn make_durable(&self, slot: usize) -> Result<(), JobFailure> {
        let Some(handle) = self.files.get(slot) else {
            return Ok(());
        };
        rustix::fs::fsync(handle)
            .map_err(|errno| JobFailure::sync(self.file_name(slot), "fsync", errno.into()))
    }

    /// Makes the files durable that are not open, for a job that has not all of them open.
    pub(super) fn make_others_durable(&self) -> Result<(), JobFailure> {
        let mut open = vec![false; self.file_names.len()];
        for file in (0..self.files.len()).filter_map(|slot| self.file_in(slot)) {
            open[file] = true;
        }
        for (file, name) in self
            .file_names
            .iter()
            .enumerate()
            .filter(|(file, _)| !open[*file])
        {
            let handle = self.source.open(file, false)?;
            rustix::fs::fsync(&handle)
                .map_err(|errno| JobFailure::sync(name, "fsync", errno.into()))?;
        }
        Ok(())
    }
}
