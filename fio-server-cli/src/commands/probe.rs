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
        message: args.timeout,
        ..Limits::default()
    };
    let version = args.proto;
    let asked: Vec<_> = args
        .hosts
        .iter()
        .cloned()
        .map(|address| {
            let limits = limits.clone();
            tokio::spawn(async move {
                let answer = probe(&address, version, &limits).await;
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
        machine,
        latency,
        ..
    } = probe;
    let endianness = if probe.big_endian {
        "big-endian"
    } else {
        "little-endian"
    };
    let machine = machine.map_or_else(String::new, |machine| {
        format!(
            " {}-bit, os={}, arch={}, cpus={},",
            machine.bits,
            machine.operating_system_name(),
            machine.architecture_name(),
            machine.processors
        )
    });
    let milliseconds = latency.as_secs_f64() * 1000.0;
    format!(
        "{address}: hostname={host_name}, protocol={protocol}, fio={release}, {endianness},{machine} {milliseconds:.1} ms\n"
    )
}

fn as_json(address: &Address, answer: &Answer) -> Value {
    let probe = match answer {
        Ok(probe) => probe,
        Err(error) => {
            return json!({ "address": address.to_string(), "error": error.to_string() });
        }
    };
    let mut described = json!({
        "address": address.to_string(),
        "hostname": probe.host_name,
        "protocol": probe.protocol,
        "fio": probe.release,
        "big_endian": probe.big_endian,
        "latency_ms": probe.latency.as_secs_f64() * 1000.0,
    });
    if let Some(machine) = probe.machine {
        described["bits"] = machine.bits.into();
        described["os"] = machine.operating_system_name().into();
        described["arch"] = machine.architecture_name().into();
        described["cpus"] = machine.processors.into();
        described["zlib"] = machine.zlib.into();
    }
    described
}
