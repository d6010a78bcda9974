//! Which server runs what, from the words of the command line.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;

use crate::address::Address;
use crate::cli::ClientArgs;
use crate::client::{Assignment, Target, Work};
use crate::exit::Failure;
use crate::job_text::{JobText, environment, prepare};
use crate::options::{HostsError, all_hosts, hosts_in};
use crate::output::complain;
use crate::word_order::assign;

/// The servers named, and what each is to run.
pub(super) fn assignments(args: &ClientArgs) -> Result<Vec<Assignment>, Failure> {
    let servers = servers(args).map_err(Failure::setup)?;
    let pieces = Pieces::of(args);
    let places: Vec<_> = servers.iter().map(|(place, _)| *place).collect();
    let own = assign(&places, &pieces.places);
    let mut known: Vec<(Vec<usize>, Arc<[Work]>)> = Vec::new();
    let mut assignments = Vec::with_capacity(servers.len());
    for ((_, address), own) in servers.into_iter().zip(own) {
        // A thousand servers that run the same share it.
        let work = match known.iter().find(|(pieces, _)| *pieces == own) {
            Some((_, work)) => work.clone(),
            None => {
                let work = pieces.read(&own, args)?;
                known.push((own, work.clone()));
                work
            }
        };
        if work.is_empty() {
            let error = anyhow!(
                "server {address} has nothing to run; put its job file behind it, or one for all \
                 servers in front of the first --host"
            );
            return Err(Failure::setup(error));
        }
        assignments.push(Assignment {
            target: Target::Address(address),
            work,
        });
    }
    Ok(assignments)
}

/// Every server with its place on the command line.
fn servers(args: &ClientArgs) -> Result<Vec<(usize, Address)>, HostsError> {
    // Names all mistakes there can be. fio has a session for each time a server is named.
    if !args.output.as_fio {
        all_hosts(&args.host, args.hosts.as_deref())?;
    }
    let places = args.order.hosts.iter().copied();
    let mut servers: Vec<_> = places.zip(args.host.iter().cloned()).collect();
    if let (Some(path), Some(place)) = (&args.hosts, args.order.host_list) {
        let listed = hosts_in(path)?.into_iter();
        servers.extend(listed.map(|address| (place, address)));
    }
    Ok(servers)
}

/// Job files, here and on the servers, and words, with their places on the command line.
struct Pieces<'a> {
    places: Vec<usize>,
    pieces: Vec<Piece<'a>>,
}

enum Piece<'a> {
    Here(&'a PathBuf),
    Remote(&'a PathBuf),
    Word(&'a String),
}

/// What stands behind `--` is for all servers, as what stands before the first.
const BEFORE_ALL: usize = 0;

impl<'a> Pieces<'a> {
    fn of(args: &'a ClientArgs) -> Self {
        let here = args.jobs.files.iter().map(Piece::Here);
        let remote = args.remote_config.iter().map(Piece::Remote);
        let words = args.jobs.words.iter().map(Piece::Word);
        let mut places = [&args.order.files[..], &args.order.remote_files].concat();
        if args.order.words.is_empty() {
            places.extend(args.jobs.words.iter().map(|_| BEFORE_ALL));
        } else {
            places.extend(&args.order.words);
        }
        Self {
            places,
            pieces: here.chain(remote).chain(words).collect(),
        }
    }

    /// Reads what one server is to run: the files of this side, the words, then the server's files.
    fn read(&self, own: &[usize], args: &ClientArgs) -> Result<Arc<[Work]>, Failure> {
        let (mut here, mut words, mut remote) = (Vec::new(), Vec::new(), Vec::new());
        for piece in own {
            match self.pieces[*piece] {
                Piece::Here(path) => here.push(path.clone()),
                Piece::Word(word) => words.push(word.clone()),
                Piece::Remote(path) => remote.push(Work::Remote(path.clone())),
            }
        }
        let jobs = prepare(&here, &words, &args.jobs.section, &environment);
        let jobs = jobs.map_err(Failure::setup)?;
        warn(&jobs);
        Ok(jobs.into_iter().map(Work::Text).chain(remote).collect())
    }
}

/// The texts that the servers would be sent, those of all of them.
pub(super) fn texts(args: &ClientArgs) -> Result<Vec<JobText>, Failure> {
    let mut texts = Vec::new();
    for assignment in assignments(args)? {
        for work in &*assignment.work {
            match work {
                Work::Text(text) if !texts.contains(text) => texts.push(text.clone()),
                Work::Text(_) | Work::Remote(_) => {}
            }
        }
    }
    Ok(texts)
}

/// What is remarkable about the jobs of all servers, each remark once.
pub(super) fn notices(assignments: &[Assignment]) -> Vec<String> {
    let mut notices = Vec::new();
    let mut told = BTreeSet::new();
    for work in assignments.iter().flat_map(|assignment| &*assignment.work) {
        let Work::Text(job) = work else { continue };
        let new = job.notices.iter().map(ToString::to_string);
        notices.extend(new.filter(|notice| told.insert(notice.clone())));
    }
    notices
}

/// Tells the user what is remarkable about the jobs.
pub(super) fn warn(jobs: &[JobText]) {
    for notice in jobs.iter().flat_map(|job| &job.notices) {
        complain(format_args!("warning: {notice}"));
    }
}
