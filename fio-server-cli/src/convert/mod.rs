//! Between the engine's results and the protocol's messages, one module per direction, and its jobs
//! and logs as messages.

pub mod engine_to_wire;
pub mod job_definition;
pub mod logs;
pub mod verify_state;
pub mod wire_to_engine;
