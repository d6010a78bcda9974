//! Which version to open with: what to try first, and what after that.
//!
//! No two versions understand each other, and there is no question a server of any version answers. But
//! a stock server that is spoken to in another version than its own closes the connection, and before
//! that says so in a TEXT message, whose header carries *its* version. So one refused connection tells
//! what to speak on the next one. A server that closes without a word is tried with one version after
//! the other, the most common ones first.

use alloc::vec::Vec;

use crate::version::ServerVersion;

/// Versions of long-lived distributions, the most common first; what else there is comes after these,
/// the newest first.
const COMMON: [u16; 8] = [97, 101, 94, 107, 100, 82, 80, 86];

/// The search for the version of one server.
///
/// ```
/// use fio_proto::ServerVersion;
/// use fio_proto::session::VersionFinder;
///
/// let mut finder = VersionFinder::new(ServerVersion::NEWEST);
/// assert_eq!(finder.current(), ServerVersion::NEWEST);
/// // The server's complaint came in version 97:
/// finder.told(ServerVersion::new(97))?;
/// assert_eq!(finder.current(), ServerVersion::new(97));
/// # Ok::<(), fio_proto::session::NoVersion>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionFinder {
    current: ServerVersion,
    pinned: bool,
    tried: Vec<ServerVersion>,
}

/// There is no version left to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoVersion {
    /// The server speaks a version that this crate does not.
    #[error(
        "the server speaks protocol version {server}, this client version 1 and {first} to {last}"
    )]
    Unsupported {
        /// What the server said.
        server: ServerVersion,
        /// The oldest version since the protocol's second life that is spoken here.
        first: ServerVersion,
        /// The newest version spoken here.
        last: ServerVersion,
    },
    /// The server speaks another version than the only one allowed.
    #[error("the server speaks protocol version {server}, but only version {allowed} is allowed")]
    Pinned {
        /// What the server said.
        server: ServerVersion,
        /// The only version allowed.
        allowed: ServerVersion,
    },
    /// The server refused the very version it had told.
    #[error("the server refuses protocol version {server}, which it said it speaks")]
    Contradiction {
        /// What the server said.
        server: ServerVersion,
    },
    /// The server closed every connection without a word.
    #[error("the server closes without a word, whichever of {tried} protocol versions is spoken")]
    Silent {
        /// Versions tried.
        tried: usize,
    },
}

impl VersionFinder {
    /// Opens with `first`: the newest version, or what the server spoke last time. A version that is
    /// not supported is replaced by the newest.
    pub fn new(first: ServerVersion) -> Self {
        let current = if first.is_supported() {
            first
        } else {
            ServerVersion::NEWEST
        };
        Self {
            current,
            pinned: false,
            tried: Vec::new(),
        }
    }

    /// Opens with this version and no other.
    pub const fn pinned(version: ServerVersion) -> Self {
        Self {
            current: version,
            pinned: true,
            tried: Vec::new(),
        }
    }

    /// What to open with now.
    pub const fn current(&self) -> ServerVersion {
        self.current
    }

    /// The server's own frames carry this version: it is tried next.
    ///
    /// # Errors
    /// When it must not or cannot be spoken, or has been tried.
    pub fn told(&mut self, server: ServerVersion) -> Result<(), NoVersion> {
        if self.pinned {
            let allowed = self.current;
            return Err(NoVersion::Pinned { server, allowed });
        }
        if !server.is_supported() {
            return Err(NoVersion::Unsupported {
                server,
                first: ServerVersion::new(65),
                last: ServerVersion::NEWEST,
            });
        }
        if server == self.current || self.tried.contains(&server) {
            return Err(NoVersion::Contradiction { server });
        }
        self.go_on_with(server);
        Ok(())
    }

    /// The server closed without having sent a byte: another version is tried next.
    ///
    /// # Errors
    /// When all have been tried.
    pub fn silent(&mut self) -> Result<(), NoVersion> {
        let next = candidates()
            .filter(|_| !self.pinned)
            .find(|version| *version != self.current && !self.tried.contains(version));
        match next {
            Some(next) => {
                self.go_on_with(next);
                Ok(())
            }
            None => Err(NoVersion::Silent {
                tried: self.tried.len().saturating_add(1),
            }),
        }
    }

    fn go_on_with(&mut self, next: ServerVersion) {
        self.tried.push(self.current);
        self.current = next;
    }
}

/// Every version there is, the most common first.
fn candidates() -> impl Iterator<Item = ServerVersion> {
    let common = COMMON.into_iter().map(ServerVersion::new);
    common.chain(ServerVersion::supported().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stock_server_takes_two_connections_at_most() {
        for version in ServerVersion::supported() {
            let mut finder = VersionFinder::new(ServerVersion::NEWEST);
            if version != finder.current() {
                finder.told(version).unwrap();
            }
            assert_eq!(finder.current(), version);
            assert_eq!(
                finder.told(version),
                Err(NoVersion::Contradiction { server: version })
            );
        }
    }

    #[test]
    fn a_silent_server_is_tried_with_every_version_once() {
        let mut finder = VersionFinder::new(ServerVersion::NEWEST);
        let mut tried = alloc::vec![finder.current()];
        let end = loop {
            match finder.silent() {
                Ok(()) => tried.push(finder.current()),
                Err(end) => break end,
            }
        };
        assert_eq!(tried[1], ServerVersion::new(97));
        assert_eq!(end, NoVersion::Silent { tried: tried.len() });
        tried.sort_unstable();
        assert!(tried.into_iter().eq(ServerVersion::supported()));
    }

    #[test]
    fn a_pinned_version_is_kept() {
        let mut finder = VersionFinder::pinned(ServerVersion::new(97));
        assert_eq!(finder.silent(), Err(NoVersion::Silent { tried: 1 }));
        assert!(matches!(
            finder.told(ServerVersion::V1),
            Err(NoVersion::Pinned { .. })
        ));
        assert_eq!(finder.current(), ServerVersion::new(97));
    }

    #[test]
    fn unknown_versions_are_not_spoken() {
        let mut finder = VersionFinder::new(ServerVersion::new(7));
        assert_eq!(finder.current(), ServerVersion::NEWEST);
        let error = finder.told(ServerVersion::new(122)).unwrap_err();
        assert!(matches!(error, NoVersion::Unsupported { .. }));
    }
}
