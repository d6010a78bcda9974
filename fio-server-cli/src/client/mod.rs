//! The client: runs jobs on one or many servers at once, whatever version of fio they are.
//!
//! ```no_run
//! use fio_server_cli::client::{Assignment, Fleet, FleetOptions, HostEvent, Target, Work};
//! use fio_server_cli::job_text::{environment, prepare};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let jobs = prepare(&["job.fio".into()], &[], &[], &environment)?;
//! let work: std::sync::Arc<[Work]> = jobs.into_iter().map(Work::Text).collect();
//! let mut assignments = Vec::new();
//! for host in ["a", "b"] {
//!     let target = Target::Address(host.parse()?);
//!     assignments.push(Assignment { target, work: work.clone() });
//! }
//! let mut fleet = Fleet::start(assignments, FleetOptions::default());
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
//! knows how fragile old servers are: a message is written in one go, and the connection stays until
//! the server has said QUIT, even when the user has lost interest.
//!
//! A server is first spoken to in the newest version, or in the one found at another port of its host.
//! If its complaint comes in another version, the next connection speaks that.
//!
//! | module | does |
//! |---|---|
//! | `fleet`, `host` | all servers together: events, the common start, results |
//! | `session` | one server: connections until the version is found |
//! | `talk` | one conversation: what its messages mean |
//! | `driver`, `connect` | bytes and time |
//! | `logs` | logs into files below one folder |

mod connect;
mod driver;
mod error;
mod event;
mod first_line;
mod fleet;
mod host;
mod limits;
mod logs;
mod session;
mod talk;
mod wish;

pub(crate) use connect::{Connection, connect};
pub use error::{ClientError, Phase};
pub use event::{HostEvent, Machine, Probe, WrittenLog};
pub use fleet::{Assignment, Fleet, FleetOptions, Target, Work};
pub use host::HostResult;
pub use limits::Limits;
pub use logs::LogFolder;
pub use session::probe;
