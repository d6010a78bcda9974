//! The I/Os of a job, told of one by one: `--debug=io`.

use super::JobContext;
use crate::debug::{DebugTeller, DebugTopic};
use crate::direction::Direction;
use crate::logs::LoggedIo;
use crate::workload::{Request, RequestKind};

/// Tells of I/Os as they are issued and when they are over, as fio does.
#[derive(Debug)]
pub(super) struct DebugIo {
    teller: DebugTeller,
    /// The file of each unit's I/O.
    files: Vec<String>,
}

impl DebugIo {
    /// `None` if they are not to be told of.
    pub(super) fn of(context: &JobContext<'_>) -> Option<Self> {
        let teller = context.progress.debug(DebugTopic::Io)?.clone();
        let files = vec![String::new(); context.spec.io_depth as usize];
        Some(Self { teller, files })
    }

    /// An I/O is issued. What is no I/O, such as a synchronisation, is not told of.
    pub(super) fn queue(&mut self, unit: usize, request: &Request, file: &str) {
        let RequestKind::Data(direction) = request.kind else {
            return;
        };
        file.clone_into(&mut self.files[unit]);
        self.tell("queue", unit, direction, request.offset, request.length);
    }

    /// The I/O of a unit is over.
    pub(super) fn complete(&self, unit: usize, io: LoggedIo) {
        self.tell("complete", unit, io.direction, io.offset, io.length);
    }

    /// The number of the unit stands for the address that fio prints.
    fn tell(&self, what: &str, unit: usize, direction: Direction, offset: u64, length: u64) {
        let (number, file) = (direction.index(), &self.files[unit]);
        self.teller.tell(
            DebugTopic::Io,
            format!(
                "{what}: io_u {unit:#x}: off={offset:#x},len={length:#x},ddir={number},file={file}"
            ),
        );
    }
}
