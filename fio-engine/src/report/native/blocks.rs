//! What became of the blocks of a job that trims.

use serde::Serialize;

use crate::report::JobReport;
use crate::stats::BlockSummary;

/// Blocks of the size of trims, by what last became of them.
#[derive(Debug, Serialize)]
pub(super) struct BlocksDocument {
    total: u64,
    untouched: u64,
    trimmed: u64,
    written: u64,
    trim_failed: u64,
    write_failed: u64,
    /// How many trims the failed ones had taken; `null` where none has failed.
    trims_to_failure: Option<TrimsDocument>,
}

#[derive(Debug, Serialize)]
struct TrimsDocument {
    blocks: u64,
    minimum: u64,
    maximum: u64,
    mean: f64,
    standard_deviation: f64,
    percentiles: Vec<PercentileDocument>,
    histogram: Vec<BinDocument>,
}

#[derive(Debug, Serialize)]
struct PercentileDocument {
    percent: f64,
    trims: u64,
}

#[derive(Debug, Serialize)]
struct BinDocument {
    trims: u32,
    blocks: u64,
}

impl BlocksDocument {
    /// `None` of a job that tells of no blocks.
    pub(super) fn new(report: &JobReport) -> Option<Self> {
        let summary = report.block_summary()?;
        Some(Self {
            total: summary.blocks(),
            untouched: summary.untouched,
            trimmed: summary.trimmed,
            written: summary.written,
            trim_failed: summary.trim_failed,
            write_failed: summary.write_failed,
            trims_to_failure: TrimsDocument::new(&summary, &report.percentile_list),
        })
    }
}

impl TrimsDocument {
    fn new(summary: &BlockSummary, percents: &[f64]) -> Option<Self> {
        let moments = summary.trims_to_failure();
        let values = percents.iter().zip(summary.percentiles(percents));
        let bins = summary.histogram();
        (moments.samples > 0).then(|| Self {
            blocks: moments.samples,
            minimum: moments.min,
            maximum: moments.max,
            mean: moments.mean,
            standard_deviation: moments.standard_deviation(),
            percentiles: values
                .map(|(percent, trims)| PercentileDocument {
                    percent: *percent,
                    trims,
                })
                .collect(),
            histogram: bins
                .map(|(trims, blocks)| BinDocument { trims, blocks })
                .collect(),
        })
    }
}
