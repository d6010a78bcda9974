//! Captured sessions of fio 1.99 with itself, and hand-made input that was given to its server.

#![allow(dead_code, reason = "every test uses a part of it")]

pub(crate) mod sessions;
pub(crate) mod uncleared;

use std::path::Path;

/// Sessions with both directions.
pub(crate) const SESSIONS: [&str; 8] = [
    "null_randread",
    "mixed_verify",
    "multi_job",
    "jobline",
    "sigint",
    "err_badopt",
    "err_nodir",
    "err_enospc",
];

/// A file of the captures.
pub(crate) fn capture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/v001")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
