//! The client: runs jobs on one or many servers at once.
//!
//! ```no_run
//! use fio_server_cli::client::{Fleet, HostEvent, Limits, Target};
//! use fio_server_cli::job_text::{environment, prepare};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let jobs = prepare(&["job.fio".into()], &[], &[], &environment)?;
//! let targets = ["a", "b"].map(|host| host.parse().map(Target::Address));
//! let targets = targets.into_iter().collect::<Result<Vec<_>, _>>()?;
//! let mut fleet = Fleet::start(targets, jobs, Limits::default());
//! while let Some((host, event)) = fleet.next().await {
//!     if let HostEvent::Ended(Err(error)) = event {
//!         eprintln!("host {host}: {error}");
//!     }
//! }
//! let report = fleet.into_report();
//! # Ok(())
//! # }
//! ```
//!
//! Every host is a task of its own on the current thread. Within a task the protocol is the
//! business of `fio_proto`'s session, which does no I/O; the task moves its bytes. The session
//! knows how fragile servers of 2011 are: a message is written in one go, jobs wait for the
//! probe's reply, the next job file waits for the end of the one before, and the connection stays
//! until the server has said QUIT, even when the user has lost interest.

mod connect;
mod driver;
mod error;
mod event;
mod fleet;
mod session;

pub use error::{ClientError, Phase};
pub use event::{HostEvent, Probe};
pub use fleet::{Fleet, HostResult, Limits, Target};
pub use session::probe;
