//! fio server, client and local run as a library; the program is a few lines on top.
#![forbid(unsafe_code)]

pub mod address;
pub mod cli;
pub mod client;
pub mod commands;
pub mod convert;
pub mod exit;
pub mod fio_form;
pub mod job_text;
pub mod options;
pub mod output;
pub mod server;

mod bridge;
mod capture_file;
mod interrupt;
mod word_order;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
