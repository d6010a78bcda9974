//! Blocks that fail after some trims, told by a server and shown by a client.

use std::collections::HashMap;

use fio_engine::Direction;
use fio_engine::io::{
    AlignedBuffers, EngineError, EngineSetup, Engines, FileUse, Io, IoEngine, Queued,
};
use fio_engine::job::{JobSource, ParseOptions, parse_jobs};
use fio_engine::report::json::{Style, write_report};
use fio_engine::run::{Run, RunOptions};
use serde_json::Value;

use crate::native;
use crate::server_support::TestServer;
use crate::util::Folder;

/// Each block fails to be trimmed when it has been as often as its number says.
struct Worn {
    buffers: AlignedBuffers,
    trims: HashMap<u64, u64>,
}

impl IoEngine for Worn {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            trims: HashMap::new(),
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let block = io.offset / 4096;
        let trims = self.trims.entry(block).or_default();
        Queued::Completed(match io.direction {
            Direction::Trim if *trims >= block => Err(rustix::io::Errno::IO.into()),
            Direction::Trim => {
                *trims += 1;
                Ok(io.length)
            }
            _ => Ok(io.length),
        })
    }
}

const JOB: &str = "[worn]\nioengine=worn\nrw=trimwrite\nbs=4k\nsize=64k\nloops=12\n\
                   continue_on_error=all\nblock_error_percentiles=1\n";

fn engines() -> Engines {
    Engines::standard().register::<Worn>("worn")
}

fn local() -> Value {
    let parsed = parse_jobs(&[JobSource::text("worn", JOB)], &ParseOptions::default());
    let mut options = RunOptions::default();
    options.engines = engines();
    let run = Run::start(parsed.expect("jobs").jobs, options).expect("valid");
    let style = Style {
        version: "x".to_owned(),
        bins: true,
    };
    let mut text = String::new();
    write_report(&mut text, &run.wait(), &style).expect("a string takes all");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    document["jobs"][0]["block"].take()
}

#[test]
fn a_client_shows_what_a_run_would_in_every_version_that_tells_it() {
    let server = TestServer::with(|options| options.engines = engines());
    let address = server.address.to_string();
    let folder = Folder::new();
    folder.file("job.fio", JOB);
    let client = |format: &str, version: &str| {
        let words = [
            "client", "--host", &address, "--proto", version, format, "job.fio",
        ];
        folder.run(words).expect_code(0)
    };
    let local = local();
    assert_eq!(local["states"]["trim_failed"], 12, "{local}");
    assert_eq!(local["trims_to_failure"]["max"], 11);
    for version in ["65", "80", "97", "121"] {
        let document = client("--output-format=json+", version).json();
        assert_eq!(document["client_stats"][0]["block"], local, "{version}");
    }
    let document = native::document(&client("--output-format=native", "121"));
    let blocks = &document["hosts"][0]["results"][0]["blocks"];
    assert_eq!(
        (&blocks["total"], &blocks["written"]),
        (&16.into(), &4.into())
    );
    assert_eq!(blocks["trims_to_failure"]["histogram"][3]["trims"], 3);
    let text = client("--output-format=normal", "121").stdout;
    assert!(
        text.contains("block failure percentiles (trims):"),
        "{text}"
    );
    // Version 1 knows nothing of blocks.
    let document = client("--output-format=json", "1").json();
    assert!(document["client_stats"][0].get("block").is_none());
}
