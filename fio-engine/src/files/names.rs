//! Names of files.

use std::path::PathBuf;

use crate::job::JobSpec;

use super::error::FileError;

/// The form of generated names where the job gives none (manual, `filename_format`).
const DEFAULT_FORMAT: &str = "$jobname.$jobnum.$filenum";

/// Splits a list of names as `filename` and `directory` take it: at colons, where `\:` stands for
/// a colon that belongs to a name. Empty names are left out.
///
/// ```
/// use fio_engine::files::split_names;
///
/// assert_eq!(split_names(r"/dev/sda:/dev/disk@3,0\:c"), ["/dev/sda", "/dev/disk@3,0:c"]);
/// ```
#[must_use]
pub fn split_names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&':').is_some() => {
                if let Some(name) = names.last_mut() {
                    name.push(':');
                }
            }
            ':' => names.push(String::new()),
            _ => {
                if let Some(name) = names.last_mut() {
                    name.push(character);
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Paths of the files of a job's clone, counted from 0, as the job will open them.
///
/// Generated names go to the clone's own folder of the list; names the user gave go to the first,
/// so that all clones share the file (manual, `directory`).
///
/// # Errors
/// When `filename_format` gives an empty name.
pub fn paths(spec: &JobSpec, clone: u32) -> Result<Vec<PathBuf>, FileError> {
    one_by_one(spec, clone).collect()
}

/// The paths, each made when it is asked for: there may be a million.
pub(super) fn one_by_one(
    spec: &JobSpec,
    clone: u32,
) -> impl Iterator<Item = Result<PathBuf, FileError>> {
    let folder = |index: usize| spec.directories.get(index).cloned().unwrap_or_default();
    let (first, own) = (
        folder(0),
        folder(clone as usize % spec.directories.len().max(1)),
    );
    let prefix = prefix(spec);
    let given = prefix.clone();
    let given = spec.file_names.iter().map(move |name| {
        let absolute = name.starts_with('/');
        let prefix = if absolute { "" } else { given.as_str() };
        Ok(first.join(format!("{prefix}{name}")))
    });
    let count = if spec.file_names.is_empty() {
        spec.file_count.max(1)
    } else {
        0
    };
    given.chain((0..count).map(move |file| {
        let name = generated(spec, clone, file)?;
        Ok(own.join(format!("{prefix}{name}")))
    }))
}

/// As fio, names get the client's address only in folders that the job names.
fn prefix(spec: &JobSpec) -> String {
    match &spec.files.client {
        Some(client) if spec.files.unique_names && !spec.directories.is_empty() => {
            format!("{client}.")
        }
        _ => String::new(),
    }
}

/// How many files each clone of a job has.
pub(crate) fn count(spec: &JobSpec) -> u64 {
    match spec.file_names.len() {
        0 => spec.file_count.max(1).into(),
        given => given as u64,
    }
}

fn generated(spec: &JobSpec, clone: u32, file: u32) -> Result<String, FileError> {
    let given = spec.file_name_format.as_deref();
    let format = given
        .filter(|format| !format.is_empty())
        .unwrap_or(DEFAULT_FORMAT);
    let variables = [
        (
            "$jobname",
            spec.files.stem.as_ref().unwrap_or(&spec.name).clone(),
        ),
        // Only jobs of a server have one.
        ("$clientuid", spec.files.client.clone().unwrap_or_default()),
        ("$jobnum", clone.to_string()),
        ("$filenum", file.to_string()),
    ];
    let mut name = String::new();
    let mut rest = format;
    while let Some(next) = rest.chars().next() {
        let known = variables
            .iter()
            .find(|(variable, _)| rest.starts_with(variable));
        if let Some((variable, value)) = known {
            name.push_str(value);
            rest = &rest[variable.len()..];
        } else {
            name.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    if name.is_empty() {
        return Err(FileError::EmptyName {
            job: spec.name.clone(),
            format: format.to_owned(),
        });
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(spec: &JobSpec, clone: u32) -> Vec<String> {
        let paths = paths(spec, clone).expect("names that can be made");
        paths
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn generated_names_are_spread_over_folders() {
        let mut spec = JobSpec::new("j");
        spec.file_count = 2;
        assert_eq!(names(&spec, 0), ["j.0.0", "j.0.1"]);
        spec.directories = vec!["a".into(), "b".into()];
        assert_eq!(names(&spec, 1), ["b/j.1.0", "b/j.1.1"]);
        assert_eq!(names(&spec, 2), ["a/j.2.0", "a/j.2.1"]);
    }

    #[test]
    fn given_names_are_shared_by_all_clones() {
        let mut spec = JobSpec::new("j");
        spec.file_names = split_names("x:y");
        spec.directories = vec!["a".into(), "b".into()];
        assert_eq!(names(&spec, 1), ["a/x", "a/y"]);
    }

    #[test]
    fn formats_are_filled_in() {
        let mut spec = JobSpec::new("j");
        spec.file_name_format = Some("c/$jobname-$jobnum-$filenum-$other$".into());
        assert_eq!(names(&spec, 3), ["c/j-3-0-$other$"]);
        spec.file_name_format = Some("$clientuid".into());
        assert!(matches!(paths(&spec, 0), Err(FileError::EmptyName { .. })));
    }

    /// As observed of a server of fio 3.33.
    #[test]
    fn clients_have_names_of_their_own_in_folders() {
        let mut spec = JobSpec::new("x");
        spec.files.client = Some("127.0.0.1".to_owned());
        assert_eq!(names(&spec, 0), ["x.0.0"]);
        spec.directories = vec!["a".into()];
        assert_eq!(names(&spec, 0), ["a/127.0.0.1.x.0.0"]);
        spec.file_name_format = Some("q.$clientuid.$jobnum".to_owned());
        assert_eq!(names(&spec, 0), ["a/127.0.0.1.q.127.0.0.1.0"]);
        spec.file_names = vec!["zz".into(), "/abs/zz".into()];
        assert_eq!(names(&spec, 0), ["a/127.0.0.1.zz", "/abs/zz"]);
        spec.files.unique_names = false;
        assert_eq!(names(&spec, 0), ["a/zz", "/abs/zz"]);
    }

    #[test]
    fn lists_are_split_at_bare_colons() {
        assert_eq!(split_names(r"a\b:c\:d::e"), [r"a\b", "c:d", "e"]);
        assert!(split_names("").is_empty());
    }
}
