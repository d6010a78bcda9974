//! Every release of fio, with the protocol version it speaks.

use super::version::{Revision, ServerVersion, revisions};

/// A release of fio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// Its name without `fio-`, as in `3.33`.
    pub name: &'static str,
    /// The protocol version it speaks.
    pub version: ServerVersion,
}

impl Release {
    /// All releases that can be a client and a server, oldest first. Those of versions without layouts
    /// here are listed too.
    pub fn all() -> impl Iterator<Item = Self> {
        RELEASES.iter().map(|&(number, name)| Self {
            name,
            version: ServerVersion::new(number),
        })
    }

    /// The release of a name, with `fio-` in front or without; `None` for builds between releases.
    pub fn named(name: &[u8]) -> Option<Self> {
        let name = name.strip_prefix(b"fio-").unwrap_or(name);
        Self::all().find(|release| release.name.as_bytes() == name)
    }

    /// Its byte layouts, `None` where there are none here.
    pub fn revision(self) -> Option<Revision> {
        let older = OLDER_LAYOUTS.iter().find(|(name, _)| *name == self.name);
        older
            .map(|(_, revision)| *revision)
            .or_else(|| Revision::of(self.version))
    }
}

/// Releases whose layouts a later one of the same version number changed.
const OLDER_LAYOUTS: [(&str, Revision); 4] = [
    ("2.99", revisions::V65_FIO_2_99),
    ("3.1", revisions::V66_FIO_3_1),
    ("3.11", revisions::V77_FIO_3_11),
    ("3.38", revisions::V107_FIO_3_38),
];

/// Protocol versions and releases, in the order of release.
#[rustfmt::skip] // A table, several to the line.
const RELEASES: [(u16, &str); 125] = [
    (1, "1.99"), (2, "1.99.1"), (3, "1.99.2"), (3, "1.99.3"), (5, "1.99.4"), (5, "1.99.5"),
    (5, "1.99.6"), (5, "1.99.7"), (6, "1.99.8"), (6, "1.99.9"), (6, "1.99.10"), (6, "1.99.11"),
    (6, "1.99.12"), (6, "1.99.13"), (6, "2.0"), (6, "2.0.1"), (6, "2.0.2"), (6, "2.0.3"),
    (6, "2.0.4"), (6, "2.0.5"), (6, "2.0.6"), (6, "2.0.7"), (8, "2.0.8"), (8, "2.0.9"),
    (8, "2.0.10"), (9, "2.0.11"), (9, "2.0.12"), (9, "2.0.12.1"), (9, "2.0.12.2"), (9, "2.0.13"),
    (10, "2.0.14"), (10, "2.0.15"), (23, "2.1"), (23, "2.1.1"), (24, "2.1.2"), (25, "2.1.3"),
    (27, "2.1.4"), (30, "2.1.5"), (32, "2.1.6"), (32, "2.1.6.1"), (33, "2.1.7"), (33, "2.1.8"),
    (34, "2.1.9"), (34, "2.1.10"), (35, "2.1.11"), (35, "2.1.12"), (36, "2.1.13"), (38, "2.1.14"),
    (42, "2.2.0"), (42, "2.2.1"), (42, "2.2.2"), (42, "2.2.3"), (42, "2.2.4"), (42, "2.2.5"),
    (42, "2.2.6"), (43, "2.2.7"), (44, "2.2.8"), (46, "2.2.9"), (46, "2.2.10"), (47, "2.2.11"),
    (48, "2.2.12"), (49, "2.2.13"), (51, "2.3"), (51, "2.4"), (51, "2.5"), (51, "2.6"), (53, "2.7"),
    (53, "2.8"), (53, "2.9"), (53, "2.10"), (54, "2.11"), (54, "2.12"), (54, "2.13"), (57, "2.14"),
    (58, "2.15"), (60, "2.16"), (60, "2.17"), (60, "2.18"), (60, "2.19"), (61, "2.20"),
    (62, "2.21"), (65, "2.99"), (65, "3.0"), (66, "3.1"), (66, "3.2"), (69, "3.3"), (70, "3.4"),
    (70, "3.5"), (72, "3.6"), (73, "3.7"), (73, "3.8"), (74, "3.9"), (74, "3.10"), (77, "3.11"),
    (77, "3.12"), (78, "3.13"), (78, "3.14"), (78, "3.15"), (80, "3.16"), (80, "3.17"),
    (82, "3.18"), (82, "3.19"), (83, "3.20"), (83, "3.21"), (84, "3.22"), (86, "3.23"),
    (86, "3.24"), (86, "3.25"), (88, "3.26"), (89, "3.27"), (94, "3.28"), (95, "3.29"),
    (96, "3.30"), (97, "3.31"), (97, "3.32"), (97, "3.33"), (99, "3.34"), (100, "3.35"),
    (101, "3.36"), (103, "3.37"), (107, "3.38"), (107, "3.39"), (111, "3.40"), (113, "3.41"),
    (120, "3.42"),
];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_revision_belongs_to_a_release_but_the_newest() {
        let mut released: Vec<_> = Release::all().filter_map(Release::revision).collect();
        released.dedup();
        released.push(revisions::V121);
        assert!(released.iter().copied().eq(Revision::all()));
    }

    #[test]
    fn releases_are_found_by_name() {
        let release = Release::named(b"fio-3.33").unwrap();
        assert_eq!((release.name, release.version.number()), ("3.33", 97));
        assert_eq!(Release::named(b"3.33"), Some(release));
        assert_eq!(Release::named(b"fio-3.33-12-gabcdef"), None);
        assert_eq!(Release::named(b"2.0").unwrap().revision(), None);
    }
}
