//! An engine whose I/Os hold a lock on their file.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::file_lock::{Access, FileLock};
use super::{Completion, EngineError, EngineSetup, FileUse, Io, IoEngine, Queued};
use crate::direction::Direction;
use crate::job::LockMode;

/// Any engine, under `lockfile`.
///
/// A job holds the lock of a file as long as it has I/Os to it in flight. It never waits for a lock
/// while it holds one: before it waits, all its I/Os come home. So jobs that use several files cannot
/// wait for each other in a circle, and a job that always has I/Os in flight lets others in when they
/// ask.
pub(crate) struct Locked<E> {
    // Dropped first: while I/Os are in flight, their locks are held.
    engine: E,
    mode: LockMode,
    files: Arc<[File]>,
    held: Vec<Held>,
    /// The file of each unit in flight.
    file_of: Vec<usize>,
    in_flight: usize,
    /// Started before the job asked for it, and not told yet.
    started: usize,
    refused: Option<io::Error>,
    /// Reaped before the job asked for it.
    home: Vec<Completion>,
}

/// What a job holds of one file.
#[derive(Debug)]
struct Held {
    lock: Arc<FileLock>,
    access: Access,
    ios: usize,
}

impl<E: IoEngine> IoEngine for Locked<E> {
    const FILES: FileUse = E::FILES;
    const KEEPS_IN_FLIGHT: bool = E::KEEPS_IN_FLIGHT;
    const USES_CPU_ONLY: bool = E::USES_CPU_ONLY;
    const USES_FILE_POSITION: bool = E::USES_FILE_POSITION;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        let held = setup.files.iter().map(Held::nothing_of);
        let held: io::Result<_> = held.collect();
        Ok(Self {
            engine: E::open(setup)?,
            mode: setup.lock,
            files: Arc::clone(&setup.files),
            held: held.map_err(|error| EngineError::Other(format!("locking files: {error}")))?,
            file_of: vec![0; setup.io_depth],
            in_flight: 0,
            started: 0,
            refused: None,
            home: Vec::with_capacity(setup.io_depth),
        })
    }

    fn is_synchronous(&self) -> bool {
        self.engine.is_synchronous()
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.engine.buffer(unit)
    }

    fn file_replaced(&mut self, file: usize) -> io::Result<()> {
        self.held[file] = Held::nothing_of(&self.files[file])?;
        self.engine.file_replaced(file)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let access = match (self.mode, io.direction) {
            (LockMode::ReadWrite, Direction::Read) => Access::Shared,
            _ => Access::Exclusive,
        };
        if let Err(error) = self.hold(io.file, access) {
            return Queued::Completed(Err(error));
        }
        let queued = self.engine.queue(io);
        if matches!(queued, Queued::Pending) {
            self.file_of[io.unit] = io.file;
            self.in_flight += 1;
        } else {
            self.held[io.file].let_go();
        }
        queued
    }

    fn submit(&mut self) -> io::Result<usize> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        Ok(std::mem::take(&mut self.started) + self.engine.submit()?)
    }

    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let known = completions.len();
        completions.extend(self.home.drain(..self.home.len().min(maximum)));
        let taken = completions.len() - known;
        let first = completions.len();
        let missing = minimum.saturating_sub(taken);
        let outcome = self.engine.reap(missing, maximum - taken, completions);
        self.come_home(&completions[first..]);
        outcome
    }

    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        if !self.home.is_empty() {
            return self.reap(0, maximum, completions);
        }
        let first = completions.len();
        let outcome = self.engine.reap_within(patience, maximum, completions);
        self.come_home(&completions[first..]);
        outcome
    }
}

impl<E: IoEngine> Locked<E> {
    /// Takes or keeps the lock of a file for one I/O more.
    fn hold(&mut self, file: usize, access: Access) -> io::Result<()> {
        if !self.held[file].is_enough_for(access) {
            self.bring_all_home()?;
            let held = &mut self.held[file];
            held.lock.acquire(access);
            held.access = access;
        }
        self.held[file].ios += 1;
        Ok(())
    }

    /// Waits for everything in flight.
    fn bring_all_home(&mut self) -> io::Result<()> {
        while self.in_flight > 0 {
            match self.engine.submit() {
                Ok(started) => self.started += started,
                Err(error) => self.refused = Some(error),
            }
            let first = self.home.len();
            let mut home = std::mem::take(&mut self.home);
            let outcome = self.engine.reap(1, self.in_flight, &mut home);
            self.come_home(&home[first..]);
            self.home = home;
            outcome?;
        }
        Ok(())
    }

    fn come_home(&mut self, completions: &[Completion]) {
        for completion in completions {
            self.in_flight -= 1;
            self.held[self.file_of[completion.unit]].let_go();
        }
    }
}

impl Held {
    fn nothing_of(file: &File) -> io::Result<Self> {
        Ok(Self {
            lock: FileLock::of(file)?,
            access: Access::Exclusive,
            ios: 0,
        })
    }

    /// Whether the lock is held for that, or could be taken at once. One that others wait for is not
    /// kept.
    fn is_enough_for(&mut self, access: Access) -> bool {
        if self.ios > 0 {
            return self.access.covers(access) && !self.lock.is_wanted();
        }
        self.access = access;
        self.lock.try_acquire(access)
    }

    fn let_go(&mut self) {
        self.ios -= 1;
        if self.ios == 0 {
            self.lock.release(self.access);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.ios > 0 {
            self.lock.release(self.access);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::io::{LibAio, Psync};
    use crate::job::{EngineOptions, MemoryOptions};

    fn setup(files: &Arc<[File]>, lock: LockMode) -> EngineSetup {
        EngineSetup {
            io_depth: 4,
            max_block_size: 4096,
            direct: false,
            memory: MemoryOptions::default(),
            files: Arc::clone(files),
            lock,
            options: EngineOptions::default(),
            paths: Arc::default(),
        }
    }

    fn files(count: usize) -> Arc<[File]> {
        let file = || {
            let file = tempfile::tempfile().expect("a temporary file");
            file.set_len(1 << 20).expect("room");
            file
        };
        (0..count).map(|_| file()).collect()
    }

    fn io(unit: usize, file: usize, direction: Direction) -> Io {
        Io {
            unit,
            file,
            direction,
            offset: 4096 * unit as u64,
            priority: 0,
            length: 4096,
            buffer_offset: 0,
        }
    }

    /// An engine that counts who is inside; reads wait for one another there.
    struct Inside([u8; 4096]);

    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    static READING: Barrier = Barrier::new(2);

    impl IoEngine for Inside {
        fn open(_: &EngineSetup) -> Result<Self, EngineError> {
            Ok(Self([0; 4096]))
        }

        fn is_synchronous(&self) -> bool {
            true
        }

        fn buffer(&mut self, _: usize) -> &mut [u8] {
            &mut self.0
        }

        fn queue(&mut self, io: &Io) -> Queued {
            if io.direction == Direction::Read {
                READING.wait();
                return Queued::Completed(Ok(io.length));
            }
            let others = INSIDE.fetch_add(1, Ordering::SeqCst);
            MOST.fetch_max(others + 1, Ordering::SeqCst);
            std::thread::yield_now();
            INSIDE.fetch_sub(1, Ordering::SeqCst);
            Queued::Completed(Ok(io.length))
        }
    }

    #[test]
    fn one_job_at_a_time_is_at_a_file_or_several_that_read() {
        let files = files(1);
        let job = |mode, direction| {
            let mut engine = Locked::<Inside>::open(&setup(&files, mode)).expect("no resources");
            for _ in 0..500 {
                engine.queue(&io(0, 0, direction));
            }
        };
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| job(LockMode::Exclusive, Direction::Write));
            }
        });
        assert_eq!(MOST.load(Ordering::SeqCst), 1);
        // Each waits inside for the other.
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| job(LockMode::ReadWrite, Direction::Read));
            }
        });
    }

    /// Four I/Os in flight to two files that another job uses in the other order.
    #[test]
    fn jobs_with_several_files_do_not_wait_in_a_circle() {
        let files = files(2);
        let setup = setup(&files, LockMode::ReadWrite);
        let job = |first: usize| {
            let mut engine = Locked::<LibAio>::open(&setup).expect("libaio");
            let mut completions = Vec::new();
            for round in 0..200 {
                for unit in 0..4 {
                    let direction = [Direction::Read, Direction::Write][(round + unit) % 2];
                    let queued = engine.queue(&io(unit, (first + unit) % 2, direction));
                    assert!(matches!(queued, Queued::Pending), "{queued:?}");
                }
                assert_eq!(engine.submit().expect("room for four"), 4);
                engine.reap(4, 4, &mut completions).expect("four in flight");
                let mut units: Vec<_> = completions
                    .drain(..)
                    .map(|done| (done.unit, done.result.expect("an I/O")))
                    .collect();
                units.sort_unstable();
                assert_eq!(units, [(0, 4096), (1, 4096), (2, 4096), (3, 4096)]);
            }
        };
        std::thread::scope(|threads| {
            threads.spawn(|| job(0));
            threads.spawn(|| job(1));
        });
    }

    #[test]
    fn an_engine_that_goes_lets_go() {
        let files = files(1);
        let setup = setup(&files, LockMode::Exclusive);
        let mut engine = Locked::<LibAio>::open(&setup).expect("libaio");
        engine.queue(&io(0, 0, Direction::Read));
        drop(engine);
        let mut other = Locked::<Psync>::open(&setup).expect("no resources");
        let queued = other.queue(&io(0, 0, Direction::Write));
        assert!(matches!(queued, Queued::Completed(Ok(4096))), "{queued:?}");
    }
}
