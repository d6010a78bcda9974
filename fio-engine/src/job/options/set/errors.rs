//! Errors after which a job goes on.

use crate::job::options::draft::Draft;
use crate::job::options::info::{Outcome, Value};
use crate::job::shown::shown;
use crate::job::spec::errors::{ContinueOn, IgnoredErrors, MAX_IGNORED_ERRORS};
use crate::job::value_error::ValueError;

pub(in crate::job::options) fn continue_on_error(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let word = match value.word()? {
        "0" => "none",
        "1" => "all",
        word => word,
    };
    let named = ContinueOn::ALL
        .into_iter()
        .find(|kinds| kinds.name() == word);
    draft.spec.errors.continue_on = named.unwrap_or_default();
    Ok(())
}

/// `READS,WRITES,VERIFICATION`, each a list of names or numbers separated by colons.
pub(in crate::job::options) fn ignore_error(draft: &mut Draft, value: Value<'_>) -> Outcome {
    let mut lists: [Vec<i32>; 3] = Default::default();
    let mut slots = lists.iter_mut();
    for part in value.text.split(|byte| *byte == b',') {
        let list = slots.next().ok_or_else(|| ValueError::TooMany {
            value: shown(value.text),
            maximum: 3,
        })?;
        for error in part.trim_ascii().split(|byte| *byte == b':') {
            if !error.is_empty() {
                list.push(
                    errno(error).ok_or_else(|| {
                        value.wrong("an error is a name such as EIO, or a number")
                    })?,
                );
            }
        }
        if list.len() > MAX_IGNORED_ERRORS {
            return Err(ValueError::TooMany {
                value: shown(value.text),
                maximum: MAX_IGNORED_ERRORS,
            });
        }
    }
    let [read, write, verify] = lists;
    draft.spec.errors.ignored = IgnoredErrors {
        read,
        write,
        verify,
    };
    Ok(())
}

pub(in crate::job::options) fn error_dump(draft: &mut Draft, value: Value<'_>) -> Outcome {
    draft.spec.errors.dump = value.boolean()?;
    Ok(())
}

pub(in crate::job::options) fn block_error_percentiles(
    draft: &mut Draft,
    value: Value<'_>,
) -> Outcome {
    draft.spec.errors.by_block = value.boolean()?;
    Ok(())
}

fn errno(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    let named = NAMES.iter().find(|(name, _)| *name == text);
    let number = || text.parse().ok().filter(|number: &i32| *number >= 0);
    named.map(|(_, number)| *number).or_else(number)
}

macro_rules! names {
    ($($name:ident,)*) => {
        &[$((stringify!($name), libc::$name)),*]
    };
}

/// The errors of Linux.
#[rustfmt::skip] // a list of words
static NAMES: &[(&str, i32)] = names![
    EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM,
    EACCES, EFAULT, ENOTBLK, EBUSY, EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE,
    EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE, EDOM, ERANGE,
    EDEADLOCK, ENAMETOOLONG, ENOLCK, ENOSYS, ENOTEMPTY, ELOOP, ENOMSG, EIDRM, ECHRNG, EL2NSYNC,
    EL3HLT, EL3RST, ELNRNG, EUNATCH, ENOCSI, EL2HLT, EBADE, EBADR, EXFULL, ENOANO, EBADRQC,
    EBADSLT, EBFONT, ENOSTR, ENODATA, ETIME, ENOSR, ENONET, ENOPKG, EREMOTE, ENOLINK, EADV,
    ESRMNT, ECOMM, EPROTO, EMULTIHOP, EDOTDOT, EBADMSG, EOVERFLOW, ENOTUNIQ, EBADFD, EREMCHG,
    ELIBACC, ELIBBAD, ELIBSCN, ELIBMAX, ELIBEXEC, EILSEQ, ERESTART, ESTRPIPE, EUSERS, ENOTSOCK,
    EDESTADDRREQ, EMSGSIZE, EPROTOTYPE, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, ENOTSUP,
    EPFNOSUPPORT, EAFNOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENETRESET,
    ECONNABORTED, ECONNRESET, ENOBUFS, EISCONN, ENOTCONN, ESHUTDOWN, ETOOMANYREFS, ETIMEDOUT,
    ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EALREADY, EINPROGRESS, ESTALE, EUCLEAN, ENOTNAM,
    ENAVAIL, EISNAM, EREMOTEIO, EDQUOT, ENOMEDIUM, EMEDIUMTYPE, ECANCELED, ENOKEY, EKEYEXPIRED,
    EKEYREVOKED, EKEYREJECTED, EOWNERDEAD, ENOTRECOVERABLE, ERFKILL, EWOULDBLOCK,
];
