//! The program from outside: one binary, one module per subject.

mod fake_server;
mod generate;
mod replay;
mod run;
mod usage;
mod util;
