//! Explains a captured byte stream: `cargo run --example dump -- STREAM [c2s|s2c]`.

use std::process::ExitCode;

use fio_proto::describe::{Direction, describe_stream};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: dump STREAM [c2s|s2c]");
        return ExitCode::from(2);
    };
    let direction = match arguments.next().as_deref() {
        Some("c2s") => Direction::ClientToServer,
        Some("s2c") => Direction::ServerToClient,
        _ => Direction::Unknown,
    };
    let stream = match std::fs::read(&path) {
        Ok(stream) => stream,
        Err(error) => {
            eprintln!("error: {path}: {error}");
            return ExitCode::from(2);
        }
    };
    for message in describe_stream(&stream, direction) {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                eprintln!("error: {path}: {error}");
                return ExitCode::from(3);
            }
        };
        let (name, frames) = (message.name(), message.fragments.len());
        println!(
            "{:#08x} {name} v{} tag={} frames={frames}",
            message.offset, message.version, message.tag
        );
        match &message.fields {
            Ok(fields) => fields
                .iter()
                .filter(|field| !field.value.is_zero())
                .for_each(|field| println!("    {field}")),
            Err(closed) => println!("    {closed}"),
        }
    }
    ExitCode::SUCCESS
}
