//! The command `bridge`: listens and lets clients over.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;

use anyhow::Context as _;
use fio_proto::{Revision, ServerVersion};
use tokio::sync::Semaphore;

use super::backend::Target;
use super::connection::serve;
use super::record::Recorder;
use crate::cli::BridgeArgs;
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::output::complain;
use crate::server::{BoundListener, Listener, Peer, Stream, listen_addresses};

/// Bridges until SIGINT or SIGTERM, which end all connections.
pub(crate) fn bridge(args: &BridgeArgs) -> Result<ExitStatus, Failure> {
    if let Some(folder) = &args.record {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let addresses = listen_addresses(&args.listen)?;
    let bound = addresses.iter().map(BoundListener::bind);
    let bound = bound
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::setup)?;
    let runtime = crate::commands::runtime()?;
    let outcome = runtime.block_on(async {
        let mut interrupts = Interrupts::new().context("cannot watch for signals")?;
        let mut listeners = Vec::new();
        for listener in bound {
            complain(format_args!(
                "listening on {}, for {}",
                listener.address(),
                args.to
            ));
            listeners.push(listener.into_async().context("cannot listen")?);
        }
        let mut bridge = Bridge::new(args);
        tokio::select! {
            never = bridge.accept_all(&listeners) => match never {},
            _ = interrupts.next() => anyhow::Ok(()),
        }
    });
    runtime.shutdown_background();
    outcome?;
    Ok(ExitStatus::Success)
}

/// What every connection needs.
struct Bridge {
    target: Target,
    record: Option<PathBuf>,
    /// One for each client there may be.
    places: Arc<Semaphore>,
    served: u64,
}

/// Accepting has no end.
enum Never {}

impl Bridge {
    fn new(args: &BridgeArgs) -> Self {
        Self {
            target: Target {
                address: args.to.clone(),
                pinned: args.proto,
                patience: args.timeout,
                known: Arc::default(),
            },
            record: args.record.clone(),
            places: Arc::new(Semaphore::new(args.max_clients as usize)),
            served: 0,
        }
    }

    async fn accept_all(&mut self, listeners: &[Listener]) -> Never {
        loop {
            match accept(listeners).await {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => {
                    complain(format_args!("warning: cannot accept a client: {error}"));
                    // Out of descriptors or memory; others end in the meantime.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Lets a client over if there is a place for it; otherwise it finds the connection closed.
    fn admit(&mut self, stream: Stream, peer: Peer) {
        self.served += 1;
        let number = self.served;
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            complain(format_args!(
                "client {number} ({}): refused; --max-clients has been reached",
                peer.name
            ));
            return;
        };
        let recorder = self
            .record
            .as_deref()
            .map_or_else(Recorder::default, open_record);
        let target = self.target.clone();
        tokio::spawn(async move {
            let name = format!("client {number} ({})", peer.name);
            let note = recorder.name().to_owned();
            let told = |client: ServerVersion, server: Revision| {
                let recorded = match note.as_os_str().is_empty() {
                    true => String::new(),
                    false => format!(", recorded as {}-*", note.display()),
                };
                complain(format_args!(
                    "{name}: version {client}, server {}{recorded}",
                    server.version()
                ));
            };
            match serve(stream, &target, recorder, told).await {
                Ok(()) => complain(format_args!("{name}: ended")),
                Err(error) => complain(format_args!("{name}: error: {error}")),
            }
            drop(place);
        });
    }
}

fn open_record(folder: &Path) -> Recorder {
    Recorder::new(folder).unwrap_or_else(|error| {
        complain(format_args!(
            "warning: cannot record to {}: {error}; a connection is not recorded",
            folder.display()
        ));
        Recorder::default()
    })
}

/// The next client of any listener.
async fn accept(listeners: &[Listener]) -> io::Result<(Stream, Peer)> {
    poll_fn(|context| {
        for listener in listeners {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}
