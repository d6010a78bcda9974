//! The server itself: accepts clients up to a limit and ends in good order.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use fio_engine::logs::LogBudget;
use fio_engine::run::RunOptions;
use fio_proto::message::ProbeReply;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::error::ServerError;
use super::farewell;
use super::identity;
use super::job_folders::JobFolders;
use super::listener::{BoundListener, Listener, Peer};
use super::log::Log;
use super::options::{Limits, ListenAddress, ServerOptions};
use super::policy::Policy;
use super::runner::RunnerContext;
use super::stream::Stream;

/// A server that is bound to its addresses and ready to run.
///
/// Clients may connect as soon as [`bind`](Self::bind) returns; they are served while
/// [`run`](Self::run) is polled, in a current-thread tokio runtime or any other.
///
/// ```no_run
/// use fio_server_cli::server::{Server, ServerOptions};
///
/// let server = Server::bind(ServerOptions::default())?;
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// runtime.block_on(server.run(std::future::pending()))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<BoundListener>,
    shared: Arc<Shared>,
}

/// Why a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The caller asked for it.
    Shutdown,
    /// A client sent EXIT.
    ExitCommand,
}

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) log: Log,
    pub(super) runner: RunnerContext,
    pub(super) allow_exit: bool,
    pub(super) identity: ProbeReply,
    clients: AtomicUsize,
    refused_clients: AtomicUsize,
    phase: watch::Sender<Phase>,
}

/// How the server as a whole is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It serves.
    Serving,
    /// A client has sent EXIT.
    Exiting,
    /// Connections are to stop their jobs, report and close.
    Stopping,
}

impl Server {
    /// Binds all addresses.
    ///
    /// # Errors
    /// If one of them cannot be had; then none is kept.
    pub fn bind(options: ServerOptions) -> Result<Self, ServerError> {
        let policy = Arc::new(Policy::new(&options)?);
        let job_folders = Arc::new(JobFolders::new(&options.job_folders)?);
        let listeners = options
            .listen
            .iter()
            .map(BoundListener::bind)
            .collect::<Result<_, _>>()?;
        let mut run_options = RunOptions::default();
        run_options.engines = options.engines;
        run_options.random_rule = options.random_rule;
        run_options.max_jobs = options.limits.jobs_per_run;
        run_options.log_budget = LogBudget::new(options.limits.log_memory);
        run_options.pack_logs = true;
        let shared = Shared {
            log: options.log,
            runner: RunnerContext {
                policy,
                job_folders,
                run_options,
                client: None,
            },
            allow_exit: options.allow_exit,
            identity: identity::probe_reply(),
            clients: AtomicUsize::new(0),
            refused_clients: AtomicUsize::new(0),
            phase: watch::Sender::new(Phase::Serving),
        };
        Ok(Self {
            listeners,
            shared: Arc::new(shared),
        })
    }

    /// Where it listens, in the order of the options, with the ports the system chose.
    #[must_use]
    pub fn local_addresses(&self) -> Vec<ListenAddress> {
        let addresses = self.listeners.iter().map(BoundListener::address);
        addresses.cloned().collect()
    }

    /// Serves clients until `shutdown` is done or a client sends an EXIT that counts. Then running
    /// jobs are stopped, their clients get what they measured, and all sockets are closed.
    ///
    /// # Errors
    /// If a listening socket cannot be handed to the runtime.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<Ending, ServerError> {
        let listeners = self
            .listeners
            .into_iter()
            .map(BoundListener::into_async)
            .collect::<io::Result<Vec<_>>>()
            .map_err(ServerError::Runtime)?;
        let shared = self.shared;
        let mut connections = JoinSet::new();
        let ending = accept_clients(&shared, &listeners, &mut connections, shutdown).await;
        drop(listeners);
        stop_clients(&shared, connections).await;
        Ok(ending)
    }

    /// Serves the one client at the other end of `stream` until it leaves or `shutdown` is done.
    pub(super) async fn run_for(
        self,
        stream: tokio::net::UnixStream,
        shutdown: impl Future<Output = ()>,
    ) {
        let shared = self.shared;
        let mut connections = JoinSet::new();
        let connection = Connection::new(stream.into(), Peer::embedded(), shared.clone());
        connections.spawn(connection.run());
        tokio::select! {
            () = shutdown => stop_clients(&shared, connections).await,
            _ = connections.join_next() => {}
        }
    }
}

impl Shared {
    pub(super) fn limits(&self) -> &Limits {
        self.runner.policy.limits()
    }

    /// Subscribes to the server's phase.
    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// A client with the right to do so has sent EXIT.
    pub(super) fn exit(&self) {
        self.phase.send_if_modified(|phase| {
            let serving = *phase == Phase::Serving;
            if serving {
                *phase = Phase::Exiting;
            }
            serving
        });
    }
}

/// Counts something up until dropped.
struct Counted<F: Fn(&Shared) -> &AtomicUsize> {
    shared: Arc<Shared>,
    counter: F,
}

impl<F: Fn(&Shared) -> &AtomicUsize> Counted<F> {
    /// `None` if `limit` is reached.
    fn below(limit: usize, shared: &Arc<Shared>, counter: F) -> Option<Self> {
        let add = |count: usize| (count < limit).then_some(count + 1);
        counter(shared)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .ok()?;
        Some(Self {
            shared: shared.clone(),
            counter,
        })
    }
}

impl<F: Fn(&Shared) -> &AtomicUsize> Drop for Counted<F> {
    fn drop(&mut self) {
        (self.counter)(&self.shared).fetch_sub(1, Ordering::Relaxed);
    }
}

/// Connections that are being told that there is no room; beyond it they are closed at once.
const MAX_REFUSED_CLIENTS: usize = 256;

/// Pause after a failed `accept`, which mostly means that file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

async fn accept_clients(
    shared: &Arc<Shared>,
    listeners: &[Listener],
    connections: &mut JoinSet<()>,
    shutdown: impl Future<Output = ()>,
) -> Ending {
    let mut shutdown = pin!(shutdown);
    let mut phase = shared.phase();
    loop {
        tokio::select! {
            () = &mut shutdown => return Ending::Shutdown,
            _ = phase.wait_for(|phase| *phase == Phase::Exiting) => return Ending::ExitCommand,
            accepted = accept_any(listeners) => match accepted {
                Ok((stream, peer)) => admit(shared, connections, stream, peer),
                Err(error) => {
                    shared.log.error(&format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            // Reaps connections that have ended.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Waits for the next client of any listener.
async fn accept_any(listeners: &[Listener]) -> io::Result<(Stream, Peer)> {
    std::future::poll_fn(|context| {
        for listener in listeners {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}

/// Serves a client, or tells it that there is no room.
fn admit(shared: &Arc<Shared>, connections: &mut JoinSet<()>, stream: Stream, peer: Peer) {
    let limit = shared.limits().clients;
    if let Some(place) = Counted::below(limit, shared, |shared| &shared.clients) {
        let connection = Connection::new(stream, peer, shared.clone());
        connections.spawn(async move {
            connection.run().await;
            drop(place);
        });
        return;
    }
    let name = &peer.name;
    shared
        .log
        .warning(&format!("{name}: refused, {limit} clients are connected"));
    let room = Counted::below(MAX_REFUSED_CLIENTS, shared, |shared| {
        &shared.refused_clients
    });
    if let Some(room) = room {
        connections.spawn(async move {
            farewell::refuse(stream, limit).await;
            drop(room);
        });
    }
}

/// Lets all connections end in good order, for a limited time.
async fn stop_clients(shared: &Shared, mut connections: JoinSet<()>) {
    shared.phase.send_replace(Phase::Stopping);
    let time = shared.limits().shutdown_time;
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(time, all).await.is_err() {
        shared
            .log
            .warning("some clients did not take their results in time");
    }
}
