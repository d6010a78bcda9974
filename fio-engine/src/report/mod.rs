//! Results of a run and the formats they are printed in.
//!
//! A [`Report`] is neutral: it can come from a run in this process or from servers over a network.
//! [`normal`] prints it for people, [`json`] and [`terse`] for programs, all in fio's layout, and
//! [`native`] for programs in this project's own; [`status`]
//! is the line shown while a run goes on.

pub mod json;
pub mod native;
pub mod normal;
pub mod status;
pub mod terse;

mod background;
mod client;
mod collect;
mod disks;
mod intended;
mod model;
mod rates;
mod unified;
mod units;

pub use background::{Background, HostIdentity, ServerBackground, ServerIdentity};
pub use client::{ClientReport, HostJob, HostReport};
pub use collect::ALL_CLIENTS;
pub use disks::DiskMonitor;
pub use model::{
    CloneSeries, DirectionReport, DiskReport, ErrorCount, GroupDirectionReport, GroupReport, Host,
    JobReport, LatencyReport, LatencyTarget, PriorityReport, Report, SteadyState,
};
pub use units::{Prefix, ScaledNumber, Unit};

use rates::{milliseconds, share_of_aggregate};
