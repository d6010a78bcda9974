//! The commands: each turns what the user typed into calls of the libraries and into output.

mod generate;

use crate::cli::{Cli, Command};
use crate::exit::{ExitStatus, Failure};
