//! The program from outside: one binary, one module per subject.

mod bridge;
mod captures;
mod decode;
mod decode_capture;
mod examples;
mod explain;
mod fake_server;
mod generate;
mod help;
mod output_switches;
mod packets;
mod replay;
mod run;
mod run_logs;
mod running_server;
mod server_limits;
mod server_malformed;
mod server_process;
mod server_replay;
mod server_session;
mod server_support;
mod sessions;
mod stock_client;
mod stock_server;
mod usage;
mod util;
