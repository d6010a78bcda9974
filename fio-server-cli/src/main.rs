//! The program `fio-server-cli`.
fn main() {}
