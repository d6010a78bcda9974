//! Results of a run and the formats they are printed in.

mod model;

pub use model::{
    DirectionReport, DiskReport, GroupDirectionReport, GroupReport, Host, JobReport, LatencyReport,
    LatencyTarget, Report,
};
