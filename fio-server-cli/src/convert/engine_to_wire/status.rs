//! How far jobs are, as ETA has it.

use fio_engine::PerDirection;
use fio_engine::report::status::Status;
use fio_proto::ServerVersion;
use fio_proto::layout::JobsEta;
use fio_proto::message::{Eta, ServerMessage};

use super::statistics::unit_base;

/// How far the jobs are, for a client of this version.
#[must_use]
pub fn eta(status: &Status, version: ServerVersion) -> ServerMessage {
    let states = states_of(&status.run_string);
    let limits = &status.limits;
    let rates = status.rates.0;
    let mut figures = JobsEta::default();
    figures.running = status.running;
    figures.ramping = status.ramping;
    figures.pending = status.pending;
    if version == ServerVersion::V1 {
        // It has no other place for them.
        figures.pending = status.pending.saturating_add(status.setting_up);
    } else {
        figures.setting_up = status.setting_up;
    }
    figures.files_open = status.open_files;
    (figures.minimum_rate, figures.rate_limit) = numbers(limits.bytes_per_second);
    (figures.minimum_iops, figures.iops_limit) = numbers(limits.ios_per_second);
    figures.rate = rates.map(|speed| speed.bytes_per_second);
    figures.iops = rates.map(|speed| speed.ios_per_second);
    figures.elapsed_sec = status.elapsed.as_secs();
    figures.eta_sec = status.eta.map_or(JobsEta::UNKNOWN_ETA, |eta| eta.as_secs());
    figures.powers_of_two = status.kb_base == 1024;
    figures.unit_base = unit_base(status.unit_base, version);
    figures.significant_figures = status.significant_figures;
    figures.threads = u32::try_from(states.len()).unwrap_or(u32::MAX);
    ServerMessage::Eta(Eta::new(figures, states))
}

fn numbers<T>(limits: (PerDirection<T>, PerDirection<T>)) -> ([T; 3], [T; 3]) {
    (limits.0.0, limits.1.0)
}

/// `r(3),W(1)` as one letter for each job: `rrrW`.
fn states_of(run_string: &str) -> String {
    let runs = run_string.split(',').filter_map(|run| {
        let (state, count) = run.strip_suffix(')')?.split_once('(')?;
        Some((state.chars().next()?, count.parse::<usize>().ok()?))
    });
    runs.flat_map(|(state, count)| std::iter::repeat_n(state, count))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fio_engine::report::status::Rate;
    use fio_proto::Revision;
    use fio_proto::message::Message as _;

    use super::*;

    #[test]
    fn states_have_a_letter_per_job() {
        for (runs, letters) in [
            ("", ""),
            ("r(1)", "r"),
            ("r(3),W(1),_(2)", "rrrW__"),
            ("?", ""),
        ] {
            assert_eq!(states_of(runs), letters, "{runs}");
        }
    }

    #[test]
    fn the_status_travels_as_fio_sends_it() {
        let mut status = Status {
            running: 2,
            setting_up: 1,
            run_string: "r(2)".to_owned(),
            elapsed: Duration::from_secs(5),
            ..Status::default()
        };
        status.rates.0[0] = Rate {
            bytes_per_second: 4_552_413_000,
            ios_per_second: 1_111_429,
        };
        let ServerMessage::Eta(message) = eta(&status, ServerVersion::V1) else {
            panic!("not an ETA")
        };
        assert_eq!(message.status.rate, [4_552_413_000, 0, 0]);
        assert_eq!(message.status.iops, [1_111_429, 0, 0]);
        assert_eq!(message.status.elapsed_sec, 5);
        assert_eq!(message.status.eta_sec, i32::MAX as u64);
        assert_eq!(message.status.threads, 2);
        assert_eq!((message.status.pending, message.status.setting_up), (1, 0));
        let ServerMessage::Eta(later) = eta(&status, ServerVersion::NEWEST) else {
            panic!("not an ETA")
        };
        assert_eq!((later.status.pending, later.status.setting_up), (0, 1));
        let mut payload = Vec::new();
        let encoded = eta(&status, ServerVersion::V1).encode_payload(
            Revision::V1,
            &mut payload,
            &mut Vec::new(),
        );
        assert_eq!((encoded, payload.len()), (Ok(()), 74));
    }
}
