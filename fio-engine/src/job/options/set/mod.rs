//! The setters of the option table: each puts one option's value into a [`Draft`](super::draft::Draft).

mod block_sizes;
mod buffers;
mod engine_options;
mod errors;
mod file_options;
mod files;
mod latency;
mod lifecycle;
mod logs;
mod measurement;
mod order;
mod pauses;
mod preconditioning;
mod priority;
mod process;
mod profile;
mod rate;
mod replay;
mod steady_state;
mod verification;
mod workload;
mod zones;

pub(super) use block_sizes::*;
pub(super) use buffers::*;
pub(super) use engine_options::*;
pub(super) use errors::*;
pub(super) use file_options::*;
pub(super) use files::*;
pub(super) use latency::*;
pub(super) use lifecycle::*;
pub(super) use logs::*;
pub(super) use measurement::*;
pub(super) use order::{
    begin_alignment, distribution, file_service, number_of_ios, offset_increment, random_percent,
    sequencer, sizes_by_order,
};
pub(super) use pauses::*;
pub(super) use preconditioning::*;
pub(super) use priority::*;
pub(super) use process::*;
pub(super) use profile::{of_profile, profile};
pub(super) use rate::*;
pub(super) use replay::*;
pub(super) use steady_state::*;
pub(super) use verification::*;
pub(super) use workload::*;
pub(super) use zones::{zone_capacity, zone_mode, zone_range, zone_size, zone_skip};
