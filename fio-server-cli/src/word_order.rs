//! The order of words on the command line, where it means something.
//!
//! As with fio, `--host A a.fio --host B b.fio` gives each server its own job file. clap collects the
//! values of each flag, so the places where they stood are kept here.

use clap::{ArgMatches, Args, Command, FromArgMatches};

/// Where servers and job files stand on the command line: for each value of a flag, in the order of
/// the values, its place among all words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordOrder {
    /// Places of the values of `--host`.
    pub hosts: Vec<usize>,
    /// Place of the value of `--hosts`.
    pub host_list: Option<usize>,
    /// Places of the job files.
    pub files: Vec<usize>,
    /// Places of the values of `--remote-config`.
    pub remote_files: Vec<usize>,
    /// Places of the words of job options, where they are not for all servers: fio's command line has them among
    /// the servers. Empty otherwise.
    pub words: Vec<usize>,
}

impl FromArgMatches for WordOrder {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let places = |flag| {
            let places = matches.indices_of(flag);
            places.map(Iterator::collect::<Vec<_>>).unwrap_or_default()
        };
        Ok(Self {
            hosts: places("host"),
            host_list: places("hosts").first().copied(),
            files: places("files"),
            remote_files: places("remote_config"),
            words: Vec::new(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// It adds no flags of its own.
impl Args for WordOrder {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

/// For every server the indices of the pieces of work that are its own, in their order: those behind it
/// up to the next server that comes after a piece of work, and those in front of all servers. Both
/// lists hold places on the command line.
pub(crate) fn assign(servers: &[usize], work: &[usize]) -> Vec<Vec<usize>> {
    let mut pieces: Vec<usize> = (0..work.len()).collect();
    pieces.sort_by_key(|piece| work[*piece]);
    let first = servers.iter().min().copied().unwrap_or_default();
    let own = |server: usize| {
        // Servers without work between them share what follows.
        let begin = pieces
            .iter()
            .map(|piece| work[*piece])
            .find(|place| *place > server);
        let end = begin.and_then(|begin| servers.iter().filter(|next| **next > begin).min());
        let is_own =
            |place: usize| place < first || (place > server && end.is_none_or(|end| place < *end));
        pieces
            .iter()
            .copied()
            .filter(|piece| is_own(work[*piece]))
            .collect()
    };
    servers.iter().map(|server| own(*server)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    /// `h` is a server, `w` a piece of work.
    fn assigned(words: &str) -> Vec<Vec<usize>> {
        let places = |kind| {
            let of_kind = words.char_indices().filter(|(_, word)| *word == kind);
            of_kind.map(|(place, _)| place).collect::<Vec<_>>()
        };
        assign(&places('h'), &places('w'))
    }

    #[test]
    fn work_belongs_to_the_servers_before_it() {
        assert_eq!(assigned("hw"), [[0]]);
        assert_eq!(assigned("hhw"), [[0], [0]]);
        assert_eq!(assigned("whh"), [[0], [0]]);
        assert_eq!(assigned("hwhw"), [[0], [1]]);
        assert_eq!(assigned("hwwhhw"), [vec![0, 1], vec![2], vec![2]]);
        assert_eq!(assigned("whwhw"), [[0, 1], [0, 2]]);
        assert_eq!(assigned("hwh"), [vec![0], vec![]]);
    }

    #[test]
    fn places_are_those_on_the_command_line() {
        let words = [
            "x",
            "client",
            "--host",
            "a",
            "a.fio",
            "-Hb",
            "--hosts=l",
            "b.fio",
            "--remote-config=/r",
            "--",
            "--name=x",
        ];
        let Ok(Cli {
            command: Command::Client(args),
        }) = Cli::try_parse_from(words)
        else {
            panic!("{words:?}")
        };
        let WordOrder {
            hosts,
            host_list,
            files,
            remote_files,
            words: _,
        } = args.order;
        let list = host_list.expect("given");
        assert!(hosts[0] < files[0] && files[0] < hosts[1] && hosts[1] < list);
        assert!(list < files[1] && files[1] < remote_files[0]);
    }
}
