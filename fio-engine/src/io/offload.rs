//! I/Os done by other threads than the job's (`io_submit_mode=offload`).
//!
//! The job's thread only makes I/Os and takes them back, so that it keeps its rate however long the
//! storage takes over one of them. Each unit of the I/O depth has a thread with an engine of its own,
//! of depth 1; an I/O travels there and back with its buffer, over channels whose room is made
//! beforehand.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::thread_usage::ThreadUsage;
use super::{Completion, EngineError, EngineSetup, Io, IoEngine, Queued};
use crate::direction::Direction;
use crate::job::MemoryOptions;

/// Stack of a worker. Everything large is on the heap.
const STACK_BYTES: usize = 256 * 1024;

/// An engine of the threads that do its I/Os.
#[derive(Debug)]
pub(crate) struct Offload {
    /// Of each unit; away while it is in flight.
    buffers: Vec<Vec<u8>>,
    workers: Vec<Worker>,
    /// Queued and not submitted, in order.
    queued: Vec<Io>,
    done: Receiver<Done>,
}

/// The thread of one unit.
#[derive(Debug)]
struct Worker {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<ThreadUsage>>,
}

/// What a worker is to do.
enum Order {
    Io(Io, Vec<u8>),
    /// Another file is behind this number.
    Replaced(usize),
}

/// An I/O that is over.
struct Done {
    unit: usize,
    result: io::Result<usize>,
    buffer: Vec<u8>,
}

/// What a worker has to do with others.
pub(crate) struct Desk {
    setup: EngineSetup,
    orders: Receiver<Order>,
    done: SyncSender<Done>,
    ready: SyncSender<Result<(), EngineError>>,
    /// Held during I/Os by engines that use the position of files, which all workers share.
    turn: Arc<Mutex<()>>,
}

/// The life of a worker with a certain engine.
pub(crate) type WorkerLife = fn(Desk) -> ThreadUsage;

impl Offload {
    /// Starts a worker for each unit.
    ///
    /// # Errors
    /// As the engine's own [`IoEngine::open`], and when there can be no more threads.
    pub(crate) fn start(setup: &EngineSetup, life: WorkerLife) -> Result<Self, EngineError> {
        let depth = setup.io_depth;
        let (done_sender, done) = sync_channel(depth);
        let (ready, readiness) = sync_channel(depth);
        let turn = Arc::default();
        let mut offload = Self {
            buffers: vec![vec![0; setup.max_block_size]; depth],
            workers: Vec::with_capacity(depth),
            queued: Vec::with_capacity(depth),
            done,
        };
        for unit in 0..depth {
            let (orders, received) = sync_channel(2);
            let desk = Desk {
                setup: of_one(setup),
                orders: received,
                done: done_sender.clone(),
                ready: ready.clone(),
                turn: Arc::clone(&turn),
            };
            let builder = Builder::new().name(format!("fio-io-{unit}"));
            let thread = builder.stack_size(STACK_BYTES).spawn(move || life(desk));
            let thread = thread.map_err(|error| {
                let advice = "lower iodepth, or take io_submit_mode=inline";
                EngineError::Other(format!("cannot start a thread for I/O: {error}; {advice}"))
            })?;
            offload.workers.push(Worker {
                orders: Some(orders),
                thread: Some(thread),
            });
        }
        drop(ready);
        readiness.iter().collect::<Result<(), _>>()?;
        Ok(offload)
    }

    fn take_back(&mut self, done: Done, completions: &mut Vec<Completion>) {
        self.buffers[done.unit] = done.buffer;
        completions.push(Completion {
            unit: done.unit,
            result: done.result,
        });
    }
}

/// What one worker is given: room for one I/O, in memory that no other maps.
fn of_one(setup: &EngineSetup) -> EngineSetup {
    let mut setup = EngineSetup {
        io_depth: 1,
        ..setup.clone()
    };
    if setup.memory.file.is_some() {
        setup.memory = MemoryOptions::default();
    }
    setup
}

impl IoEngine for Offload {
    /// Never called: jobs [`start`](Offload::start) it.
    fn open(_: &EngineSetup) -> Result<Self, EngineError> {
        let reason = "I/O is offloaded to threads of another engine";
        Err(EngineError::Other(reason.to_owned()))
    }

    fn is_synchronous(&self) -> bool {
        false
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        &mut self.buffers[unit]
    }

    fn file_replaced(&mut self, file: usize) -> io::Result<()> {
        for worker in &self.workers {
            worker.order(Order::Replaced(file))?;
        }
        Ok(())
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.queued.push(*io);
        Queued::Pending
    }

    fn submit(&mut self) -> io::Result<usize> {
        let count = self.queued.len();
        for io in self.queued.drain(..) {
            let buffer = std::mem::take(&mut self.buffers[io.unit]);
            self.workers[io.unit].order(Order::Io(io, buffer))?;
        }
        Ok(count)
    }

    fn reap(
        &mut self,
        minimum: usize,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        for taken in 0..maximum {
            let done = if taken < minimum {
                self.done.recv().map_err(|_| no_worker())?
            } else {
                match self.done.try_recv() {
                    Ok(done) => done,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Err(no_worker()),
                }
            };
            self.take_back(done, completions);
        }
        Ok(())
    }

    fn reap_within(
        &mut self,
        patience: Duration,
        maximum: usize,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        match self.done.recv_timeout(patience) {
            Ok(done) => {
                self.take_back(done, completions);
                self.reap(0, maximum.saturating_sub(1), completions)
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(no_worker()),
        }
    }

    fn end_helpers(&mut self) -> ThreadUsage {
        let workers = self.workers.iter_mut();
        workers.fold(ThreadUsage::default(), |sum, worker| sum.plus(worker.end()))
    }
}

impl Worker {
    /// Gives an order. There is always room: a unit has one I/O at a time.
    fn order(&self, order: Order) -> io::Result<()> {
        let orders = self.orders.as_ref().ok_or_else(no_worker)?;
        orders.send(order).map_err(|_| no_worker())
    }

    /// Waits for the I/O in flight, if there is one, and ends the thread.
    fn end(&mut self) -> ThreadUsage {
        self.orders = None;
        let Some(thread) = self.thread.take() else {
            return ThreadUsage::default();
        };
        match thread.join() {
            Ok(usage) => usage,
            // Dropping while a panic goes on must not begin another.
            Err(_) if std::thread::panicking() => ThreadUsage::default(),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

fn no_worker() -> io::Error {
    io::Error::other("a thread that does the job's I/O has ended")
}

/// Does I/Os with engine `E` until there are no more orders; returns what that used of the CPU.
pub(crate) fn worker<E: IoEngine>(desk: Desk) -> ThreadUsage {
    let mut engine = match E::open(&desk.setup) {
        Ok(engine) => engine,
        Err(error) => {
            // Nobody listens if another worker has failed before.
            let _ = desk.ready.send(Err(error));
            return ThreadUsage::default();
        }
    };
    let _ = desk.ready.send(Ok(()));
    drop(desk.ready);
    let mut failure = None;
    let mut found = Vec::with_capacity(1);
    for order in desk.orders {
        match order {
            Order::Replaced(file) => failure = engine.file_replaced(file).err(),
            Order::Io(io, buffer) => {
                let result = match failure.take() {
                    Some(error) => Err(error),
                    None if E::USES_FILE_POSITION => {
                        let _turn = desk.turn.lock().unwrap_or_else(PoisonError::into_inner);
                        // Another worker has moved it.
                        let forgotten = engine.file_replaced(io.file);
                        forgotten.and_then(|()| perform(&mut engine, &io, &buffer, &mut found))
                    }
                    None => perform(&mut engine, &io, &buffer, &mut found),
                };
                let unit = io.unit;
                let done = Done {
                    unit,
                    result,
                    buffer,
                };
                if desk.done.send(done).is_err() {
                    break;
                }
            }
        }
    }
    ThreadUsage::now()
}

/// Does one I/O and waits for it.
fn perform<E: IoEngine>(
    engine: &mut E,
    io: &Io,
    buffer: &[u8],
    found: &mut Vec<Completion>,
) -> io::Result<usize> {
    let range = io.buffer_offset..io.buffer_offset + io.length;
    if io.direction == Direction::Write {
        engine.buffer(0)[range.clone()].copy_from_slice(&buffer[range]);
    }
    if let Queued::Completed(result) = engine.queue(&Io { unit: 0, ..*io }) {
        return result;
    }
    while engine.submit()? == 0 {
        // The room is taken by other jobs.
        std::thread::sleep(Duration::from_micros(100));
    }
    loop {
        engine.reap(1, 1, found)?;
        if let Some(completion) = found.pop() {
            return completion.result;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;
    use std::sync::Barrier;

    use super::*;
    use crate::io::{IoUring, LibAio, Mmap, Psync, Pvsync2, Sync, Vsync};
    use crate::job::{EngineOptions, LockMode};

    const BLOCK: usize = 4096;
    const DEPTH: usize = 4;

    fn setup(files: Vec<File>) -> EngineSetup {
        EngineSetup {
            io_depth: DEPTH,
            max_block_size: BLOCK,
            direct: false,
            memory: MemoryOptions::default(),
            files: files.into(),
            lock: LockMode::None,
            options: EngineOptions::default(),
            paths: Arc::default(),
        }
    }

    fn io(unit: usize, block: usize, direction: Direction) -> Io {
        Io {
            unit,
            file: 0,
            direction,
            offset: (block * BLOCK) as u64,
            priority: 0,
            length: BLOCK,
            buffer_offset: 0,
        }
    }

    fn file_of(blocks: usize) -> File {
        let file = tempfile::tempfile().expect("a temporary file");
        file.set_len((blocks * BLOCK) as u64).expect("room");
        file
    }

    /// Blocks written by all workers at once are where they belong, whatever the engine.
    fn writes_where_it_should<E: IoEngine>() {
        const BLOCKS: usize = 64;
        let setup = setup(vec![file_of(BLOCKS)]);
        let mut engine = Offload::start(&setup, worker::<E>).expect("an engine");
        let mut completions = Vec::new();
        for round in 0..BLOCKS / DEPTH {
            for unit in 0..DEPTH {
                // Against the order of the file, so that positions matter.
                let block = BLOCKS - 1 - (round * DEPTH + unit);
                engine.buffer(unit).fill(block as u8);
                engine.queue(&io(unit, block, Direction::Write));
            }
            assert_eq!(engine.submit().expect("workers"), DEPTH);
            engine
                .reap(DEPTH, DEPTH, &mut completions)
                .expect("workers");
            for done in completions.drain(..) {
                assert_eq!(done.result.expect("an I/O"), BLOCK);
            }
        }
        assert!(engine.end_helpers().context_switches > 0);
        let mut found = vec![0; BLOCK];
        for block in 0..BLOCKS {
            let offset = (block * BLOCK) as u64;
            setup.files[0]
                .read_exact_at(&mut found, offset)
                .expect("a block");
            assert!(
                found.iter().all(|byte| *byte == block as u8),
                "block {block}"
            );
        }
    }

    #[test]
    fn every_engine_writes_where_it_should() {
        writes_where_it_should::<Psync>();
        writes_where_it_should::<Sync>();
        writes_where_it_should::<Vsync>();
        writes_where_it_should::<Pvsync2>();
        writes_where_it_should::<Mmap>();
        writes_where_it_should::<LibAio>();
        writes_where_it_should::<IoUring>();
    }

    /// An engine whose I/Os wait for each other: alone, none would end.
    struct Together([u8; BLOCK]);

    static MEETING: Barrier = Barrier::new(DEPTH);

    impl IoEngine for Together {
        fn open(_: &EngineSetup) -> Result<Self, EngineError> {
            Ok(Self([0; BLOCK]))
        }

        fn is_synchronous(&self) -> bool {
            true
        }

        fn buffer(&mut self, _: usize) -> &mut [u8] {
            &mut self.0
        }

        fn queue(&mut self, io: &Io) -> Queued {
            MEETING.wait();
            Queued::Completed(Ok(io.length))
        }
    }

    #[test]
    fn all_units_work_at_the_same_time() {
        let mut engine = Offload::start(&setup(Vec::new()), worker::<Together>).expect("workers");
        for unit in 0..DEPTH {
            engine.queue(&io(unit, 0, Direction::Read));
        }
        engine.submit().expect("workers");
        let mut completions = Vec::new();
        while completions.len() < DEPTH {
            engine
                .reap_within(Duration::from_secs(1), DEPTH, &mut completions)
                .expect("workers");
        }
    }

    #[test]
    fn errors_come_back_and_the_next_io_works() {
        let setup = setup(vec![File::open("/proc/self/mem").expect("readable")]);
        let mut engine = Offload::start(&setup, worker::<Psync>).expect("an engine");
        let mut completions = Vec::new();
        for _ in 0..2 {
            engine.queue(&io(0, 0, Direction::Read));
            engine.submit().expect("workers");
            engine.reap(1, 1, &mut completions).expect("workers");
            let error = completions.pop().and_then(|done| done.result.err());
            assert_eq!(
                error.and_then(|error| error.raw_os_error()),
                Some(libc::EIO)
            );
        }
    }

    #[test]
    fn an_engine_that_cannot_be_opened_says_why() {
        let error = Offload::start(&setup(Vec::new()), worker::<Offload>).expect_err("no engine");
        assert!(error.to_string().contains("offloaded"), "{error}");
    }
}
