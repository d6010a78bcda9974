//! Clients of one and of several servers: this program's against fio's, at the same servers of fio, and fio's client
//! at servers of both kinds.

use std::process::{Command, Stdio};

use super::differences::as_3_33;
use super::shape::{difference, shape};
use crate::running_server::RunningServer;
use crate::stock_server::StockServer;
use crate::util::{Finished, Folder};

const NULL: &str = "[global]\nioengine=null\nsize=4m\n[a]\nrw=randrw\nbs=8k\n[b]\nrw=randtrim\ndescription=two words\n";
const ONE: &str =
    "[only]\nioengine=null\nsize=4m\nrw=randread\nlat_percentiles=1\nslat_percentiles=1\n";
const FILES: &str = "[g]\nsize=1m\nrw=read\n[f]\nnew_group\nsize=1m\nrw=randrw\nfsync=16\nnumjobs=2\ngroup_reporting\n";
const MIXED: &str = "[global]\nioengine=null\nsize=4m\nrw=randrw\nunified_rw_reporting=mixed\n[m]\n[n]\nrw=randtrim\n";
const BOTH: &str = "[global]\nioengine=null\nsize=4m\nrw=randrw\nunified_rw_reporting=both\n[m]\n[n]\nrw=randtrim\n";
const STEADY: &str = "[ss]\nioengine=null\nsize=1g\ntime_based\nruntime=8\nrate_iops=1000\nsteadystate=iops:50%\n\
                      steadystate_duration=3\n";
const FAILING: &str = "[e]\nfilename=/dev/full\nsize=64k\nfilesize=64k\nrw=write\n";

const JOBS: [(&str, &str); 7] = [
    ("two jobs", NULL),
    ("one job", ONE),
    ("files and groups", FILES),
    ("mixed reporting", MIXED),
    ("reporting both ways", BOTH),
    ("a steady state", STEADY),
    ("an error", FAILING),
];

/// Every format in one text.
const FORMATS: &str = "--output-format=normal,terse,json+";

/// The words for a client of these servers.
fn words(hosts: &[String]) -> Vec<String> {
    let jobs = hosts
        .iter()
        .flat_map(|host| [format!("--client={host}"), "job.fio".to_owned()]);
    jobs.chain([FORMATS, "--eta=never"].map(str::to_owned))
        .collect()
}

/// fio's client at these servers.
fn fio_client(hosts: &[String], job: &str) -> Finished {
    let folder = Folder::new();
    folder.file("job.fio", job);
    let mut command = Command::new("fio");
    command.args(words(hosts));
    command.current_dir(folder.path()).stdin(Stdio::null());
    Finished::of(command)
}

/// This program's client at these servers.
fn our_client(hosts: &[String], job: &str) -> Finished {
    let folder = Folder::new();
    folder.file("job.fio", job);
    folder.run(std::iter::once("fio".to_owned()).chain(words(hosts)))
}

/// The shape of what a client printed. Lines of servers come as they come, those of several in any order.
fn client_shape(finished: &Finished) -> Vec<String> {
    let mut text = finished.stdout.clone();
    let own_name = rustix::system::uname();
    let own_name = own_name.nodename().to_string_lossy();
    text = text.replace(&format!("<{own_name}> "), "<host> ");
    let depends_on_time = [
        "   bw (rate)",
        "   iops  ",
        "<host> f: Laying out",
        "<host> g: Laying out",
        "f: Laying out",
        "g: Laying out",
    ];
    let mut shape = shape(&text);
    shape.retain(|line| !depends_on_time.iter().any(|start| line.starts_with(start)));
    shape
}

/// Results of several servers come in any order.
fn in_one_order(mut shape: Vec<String>, servers: usize) -> Vec<String> {
    if servers > 1 {
        shape.sort();
    }
    shape
}

fn without_global_options(shape: Vec<String>) -> Vec<String> {
    let first = shape
        .iter()
        .position(|line| line == "  \"global options\" : {");
    let end = shape.iter().position(|line| line == "  },");
    match (first, end) {
        (Some(first), Some(end)) => [&shape[..first], &shape[end + 1..]].concat(),
        _ => shape,
    }
}

/// What differs between this program's client and fio's.
fn compare(name: &str, job: &str, hosts: &[String]) -> String {
    let (theirs, ours) = (fio_client(hosts, job), our_client(hosts, job));
    let ours = as_3_33(client_shape(&ours));
    let mut theirs = client_shape(&theirs);
    if hosts.len() > 1 {
        theirs = without_global_options(theirs);
    }
    let [ours, theirs] = [ours, theirs].map(|shape| in_one_order(shape, hosts.len()));
    match difference(&ours, &theirs) {
        Some(told) => format!("{name}, {} servers\n{told}\n", hosts.len()),
        None => String::new(),
    }
}

#[test]
fn clients_print_what_fios_client_prints() {
    let servers: Option<Vec<_>> = (0..2).map(|_| StockServer::start()).collect();
    let Some(servers) = servers else {
        return;
    };
    let hosts: Vec<_> = servers.iter().map(StockServer::address).collect();
    let runs = JOBS
        .iter()
        .flat_map(|(name, job)| [1, 2].map(|count| (name, job, count)));
    let told: String = runs
        .map(|(name, job, count)| compare(name, job, &hosts[..count]))
        .collect();
    assert!(told.is_empty(), "- is fio, + is this program\n{told}");
}

#[test]
fn fios_client_prints_the_same_of_both_servers() {
    let Some(stock) = StockServer::start() else {
        return;
    };
    let own = RunningServer::start();
    let stock = [stock.address()];
    let own = [own.address().replace("127.0.0.1:", "127.0.0.1,")];
    let mut told = String::new();
    for (name, job) in JOBS {
        let shape = |hosts: &[String]| {
            let mut shape = client_shape(&fio_client(hosts, job));
            // How many there are and where they come is told otherwise.
            shape.retain(|line| line != "fio: <message>");
            shape
        };
        if let Some(difference) = difference(&shape(&own), &shape(&stock)) {
            told += &format!("{name}\n{difference}\n");
        }
    }
    assert!(told.is_empty(), "- is fio, + is this program\n{told}");
}
