//! `probe`: who are these servers?

use serde_json::{Value, json};

use super::runtime;
use crate::address::Address;
use crate::cli::ProbeArgs;
use crate::client::{ClientError, Limits, Probe, probe};
use crate::exit::{ExitStatus, Failure};
use crate::output::{Sink, complain};

type Answer = Result<Probe, ClientError>;

/// Asks all servers at once and prints their answers in the order they were named.
pub(crate) fn command(args: &ProbeArgs) -> Result<ExitStatus, Failure> {
    let runtime = runtime()?;
    let answers = runtime.block_on(ask(args));
    // A resolver that hangs must not keep the process.
    runtime.shutdown_background();
    let mut sink = Sink::open(None).map_err(Failure::setup)?;
    if args.json {
        let servers: Vec<Value> = answers
            .iter()
            .map(|(address, answer)| as_json(address, answer))
            .collect();
        let document = format!("{:#}\n", json!({ "servers": servers }));
        sink.write(&document).map_err(Failure::setup)?;
    }
    let mut worst = ExitStatus::Success;
    for (address, answer) in answers {
        match answer {
            Ok(answer) if !args.json => sink
                .write(&line(&address, &answer))
                .map_err(Failure::setup)?,
            Ok(_) => {}
            Err(error) => {
                worst = worst.max(error.status());
                complain(format_args!("error: {:#}", anyhow::Error::new(error)));
            }
        }
    }
    Ok(worst)
}

async fn ask(args: &ProbeArgs) -> Vec<(Address, Answer)> {
    let limits = Limits {
        connect: args.timeout,
        reply: args.timeout,
        stop: args.timeout,
    };
    let asked: Vec<_> = args
        .hosts
        .iter()
        .cloned()
        .map(|address| {
            let limits = limits.clone();
            tokio::spawn(async move {
                let answer = probe(&address, &limits).await;
                (address, answer)
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(asked.len());
    for task in asked {
        answers.push(task.await.expect("a probe does not panic"));
    }
    answers
}

fn line(address: &Address, probe: &Probe) -> String {
    let Probe {
        host_name,
        release,
        protocol,
        big_endian,
        latency,
    } = probe;
    let endianness = if *big_endian {
        "big-endian"
    } else {
        "little-endian"
    };
    let milliseconds = latency.as_secs_f64() * 1000.0;
    format!(
        "{address}: hostname={host_name}, protocol={protocol}, fio={release}, {endianness}, {milliseconds:.1} ms\n"
    )
}

fn as_json(address: &Address, answer: &Answer) -> Value {
    match answer {
        Ok(probe) => json!({
            "address": address.to_string(),
            "hostname": probe.host_name,
            "protocol": probe.protocol,
            "fio": probe.release,
            "big_endian": probe.big_endian,
            "latency_ms": probe.latency.as_secs_f64() * 1000.0,
        }),
        Err(error) => json!({ "address": address.to_string(), "error": error.to_string() }),
    }
}
