//! What fio's wide structures look like in each revision: one table of rows per structure.
//!
//! fio sends several of its C structures nearly as they lie in memory, and has changed them often. A
//! table lists every field a structure ever had, in wire order, with the revisions it holds for:
//!
//! ```text
//! V1..=V1 => runtime: [u64; 2], "runtime", Milliseconds;
//! V1..=V1 => pad(6);
//! ```
//!
//! From the one list the `wire_struct!` macro makes the neutral structure, which is the same for all
//! revisions, its decoder and encoder, a view that reads single fields in place, and the rows as data
//! ([`Row`]) from which sizes, offsets and descriptions follow. So
//! - a field that is **added or removed** has a row from some revision or until one,
//! - a field that **moved** has two rows, of which one holds at a time,
//! - a field that became **wider or longer** has two rows with different wire types,
//! - and padding is always written down.
//!
//! Fields a revision lacks decode as zero. Encoding tells what a revision could not carry
//! ([`Dropped`]). The tables are tested against sizes and offsets taken from builds of fio.

mod disk;
mod group_run_stats;
mod histogram;
mod io_log_header;
mod io_stat;
mod jobs_eta;
mod macros;
mod neutral;
mod priority_stat;
mod row;
mod shape;
mod steady_state;
mod thread_io_list;
mod thread_options;
mod thread_stat;
mod wire_type;

pub use disk::{DiskAggregate, DiskAggregateView, DiskStats, DiskStatsView};
pub use group_run_stats::{GroupRunStats, GroupRunStatsView};
pub use histogram::{BUCKETS, Histogram};
pub use io_log_header::{IoLogHeader, IoLogHeaderView};
pub use io_stat::{IoStat, IoStatWire};
pub use jobs_eta::{JobsEta, JobsEtaView};
pub use neutral::{ArrayView, Cell, Counters, Neutral};
pub use priority_stat::{PriorityStat, PriorityStatView};
pub use row::{DropReason, Dropped, Row, Unit, fields, size};
pub use shape::Shape;
pub use steady_state::SteadyState;
pub use thread_io_list::{RandomState, RandomStateWire, ThreadIoList, ThreadIoListView};
pub use thread_options::{
    BlockSizeShare, NarrowBlockSizeShare, NarrowZoneShare, ThreadOptions, ThreadOptionsView,
    WideBlockSizeShare, WideZoneShare, ZoneShare,
};
pub use thread_stat::{ThreadStat, ThreadStatView};
pub use wire_type::{Bool, Chars, Fit, Scaled, Shared, SumOf, WireField, WireType};

pub(crate) use macros::wire_struct;
pub(crate) use row::Writer;

#[cfg(test)]
pub(crate) mod tests;
