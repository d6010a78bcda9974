//! Going on after errors: `continue_on_error`, `ignore_error`, `error_dump`.

use super::{JobContext, JobFailure, LoopState};
use crate::report::ErrorCount;

/// A job tells of no more errors than this one by one.
const MOST_DUMPED: u64 = 1000;

/// The errors after which a job went on, and the last one, if it did not.
#[derive(Debug, Default)]
pub(super) struct ErrorLedger {
    pub(super) count: ErrorCount,
    /// The first error after which the job went on.
    pub(super) survived: Option<JobFailure>,
}

impl LoopState<'_> {
    /// Takes note of a failure.
    ///
    /// # Errors
    /// The failure, if it ends the job.
    #[cold]
    pub(super) fn go_on_after(
        &mut self,
        context: &JobContext<'_>,
        failure: JobFailure,
    ) -> Result<(), JobFailure> {
        let options = &context.spec.errors;
        let ends_fill = context.spec.files.fill && failure.is_full_storage();
        if let Some(io) = failure.failed_io.filter(|_| !ends_fill) {
            context.record_failed(&io, &mut self.recorder);
        }
        let Some(kind) = failure.kind.filter(|kind| options.counts(*kind)) else {
            return Err(failure);
        };
        let ledger = &mut self.errors;
        ledger.count.total += 1;
        if ledger.count.first == 0 {
            ledger.count.first = failure.errno;
        }
        if !options.tolerates(kind, failure.errno) {
            return Err(failure);
        }
        if options.dump && ledger.count.total <= MOST_DUMPED {
            (context.on_error)(&failure.message);
        }
        if let Some(io) = failure.failed_io {
            // fio counts I/Os when they are issued, also those that fail.
            self.recorder.statistics.record_transfer(io.direction, 0);
        }
        ledger.survived.get_or_insert(failure);
        Ok(())
    }
}
