//! Which file the next I/O goes to.

use crate::job::{FileService, JobSpec};

use super::distribution::{Skew, SkewMaker};
use super::file_state::FileState;
use super::open_files::OpenFiles;
use super::random::{AnyTausworthe, Seeds, Stream};

/// Chooses among the files of a job that are not done. fio's counterpart is its
/// `file_service_type`.
#[derive(Debug, Clone)]
pub(super) struct FileChooser {
    order: Order,
    /// I/Os a file gets in a row; of files that are worked on one by one all.
    every: u64,
    /// How many of them the current file is still to get.
    left: u64,
    current: usize,
    /// Where the search for the next file in turn begins.
    next: usize,
    /// Files that are done in this pass.
    done: usize,
    wide: bool,
}

#[derive(Debug, Clone)]
enum Order {
    InTurn,
    Random(AnyTausworthe),
    Skewed(Box<Skew>),
}

/// A skewed choice is one among so many equal parts of each file, as a power of 2: with files alone
/// its formula would have too few ranks.
const PARTS_SHIFT: u32 = 10;
/// Draws after which a file that is hardly ever drawn is taken in turn.
const MOST_DRAWS: u32 = 1 << 16;

impl FileChooser {
    pub(super) fn new(spec: &JobSpec, files: usize, seeds: &Seeds, wide: bool) -> Self {
        let mut chooser = Self {
            order: Order::InTurn,
            every: 1,
            left: 0,
            current: 0,
            next: 0,
            done: 0,
            wide,
        };
        match &spec.order.file_service {
            FileService::RoundRobin { every } => chooser.every = u64::from(*every),
            FileService::Sequential => chooser.every = u64::MAX,
            FileService::Random { every } => {
                chooser.every = u64::from(*every);
                chooser.order = Order::Random(seeds.stream(Stream::NextFile, wide));
            }
            FileService::Skewed(distribution) => {
                let seed = seeds.of(Stream::NextFile) as u32;
                let parts = (files as u64) << PARTS_SHIFT;
                let skew = SkewMaker::new(distribution).make(parts, seed, true);
                if let Some(skew) = skew {
                    chooser.order = Order::Skewed(Box::new(skew));
                }
            }
        }
        chooser
    }

    /// The file of the next I/O, one that is open or can be opened; `None` if all are done.
    #[inline]
    pub(super) fn choose(
        &mut self,
        files: &[FileState],
        open: Option<&OpenFiles>,
    ) -> Option<usize> {
        if self.left > 0 && !files[self.current].done {
            self.left -= 1;
            return Some(self.current);
        }
        self.current = match self.order {
            Order::InTurn => self.in_turn(files, open)?,
            Order::Random(_) | Order::Skewed(_) => self.draw(files, open)?,
        };
        self.left = self.every.saturating_sub(1);
        Some(self.current)
    }

    /// Whether a file without a further I/O begins anew: as in fio, a popular file stays popular
    /// until the job has issued all its bytes.
    pub(super) const fn begins_files_anew(&self) -> bool {
        matches!(self.order, Order::Skewed(_))
    }

    /// Notes that a file has become done.
    pub(super) const fn finished(&mut self) {
        self.done += 1;
    }

    /// Begins another pass, in turn with the file after the one the last pass ended in; a job that
    /// repeats itself gives the seeds to draw from anew.
    pub(super) fn restart(&mut self, seeds: Option<&Seeds>) {
        self.done = 0;
        self.left = 0;
        if let (Order::Random(generator), Some(seeds)) = (&mut self.order, seeds) {
            *generator = seeds.stream(Stream::NextFile, self.wide);
        }
    }

    #[inline]
    fn in_turn(&mut self, files: &[FileState], open: Option<&OpenFiles>) -> Option<usize> {
        for _ in 0..files.len() {
            let file = self.next;
            self.next += 1;
            if self.next == files.len() {
                self.next = 0;
            }
            if !files[file].done && open.is_none_or(|open| open.admits(file)) {
                return Some(file);
            }
        }
        None
    }

    fn draw(&mut self, files: &[FileState], open: Option<&OpenFiles>) -> Option<usize> {
        if self.done >= files.len() {
            return None;
        }
        for _ in 0..MOST_DRAWS {
            let file = match &mut self.order {
                Order::Random(generator) => generator.below(files.len() as f64),
                Order::Skewed(skew) => skew.draw() >> PARTS_SHIFT,
                Order::InTurn => break,
            } as usize;
            if !files[file].done && open.is_none_or(|open| open.admits(file)) {
                return Some(file);
            }
        }
        self.in_turn(files, open)
    }
}
