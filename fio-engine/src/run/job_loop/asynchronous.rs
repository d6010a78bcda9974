//! The loop for engines that keep I/Os in flight.
//!
//! As in fio, I/Os are made until the depth is reached and submitted in batches of
//! `iodepth_batch`; then the job reaps at least `iodepth_batch_complete_min` and goes on until no
//! more than `iodepth_low` are in flight. Submission latency runs from the making of an I/O to the
//! return of the call that submitted it, completion latency from there on.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::time::Duration;

use super::failure::JobFailure;
use super::pace::Verdict;
use super::recorder::Times;
use super::regulator::{Traffic, Turn, last_pause, next_steered, rest, turn};
use super::{JobContext, LoopState};
use crate::clock::Ticks;
use crate::direction::Direction;
use crate::io::{Completion, Io, IoEngine, Queued, SyncKind};
use crate::logs::LoggedIo;
use crate::workload::{Request, RequestKind};

/// Issues I/Os until the job is done, its time is over, or one fails; then reaps the rest.
pub(super) fn run<E: IoEngine>(
    context: &mut JobContext<'_>,
    engine: &mut E,
    state: &mut LoopState<'_>,
) -> Result<(), JobFailure> {
    let mut flight = Flight::new(context, state.clock.now());
    loop {
        flight.fill(context, engine, state)?;
        if flight.in_flight() == 0 {
            return flight.failure.map_or(Ok(()), Err);
        }
        flight.reap(context, engine, state)?;
    }
}

/// An I/O that is not over.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// What is left of it; `buffer_offset` bytes are already moved.
    io: Io,
    created: Ticks,
    issued: Ticks,
}

struct Flight {
    units: Vec<Unit>,
    free: Vec<usize>,
    /// Units queued and not yet started, in order.
    queued: Vec<usize>,
    /// I/Os started and not finished, those in `over` included.
    started: usize,
    /// I/Os that are over and not finished yet, and when that was found.
    over: VecDeque<(Completion, Ticks)>,
    /// Filled by the engine; empty between calls.
    found: Vec<Completion>,
    submit_batch: usize,
    complete_min: usize,
    complete_max: usize,
    low: usize,
    changes_content: bool,
    /// The last I/Os of a round are submitted by the call that waits for the first to be over. Only
    /// where nobody asks how long the submission took, or what happened after it.
    submits_when_reaping: bool,
    /// A read of nothing is no error: a character device, such as /dev/null, may have no data. As in fio, only
    /// engines that keep I/Os in flight see it so.
    reads_nothing: bool,
    /// No more I/Os are made.
    ended: bool,
    failure: Option<JobFailure>,
}

impl Flight {
    fn new(context: &JobContext<'_>, now: Ticks) -> Self {
        let spec = context.spec;
        let depth = spec.io_depth as usize;
        let at_least_one = |value: u32| {
            if value == 0 {
                depth
            } else {
                (value as usize).min(depth)
            }
        };
        let blank = Io {
            unit: 0,
            file: 0,
            direction: Direction::Read,
            offset: 0,
            length: 0,
            priority: 0,
            buffer_offset: 0,
        };
        Self {
            units: vec![
                Unit {
                    io: blank,
                    created: now,
                    issued: now
                };
                depth
            ],
            free: (0..depth).rev().collect(),
            queued: Vec::with_capacity(depth),
            started: 0,
            over: VecDeque::with_capacity(depth),
            found: Vec::with_capacity(depth),
            submit_batch: at_least_one(spec.submit_batch),
            complete_min: (spec.complete_batch_min as usize).min(depth),
            complete_max: spec
                .complete_batch_max
                .unwrap_or(spec.complete_batch_min)
                .max(1) as usize,
            low: if spec.io_depth_low == 0 {
                depth
            } else {
                spec.io_depth_low as usize
            },
            changes_content: spec.pattern.write,
            submits_when_reaping: !spec.measure.submission_latency
                && !spec.measure.completion_latency
                && spec.complete_batch_min == 1,
            reads_nothing: context.files.iter().any(is_character_device),
            ended: false,
            failure: None,
        }
    }

    fn in_flight(&self) -> usize {
        self.started + self.queued.len()
    }

    /// Makes I/Os until the depth is reached or there are no more, and submits them.
    fn fill<E: IoEngine>(
        &mut self,
        context: &mut JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
    ) -> Result<(), JobFailure> {
        while !self.ended && !self.free.is_empty() {
            let next = if state.regulator.is_none() {
                context.generator.next()
            } else {
                self.next_when_due(context, engine, state)?
            };
            let Some(request) = next else {
                self.ended = true;
                break;
            };
            match request.kind {
                RequestKind::Data(direction) => {
                    self.make(context, engine, state, &request, direction);
                }
                RequestKind::Fsync => {
                    self.sync(context, engine, state, &request, SyncKind::Full)?
                }
                RequestKind::Fdatasync => {
                    self.sync(context, engine, state, &request, SyncKind::Data)?;
                }
                RequestKind::SyncRange => self.sync_range(context, engine, state, &request)?,
                RequestKind::Open | RequestKind::Restart | RequestKind::NextPass => {
                    self.turn_over(context, engine, state, &request)?;
                }
            }
            if self.free.is_empty() && self.submits_with_reap() {
                break;
            }
            if self.queued.len() >= self.submit_batch && !self.submit(engine, state)? {
                break;
            }
        }
        if !self.queued.is_empty() && !self.submits_with_reap() {
            self.submit(engine, state)?;
        }
        Ok(())
    }

    /// The next I/O of a job with a rate, when it is due; `None` when no more are made. What is
    /// queued is submitted before waiting, and what is over meanwhile is reaped when it is, so
    /// that waiting is in no latency.
    #[cold]
    fn next_when_due<E: IoEngine>(
        &mut self,
        context: &mut JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
    ) -> Result<Option<Request>, JobFailure> {
        let Some(request) = next_steered(context, state) else {
            self.land(context, engine, state)?;
            last_pause(state);
            return Ok(None);
        };
        while !self.ended {
            let traffic = self.traffic(&request, state);
            match turn(&request, traffic, state) {
                Turn::Issue => {
                    if let (Some(regulator), Some(unit)) = (&mut state.regulator, self.free.last())
                    {
                        let file = context.file_name(request.file as usize);
                        regulator.name_unit(*unit, &request, file);
                    }
                    return Ok(Some(request));
                }
                Turn::Wait(time) => self.wait(context, engine, state, time)?,
                Turn::Drain => self.land(context, engine, state)?,
                Turn::End => break,
            }
        }
        Ok(None)
    }

    fn traffic(&self, request: &Request, state: &LoopState<'_>) -> Traffic {
        let separates = state
            .regulator
            .as_ref()
            .is_some_and(|regulator| regulator.separates_overlaps);
        Traffic {
            in_flight: self.in_flight(),
            overlaps: separates && self.overlaps(request),
        }
    }

    /// Whether an I/O in flight touches bytes of this one.
    fn overlaps(&self, request: &Request) -> bool {
        let end = request.offset + request.length;
        let touches = |unit: usize| {
            let io = &self.units[unit].io;
            let io_end = io.offset + io.length as u64;
            let begin = io.offset - io.buffer_offset as u64;
            io.file == request.file as usize && begin < end && request.offset < io_end
        };
        (0..self.units.len()).any(|unit| !self.free.contains(&unit) && touches(unit))
    }

    /// Waits for an I/O to be over or this time to pass, whichever comes first.
    fn wait<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        time: Duration,
    ) -> Result<(), JobFailure> {
        if !self.queued.is_empty() && self.submit(engine, state)? {
            return Ok(());
        }
        if self.started == 0 {
            rest(time);
            return Ok(());
        }
        if self.over.is_empty() {
            self.look_for_completions(engine, state, |engine, most, found| {
                engine.reap_within(time, most, found)
            })?;
        }
        self.finish_over(context, engine, state, 0);
        Ok(())
    }

    #[inline(always)]
    fn make<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        request: &Request,
        direction: Direction,
    ) {
        let Some(unit) = self.free.pop() else { return };
        let io = Io {
            unit,
            file: request.file as usize,
            direction,
            offset: request.offset,
            length: request.length as usize,
            priority: match &mut state.priorities {
                None => 0,
                Some(chooser) => {
                    chooser.choose(direction, request.length, context.generator.passes())
                }
            },
            buffer_offset: 0,
        };
        let created = state.clock.now();
        if self.changes_content && direction == Direction::Write {
            state
                .content
                .prepare(&mut engine.buffer(unit)[..io.length], io.offset);
        }
        self.units[unit] = Unit {
            io,
            created,
            issued: created,
        };
        let depth = (self.in_flight() + 1) as u32;
        state.recorder.statistics.record_depth(depth);
        self.queue(context, engine, state, unit);
    }

    /// Hands a unit to the engine.
    fn queue<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        unit: usize,
    ) {
        match engine.queue(&self.units[unit].io) {
            Queued::Pending => self.queued.push(unit),
            Queued::Completed(result) => {
                let now = state.clock.now();
                self.complete(context, engine, state, Completion { unit, result }, now);
            }
        }
    }

    /// Starts what is queued; whether the kernel took all of it.
    fn submit<E: IoEngine>(
        &mut self,
        engine: &mut E,
        state: &mut LoopState<'_>,
    ) -> Result<bool, JobFailure> {
        let count = engine.submit().map_err(|error| submit_failure(&error))?;
        let now = state.clock.now();
        self.note_submitted(state, count, now);
        self.look_at_the_time(now, state);
        Ok(self.queued.is_empty())
    }

    /// Whether what is queued waits for the call that reaps.
    #[inline(always)]
    fn submits_with_reap(&self) -> bool {
        self.submits_when_reaping && self.over.is_empty()
    }

    #[inline(always)]
    fn note_submitted(&mut self, state: &mut LoopState<'_>, count: usize, now: Ticks) {
        state.recorder.statistics.record_submit_batch(count as u32);
        for unit in self.queued.drain(..count) {
            let unit = &mut self.units[unit];
            unit.issued = now;
            let logged = logged(&unit.io, unit.io.length);
            state
                .recorder
                .submit(&state.clock, logged, unit.created, now);
        }
        self.started += count;
        if self.started == 0 {
            // Nothing of ours is in flight, so the room is taken by others: let them go on.
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Starts what is queued and finds at least one I/O that is over, if any is started.
    fn submit_and_reap<E: IoEngine>(
        &mut self,
        engine: &mut E,
        state: &mut LoopState<'_>,
    ) -> Result<(), JobFailure> {
        let count = engine
            .submit_and_reap(self.units.len(), &mut self.found)
            .map_err(|error| submit_failure(&error))?;
        let now = state.clock.now();
        self.note_submitted(state, count, now);
        self.take_found(now);
        self.look_at_the_time(now, state);
        Ok(())
    }

    /// Waits for I/Os to be over, as many as the job's options say.
    fn reap<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
    ) -> Result<(), JobFailure> {
        loop {
            let minimum = if self.ended { 1 } else { self.complete_min };
            self.reap_once(context, engine, state, minimum.min(self.started))?;
            let enough = if self.ended { 0 } else { self.low };
            if self.started <= enough || !self.queued.is_empty() {
                return Ok(());
            }
        }
    }

    /// Finishes at least `minimum` I/Os and at most `iodepth_batch_complete_max`.
    ///
    /// All I/Os found to be over are stamped with the time at which they were found, also those
    /// that are only finished in a later round: what the job does in between is not their latency.
    fn reap_once<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        minimum: usize,
    ) -> Result<(), JobFailure> {
        if !self.queued.is_empty() && self.submits_with_reap() {
            self.submit_and_reap(engine, state)?;
        } else if self.over.is_empty() || self.over.len() < minimum {
            let missing = minimum.saturating_sub(self.over.len());
            self.look_for_completions(engine, state, |engine, most, found| {
                engine.reap(missing, most, found)
            })?;
        }
        self.finish_over(context, engine, state, minimum);
        Ok(())
    }

    /// Finishes I/Os that are over: at least `minimum`, if there are as many.
    #[inline(always)]
    fn finish_over<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        minimum: usize,
    ) {
        let count = self.over.len().min(self.complete_max.max(minimum));
        if count > 0 {
            state
                .recorder
                .statistics
                .record_complete_batch(count as u32);
        }
        for _ in 0..count {
            let Some((completion, now)) = self.over.pop_front() else {
                break;
            };
            self.started -= 1;
            self.complete(context, engine, state, completion, now);
        }
    }

    /// Moves what the engine says is over to `over`.
    fn look_for_completions<E: IoEngine>(
        &mut self,
        engine: &mut E,
        state: &mut LoopState<'_>,
        reap: impl FnOnce(&mut E, usize, &mut Vec<Completion>) -> io::Result<()>,
    ) -> Result<(), JobFailure> {
        reap(engine, self.units.len(), &mut self.found).map_err(|error| {
            let errno = error.raw_os_error().unwrap_or(libc::EIO);
            JobFailure::new(errno, format!("waiting for I/Os: {error}"))
        })?;
        let now = state.clock.now();
        self.take_found(now);
        self.look_at_the_time(now, state);
        Ok(())
    }

    fn take_found(&mut self, now: Ticks) {
        for completion in self.found.drain(..) {
            // A unit that is still queued was refused by the kernel before it started.
            if let Some(place) = self.queued.iter().position(|unit| *unit == completion.unit) {
                self.queued.remove(place);
                self.started += 1;
            }
            self.over.push_back((completion, now));
        }
    }

    #[inline(always)]
    fn complete<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        completion: Completion,
        now: Ticks,
    ) {
        match completion.result {
            Ok(moved) if moved == self.units[completion.unit].io.length => {
                self.record(context, state, completion.unit, moved, now);
            }
            _ => self.incomplete(context, engine, state, completion, now),
        }
    }

    /// Records an I/O that is over, `moved` bytes after what it moved before.
    #[inline(always)]
    fn record(
        &mut self,
        context: &JobContext<'_>,
        state: &mut LoopState<'_>,
        number: usize,
        moved: usize,
        now: Ticks,
    ) {
        let unit = self.units[number];
        let times = Times {
            created: unit.created,
            issued: unit.issued,
            completed: now,
        };
        let logged = logged(&unit.io, moved);
        if let Err(late) = state.complete(context, number, logged, times) {
            let failure = JobFailure::too_late(context.file_name(unit.io.file), &unit.io, late);
            self.failure.get_or_insert(failure);
            self.ended = true;
        }
        self.free.push(number);
    }

    /// Goes on with an I/O that moved less than asked, or takes note of its error.
    #[cold]
    fn incomplete<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        Completion { unit, result }: Completion,
        now: Ticks,
    ) {
        let io = self.units[unit].io;
        let name = context.file_name(io.file);
        let failure = match result {
            Ok(0) if self.reads_nothing && io.direction == Direction::Read => {
                return self.record(context, state, unit, 0, now);
            }
            Ok(0) => JobFailure::nothing_moved(name, &io),
            Err(error) => JobFailure::io(name, &io, &error),
            Ok(moved) => {
                state.recorder.statistics.record_short(io.direction);
                let rest = &mut self.units[unit].io;
                rest.offset += moved as u64;
                rest.buffer_offset += moved;
                rest.length = io.length.saturating_sub(moved);
                return self.queue(context, engine, state, unit);
            }
        };
        self.free.push(unit);
        if let Err(failure) = state.go_on_after(context, failure) {
            self.failure.get_or_insert(failure);
            self.ended = true;
        }
    }

    /// `fsync` and `fdatasync` wait for the writes before them, as their durability is the point.
    fn sync<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        request: &Request,
        kind: SyncKind,
    ) -> Result<(), JobFailure> {
        self.land(context, engine, state)?;
        if self.failure.is_some() {
            return Ok(());
        }
        context
            .sync_file(request.file as usize, kind, state)
            .or_else(|error| state.go_on_after(context, error))
    }

    /// `sync_file_range` waits for the writes it is about, too.
    fn sync_range<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        request: &Request,
    ) -> Result<(), JobFailure> {
        self.land(context, engine, state)?;
        if self.failure.is_some() {
            return Ok(());
        }
        context
            .sync_range(request, state)
            .or_else(|error| state.go_on_after(context, error))
    }

    /// Files are opened and made anew when no I/O to them is in flight.
    #[cold]
    fn turn_over<E: IoEngine>(
        &mut self,
        context: &mut JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
        request: &Request,
    ) -> Result<(), JobFailure> {
        let file = request.file as usize;
        while request.kind == RequestKind::Open && self.is_in_flight_to(file) {
            if !self.queued.is_empty() {
                self.submit(engine, state)?;
            }
            self.reap_once(context, engine, state, self.started.min(1))?;
        }
        if request.kind == RequestKind::NextPass {
            self.land(context, engine, state)?;
        }
        if self.failure.is_some() {
            return Ok(());
        }
        context.turn_over(request, engine)
    }

    fn is_in_flight_to(&self, file: usize) -> bool {
        let mut busy = vec![true; self.units.len()];
        self.free.iter().for_each(|unit| busy[*unit] = false);
        let mut units = self.units.iter().zip(busy);
        units.any(|(unit, busy)| busy && unit.io.file == file)
    }

    /// Waits for everything in flight.
    fn land<E: IoEngine>(
        &mut self,
        context: &JobContext<'_>,
        engine: &mut E,
        state: &mut LoopState<'_>,
    ) -> Result<(), JobFailure> {
        while self.in_flight() > 0 {
            if !self.queued.is_empty() {
                self.submit(engine, state)?;
            }
            self.reap_once(context, engine, state, self.started)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn look_at_the_time(&mut self, now: Ticks, state: &mut LoopState<'_>) {
        if state.pace.is_due(now) && state.pace.catch_up(now, &mut state.recorder) == Verdict::End {
            self.ended = true;
        }
    }
}

/// The whole I/O of which `rest` is the end, `bytes` of it still to be counted.
#[inline(always)]
fn is_character_device(file: &File) -> bool {
    let kind = file.metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_char_device())
}

fn logged(rest: &Io, bytes: usize) -> LoggedIo {
    let before = rest.buffer_offset as u64;
    LoggedIo {
        slot: rest.file,
        direction: rest.direction,
        offset: rest.offset - before,
        length: before + bytes as u64,
        priority: rest.priority,
    }
}

#[cold]
fn submit_failure(error: &io::Error) -> JobFailure {
    let errno = error.raw_os_error().unwrap_or(libc::EIO);
    JobFailure::new(errno, format!("submitting I/Os: {error}"))
}
