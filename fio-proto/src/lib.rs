//! The fio client/server wire protocol.
