//! Which files of a job are open when not all of them may be (`openfiles`).

use super::request::{Request, RequestKind};

/// The files that are open, each in a slot of its own. A file stays open until it is done, as in fio.
#[derive(Debug, Clone)]
pub(super) struct OpenFiles {
    /// The file whose I/Os go to each slot, and whether it is open.
    slots: Vec<(u32, bool)>,
    /// Where each file is open.
    place: Vec<Option<u32>>,
    free: usize,
    /// The first I/O of a file, while its opening is told.
    held: Option<Request>,
}

impl OpenFiles {
    pub(super) fn new(limit: usize, files: usize) -> Self {
        Self {
            slots: vec![(0, false); limit],
            place: vec![None; files],
            free: limit,
            held: None,
        }
    }

    /// Whether the file is open or can be opened.
    pub(super) fn admits(&self, file: usize) -> bool {
        self.free > 0 || self.place[file].is_some()
    }

    /// The file is done: its slot is free for another one.
    pub(super) fn close(&mut self, file: usize) {
        if let Some(slot) = self.place[file].take() {
            self.slots[slot as usize].1 = false;
            self.free += 1;
        }
    }

    /// The file in a slot.
    pub(super) fn file_in(&self, slot: usize) -> usize {
        self.slots.get(slot).map_or(0, |slot| slot.0 as usize)
    }

    /// The I/O that was held back while the opening of its file was told.
    pub(super) const fn take_held(&mut self) -> Option<Request> {
        self.held.take()
    }

    /// The request with the slot of its file; for a file that is not open, the request to open it.
    pub(super) fn translate(&mut self, request: Request) -> Request {
        if request.kind == RequestKind::NextPass {
            return request;
        }
        if let Some(slot) = self.place[request.file as usize] {
            return Request {
                file: slot,
                ..request
            };
        }
        // Only files that were admitted get I/O, so there is a slot.
        let slot = self.slots.iter().position(|(_, open)| !open).unwrap_or(0);
        self.slots[slot] = (request.file, true);
        self.place[request.file as usize] = Some(slot as u32);
        self.free = self.free.saturating_sub(1);
        // What is opened starts over anyway.
        if request.kind != RequestKind::Restart {
            self.held = Some(Request {
                file: slot as u32,
                ..request
            });
        }
        Request {
            kind: RequestKind::Open,
            file: slot as u32,
            offset: request.file.into(),
            length: 0,
        }
    }
}
