//! Between the engine's results and the protocol's messages, one module per direction.

pub mod engine_to_wire;
pub mod logs;
pub mod wire_to_engine;
