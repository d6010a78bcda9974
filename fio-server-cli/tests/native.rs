//! This project's own JSON, from `run` and from `client`, held against its schema.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::running_server::RunningServer;
use crate::util::{Finished, Folder};

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../../docs/native-output.schema.json");
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
});

const JOB: [&str; 6] = [
    "--",
    "--name=a",
    "--ioengine=null",
    "--size=1m",
    "--rw=randrw",
    "--rate_iops=10k",
];

/// The document on the standard output, which has nothing else.
pub(crate) fn document(finished: &Finished) -> Value {
    let document = finished.json();
    let errors: Vec<_> = VALIDATOR
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    document
}

#[test]
fn a_run_tells_all_in_one_line() {
    let folder = Folder::new();
    let words = ["run", "--output-format=native", "--latency-from=intended"];
    let finished = folder.run(words.iter().chain(&JOB)).expect_code(0);
    let document = document(&finished);
    assert_eq!(document["tool"]["name"], "fio-server-cli");
    let host = &document["hosts"][0];
    let read = &host["results"][0]["read"];
    // The flag is for fio's formats, which have room for one of the two.
    let mean = |latency: &str| read[latency]["mean_ns"].as_f64().expect("a latency");
    assert!(mean("total_latency") < mean("intended_start_latency"));
    assert_eq!(host["jobs"][0]["name"], "a");
}

#[test]
fn what_is_ignored_is_told() {
    let folder = Folder::new();
    let job = "[a]\nioengine=null\nsize=64k\nrwmixread=20\nthreads=4\n";
    folder.file("job.fio", job);
    let finished = folder
        .run(["run", "--output-format=native", "job.fio"])
        .expect_code(0);
    let document = document(&finished);
    let notices = document["notices"].to_string();
    assert!(notices.contains("threads"), "{notices}");
    let ignored = &document["hosts"][0]["jobs"][0]["without_effect"];
    assert_eq!(ignored[0]["option"], "rwmixread");
}

#[test]
fn a_client_tells_of_each_server_also_of_one_that_is_away() {
    let folder = Folder::new();
    let server = RunningServer::start();
    let address = server.address();
    let words = ["client", "--output-format=native", "--host", address];
    let one = folder.run(words.iter().chain(&JOB)).expect_code(0);
    let one = document(&one);
    let host = &one["hosts"][0];
    assert_eq!(host["address"]["name"], "127.0.0.1");
    assert!(host["machine"]["host_name"].is_string());
    assert!(host["server"]["protocol_version"].as_u64() > Some(60));
    assert_eq!(
        host["results"][0]["read"]["bytes"]
            .as_u64()
            .map(|bytes| bytes > 0),
        Some(true)
    );
    assert!(host["results"][0]["series"].is_null());

    let words = [
        "client",
        "--output-format=native",
        "--host",
        address,
        "--host",
        "127.0.0.1,1",
    ];
    let two = folder.run(words.iter().chain(&JOB)).expect_code(3);
    let two = document(&two);
    assert!(two["hosts"][0]["error"].is_null());
    let error = two["hosts"][1]["error"].to_string();
    assert!(error.contains("refused"), "{error}");
}
