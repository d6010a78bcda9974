//! Between the engine's results and the protocol's messages, one module per direction, and its jobs
//! and logs as messages.

pub mod engine_to_wire;
pub mod job_definition;
pub mod logs;
pub mod verify_state;
pub mod wire_to_engine;

use fio_engine::job::UnifiedReporting;

/// How directions are reported, as messages have it (`unified_rw_rep`).
const fn unified_report(unified: UnifiedReporting) -> u32 {
    match unified {
        UnifiedReporting::Separate => 0,
        UnifiedReporting::Mixed => 1,
        UnifiedReporting::Both => 2,
    }
}

/// As [`unified_report`], the other way; what no release sends counts as nothing special.
const fn unified_reporting(number: u32) -> UnifiedReporting {
    match number {
        1 => UnifiedReporting::Mixed,
        2 => UnifiedReporting::Both,
        _ => UnifiedReporting::Separate,
    }
}
