//! What the user typed, checked: values that need more than the command line to be judged.

use std::path::{Path, PathBuf};

use crate::address::{Address, AddressError};

/// Why the list of servers is no good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostsError {
    /// The file of `--hosts` cannot be read.
    #[error("cannot read host list {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line of it is no address.
    #[error("{}:{line}", path.display())]
    Address {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: AddressError,
    },
    /// It names no server.
    #[error("host list {} names no server", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A server is listed twice; its results would be counted twice.
    #[error("server {0} is named twice")]
    Twice(Address),
}

/// All servers named by `--host` and in the file of `--hosts`, in that order. None at all means
/// the server embedded in the client.
///
/// # Errors
/// See [`HostsError`].
pub fn all_hosts(hosts: &[Address], list: Option<&Path>) -> Result<Vec<Address>, HostsError> {
    let mut all = hosts.to_vec();
    if let Some(path) = list {
        all.extend(hosts_in(path)?);
    }
    let twice = all
        .iter()
        .enumerate()
        .find(|(index, address)| all[..*index].contains(address));
    match twice {
        Some((_, address)) => Err(HostsError::Twice(address.clone())),
        None => Ok(all),
    }
}

/// The servers a file names, one per line.
///
/// # Errors
/// When it cannot be read, names none, or has a line that is no address.
pub fn hosts_in(path: &Path) -> Result<Vec<Address>, HostsError> {
    let text = std::fs::read_to_string(path).map_err(|source| HostsError::Read {
        path: path.to_owned(),
        source,
    })?;
    let listed = listed_hosts(&text).map_err(|(line, source)| HostsError::Address {
        path: path.to_owned(),
        line,
        source,
    })?;
    if listed.is_empty() {
        return Err(HostsError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(listed)
}

fn listed_hosts(text: &str) -> Result<Vec<Address>, (usize, AddressError)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| line.parse().map_err(|error| (number, error)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_list_has_one_server_per_line() {
        let hosts = listed_hosts("# all\n a \n\nip:10.0.0.1,1\r\nsock:/x\n").expect("good");
        let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["a,8765", "10.0.0.1,1", "sock:/x"]);
        let (line, error) = listed_hosts("a\n\nb:x\n").expect_err("no port");
        assert_eq!(
            (line, error.to_string().contains("`x` is not a port")),
            (3, true)
        );
    }

    #[test]
    fn a_server_counts_once() {
        let address = |text: &str| text.parse::<Address>().expect(text);
        let error = all_hosts(&[address("a"), address("a:8765")], None).expect_err("twice");
        assert!(
            error.to_string().contains("a,8765 is named twice"),
            "{error}"
        );
        assert!(all_hosts(&[address("a,1"), address("a,2")], None).is_ok());
    }

    #[test]
    fn a_list_without_servers_is_a_mistake() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), "# none\n").expect("writable");
        assert!(matches!(
            all_hosts(&[], Some(file.path())),
            Err(HostsError::Empty { .. })
        ));
        assert!(matches!(
            all_hosts(&[], Some(Path::new("/no/such"))),
            Err(HostsError::Read { .. })
        ));
    }
}
