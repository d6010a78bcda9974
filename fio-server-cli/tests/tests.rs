//! The program from outside: one binary, one module per subject.

mod generate;
mod run;
mod usage;
mod util;
