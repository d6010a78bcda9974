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
    let words = words_of(args)?;
    let mut known: Vec<(Vec<usize>, Arc<[Work]>)> = Vec::new();
    let mut assignments = Vec::with_capacity(servers.len());
    for ((_, address), own) in servers.into_iter().zip(own) {
        // A thousand servers that run the same share it.
        let work = match known.iter().find(|(pieces, _)| *pieces == own) {
            Some((_, work)) => work.clone(),
            None => {
                let work = pieces.read(&own, args, &words)?;
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
    // Names all mistakes there can be.
    all_hosts(&args.host, args.hosts.as_deref())?;
    let places = args.order.hosts.iter().copied();
    let mut servers: Vec<_> = places.zip(args.host.iter().cloned()).collect();
    if let (Some(path), Some(place)) = (&args.hosts, args.order.host_list) {
        let listed = hosts_in(path)?.into_iter();
        servers.extend(listed.map(|address| (place, address)));
    }
    Ok(servers)
}

/// Job files, here and on the servers, with their places on the command line.
struct Pieces {
    places: Vec<usize>,
    files: Vec<Piece>,
}

enum Piece {
    Here(PathBuf),
    Remote(PathBuf),
}

impl Pieces {
    fn of(args: &ClientArgs) -> Self {
        let here = args.jobs.files.iter().cloned().map(Piece::Here);
        let remote = args.remote_config.iter().cloned().map(Piece::Remote);
        let places = [&args.order.files[..], &args.order.remote_files].concat();
        Self {
            places,
            files: here.chain(remote).collect(),
        }
    }

    /// Reads what one server is to run: the files of this side, then those of the server's.
    fn read(
        &self,
        own: &[usize],
        args: &ClientArgs,
        words: &[JobText],
    ) -> Result<Arc<[Work]>, Failure> {
        let (mut here, mut remote) = (Vec::new(), Vec::new());
        for piece in own {
            match &self.files[*piece] {
                Piece::Here(path) => here.push(path.clone()),
                Piece::Remote(path) => remote.push(Work::Remote(path.clone())),
            }
        }
        let jobs = prepare(&here, &[], &args.jobs.section, &environment).map_err(Failure::setup)?;
        warn(&jobs);
        let texts = jobs.into_iter().chain(words.iter().cloned());
        Ok(texts.map(Work::Text).chain(remote).collect())
    }
}

/// Job options behind `--`, for all servers.
fn words_of(args: &ClientArgs) -> Result<Vec<JobText>, Failure> {
    if args.jobs.words.is_empty() {
        return Ok(Vec::new());
    }
    prepare(&[], &args.jobs.words, &[], &environment).map_err(Failure::setup)
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
