//! Addresses of servers, in fio's own forms and in the usual ones.
//!
//! | form | meaning |
//! |---|---|
//! | `host` | TCP, [`DEFAULT_PORT`] |
//! | `host,port` or `host:port` | TCP |
//! | `ip:host,port` | TCP over IPv4 only |
//! | `ip6:host,port` | TCP over IPv6 only |
//! | `::1`, `[::1]`, `[::1]:port`, `::1,port` | TCP over IPv6 |
//! | `sock:/path` | Unix socket |
//! | `,port` | TCP on every IPv4 interface; only to listen on |
//!
//! The comma forms and the prefixes are those of fio's `--server` and `--client` (manual,
//! "Client / Server"). Because `ip:` is a prefix, a host that is really called `ip` is written
//! `ip,port`.

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

/// The TCP port of fio servers.
pub const DEFAULT_PORT: u16 = 8765;

/// Where a server listens or is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP socket.
    Tcp(TcpAddress),
    /// A Unix socket at this path.
    Unix(PathBuf),
}

/// Host and port of a TCP address; the host is not looked up before [`TcpAddress::resolve`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TcpAddress {
    /// Name or literal address, without brackets.
    pub host: String,
    /// Port; 0 only where one listens, meaning any that is free.
    pub port: u16,
    /// Which addresses of the host may be used.
    pub family: Family,
}

/// Which kind of IP address a host may resolve to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Either.
    Any,
    /// IPv4 (`ip:`).
    V4,
    /// IPv6 (`ip6:`).
    V6,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing, or nothing before the port.
    #[error("address `{0}` has no host; write host, host:port or sock:/path")]
    NoHost(String),
    /// The part after the comma or colon is not a port.
    #[error("address `{address}`: `{port}` is not a port; it must be a number from 1 to 65535")]
    BadPort {
        /// The whole address.
        address: String,
        /// The offending part.
        port: String,
    },
    /// A bracket without its partner, or text behind it.
    #[error("address `{0}`: an IPv6 address is written [address]:port")]
    BadBrackets(String),
    /// `ip6:` with something that can only be IPv4, or the reverse.
    #[error("address `{address}`: `{host}` is not an {wanted} address")]
    WrongFamily {
        /// The whole address.
        address: String,
        /// Its host part.
        host: String,
        /// `IPv4` or `IPv6`.
        wanted: &'static str,
    },
    /// `sock:` without a path.
    #[error("address `{0}` has no path; write sock:/path")]
    NoPath(String),
}

impl Address {
    /// Reads an address to listen on: beside the forms of [`FromStr`], the host may be empty
    /// (every IPv4 interface, as in fio) and the port 0 (any free one).
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn parse_listen(text: &str) -> Result<Self, AddressError> {
        parse(text, Use::Listen)
    }

    /// A TCP address of the loopback interface.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self::Tcp(TcpAddress {
            host: "127.0.0.1".to_owned(),
            port,
            family: Family::V4,
        })
    }

    /// The host alone, or the Unix path: what TEXT lines of a server are prefixed with.
    #[must_use]
    pub fn host_label(&self) -> String {
        match self {
            Self::Tcp(tcp) => tcp.host.clone(),
            Self::Unix(path) => path.display().to_string(),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads an address to connect to.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text, Use::Connect)
    }
}

impl fmt::Display for Address {
    /// In fio's form, which [`FromStr`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(tcp) => tcp.fmt(f),
            Self::Unix(path) => write!(f, "sock:{}", path.display()),
        }
    }
}

impl fmt::Display for TcpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.family {
            Family::V6 if !self.host.contains(':') => "ip6:",
            Family::V4 if self.host.parse::<std::net::Ipv4Addr>().is_err() => "ip:",
            _ => "",
        };
        write!(f, "{prefix}{},{}", self.host, self.port)
    }
}

impl TcpAddress {
    /// The socket addresses of the host, those of the wanted family only. Blocks while the name
    /// is looked up.
    ///
    /// # Errors
    /// When the name does not resolve, or not to an address of the wanted family
    /// ([`io::ErrorKind::NotFound`]).
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let wanted = |address: &SocketAddr| match self.family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        let found: Vec<_> = (self.host.as_str(), self.port)
            .to_socket_addrs()?
            .filter(wanted)
            .collect();
        if found.is_empty() {
            let family = if self.family == Family::V6 {
                "IPv6"
            } else {
                "IPv4"
            };
            let message = format!("the name has no {family} address");
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        Ok(found)
    }
}

/// What an address is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Connect,
    Listen,
}

fn parse(text: &str, purpose: Use) -> Result<Address, AddressError> {
    let whole = text.trim();
    if let Some(path) = whole.strip_prefix("sock:") {
        return match path {
            "" => Err(AddressError::NoPath(whole.to_owned())),
            path => Ok(Address::Unix(PathBuf::from(path))),
        };
    }
    let (family, rest) = if let Some(rest) = whole.strip_prefix("ip6:") {
        (Family::V6, rest)
    } else if let Some(rest) = whole.strip_prefix("ip:") {
        (Family::V4, rest)
    } else {
        (Family::Any, whole)
    };
    let (host, port) = split_port(whole, rest)?;
    let port = port.map_or(Ok(DEFAULT_PORT), |port| parse_port(whole, port, purpose))?;
    let host = match (host, purpose) {
        ("", Use::Connect) => return Err(AddressError::NoHost(whole.to_owned())),
        ("", Use::Listen) if family == Family::V6 => "::",
        ("", Use::Listen) => "0.0.0.0",
        (host, _) => host,
    };
    check_family(whole, host, family)?;
    Ok(Address::Tcp(TcpAddress {
        host: host.to_owned(),
        port,
        family,
    }))
}

/// Splits `rest` into host and port text.
fn split_port<'a>(whole: &str, rest: &'a str) -> Result<(&'a str, Option<&'a str>), AddressError> {
    if let Some(inside) = rest.strip_prefix('[') {
        let brackets = || AddressError::BadBrackets(whole.to_owned());
        let (host, after) = inside.split_once(']').ok_or_else(brackets)?;
        return match after.strip_prefix([':', ',']) {
            _ if host.parse::<Ipv6Addr>().is_err() && !host.contains('%') => Err(brackets()),
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(brackets()),
        };
    }
    if let Some((host, port)) = rest.rsplit_once(',') {
        return Ok((host.trim(), Some(port.trim())));
    }
    match rest.split_once(':') {
        // More than one colon: an IPv6 address without brackets and so without a port.
        Some((_, after)) if after.contains(':') => Ok((rest, None)),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((rest, None)),
    }
}

fn parse_port(whole: &str, port: &str, purpose: Use) -> Result<u16, AddressError> {
    match port.parse::<u16>() {
        Ok(0) if purpose == Use::Connect => None,
        Ok(number) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(number),
        _ => None,
    }
    .ok_or_else(|| AddressError::BadPort {
        address: whole.to_owned(),
        port: port.to_owned(),
    })
}

fn check_family(whole: &str, host: &str, family: Family) -> Result<(), AddressError> {
    let wanted = match family {
        Family::V4 if host.contains(':') => "IPv4",
        Family::V6 if host.parse::<std::net::Ipv4Addr>().is_ok() => "IPv6",
        _ => return Ok(()),
    };
    Err(AddressError::WrongFamily {
        address: whole.to_owned(),
        host: host.to_owned(),
        wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16, family: Family) -> Address {
        Address::Tcp(TcpAddress {
            host: host.to_owned(),
            port,
            family,
        })
    }

    #[test]
    fn every_documented_form_is_read() {
        let table = [
            ("host", tcp("host", 8765, Family::Any)),
            ("host.example,1234", tcp("host.example", 1234, Family::Any)),
            ("host:1234", tcp("host", 1234, Family::Any)),
            (" host , 1234 ", tcp("host", 1234, Family::Any)),
            ("10.0.0.1", tcp("10.0.0.1", 8765, Family::Any)),
            ("10.0.0.1,8766", tcp("10.0.0.1", 8766, Family::Any)),
            ("ip:10.0.0.1,8766", tcp("10.0.0.1", 8766, Family::V4)),
            ("ip:host", tcp("host", 8765, Family::V4)),
            ("ip:host:99", tcp("host", 99, Family::V4)),
            ("ip,99", tcp("ip", 99, Family::Any)),
            ("ip6:host", tcp("host", 8765, Family::V6)),
            ("ip6:::1,4444", tcp("::1", 4444, Family::V6)),
            ("ip6:::1", tcp("::1", 8765, Family::V6)),
            ("ip6:[::1]:4444", tcp("::1", 4444, Family::V6)),
            ("::1", tcp("::1", 8765, Family::Any)),
            ("::1,4444", tcp("::1", 4444, Family::Any)),
            ("[::1]", tcp("::1", 8765, Family::Any)),
            ("[::1]:4444", tcp("::1", 4444, Family::Any)),
            ("[::1],4444", tcp("::1", 4444, Family::Any)),
            ("[fe80::1%eth0]:1", tcp("fe80::1%eth0", 1, Family::Any)),
            ("host:65535", tcp("host", 65535, Family::Any)),
            ("sock:/run/fio", Address::Unix(PathBuf::from("/run/fio"))),
            (
                "sock:relative,1",
                Address::Unix(PathBuf::from("relative,1")),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
            assert_eq!(
                Address::parse_listen(text),
                Ok(expected),
                "listening on {text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        let table = [
            ("", "has no host"),
            (",8765", "has no host"),
            (":8765", "has no host"),
            ("ip:", "has no host"),
            ("host,", "is not a port"),
            ("host:0", "is not a port"),
            ("host:+1", "is not a port"),
            ("host:65536", "is not a port"),
            ("host,http", "is not a port"),
            ("[::1", "[address]:port"),
            ("[::1]x", "[address]:port"),
            ("[host]:1", "[address]:port"),
            ("ip:::1,1", "is not an IPv4 address"),
            ("ip6:10.0.0.1", "is not an IPv6 address"),
            ("sock:", "has no path"),
        ];
        for (text, reason) in table {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn listening_allows_every_interface_and_any_port() {
        let table = [
            (",4444", tcp("0.0.0.0", 4444, Family::Any)),
            (":4444", tcp("0.0.0.0", 4444, Family::Any)),
            ("ip6:,4444", tcp("::", 4444, Family::V6)),
            ("localhost,0", tcp("localhost", 0, Family::Any)),
        ];
        for (text, expected) in table {
            assert_eq!(Address::parse_listen(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for text in [
            "a,1",
            "ip:a,1",
            "ip6:a,1",
            "ip:1.2.3.4,5",
            "ip6:::1,5",
            "::1,5",
            "sock:/a",
        ] {
            let address: Address = text.parse().expect(text);
            let again: Address = address.to_string().parse().expect("printed by us");
            assert_eq!(again.host_label(), address.host_label());
            assert_eq!(again.to_string(), address.to_string());
        }
    }

    #[test]
    fn a_literal_address_resolves_to_itself_and_only_in_its_family() {
        let address = TcpAddress {
            host: "127.0.0.1".to_owned(),
            port: 7,
            family: Family::Any,
        };
        assert_eq!(
            address.resolve().expect("a literal"),
            ["127.0.0.1:7".parse().expect("valid")]
        );
        let address = TcpAddress {
            family: Family::V6,
            ..address
        };
        assert!(
            address
                .resolve()
                .expect_err("wrong family")
                .to_string()
                .contains("IPv6")
        );
    }
}
