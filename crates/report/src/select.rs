//! Which runs are drawn: an order of strategies that holds in all figures, and one case a trace.

use frames::{Results, RunRow, TierRow};

use crate::palette::N_SERIES;

/// Traces that get figures of their own; the tables have all.
const N_TRACES: usize = 4;
/// The tier that is no cache.
pub(crate) const ORIGIN: &str = "origin";

/// The runs that are drawn for one trace.
pub(crate) struct Case<'a> {
    pub(crate) results: &'a Results,
    pub(crate) trace: &'a str,
    /// Goes behind the ids of the figures.
    pub(crate) suffix: String,
    /// The trace again, if there are several.
    pub(crate) group: String,
    /// The runs of the first cell, each with the colour of its strategy.
    pub(crate) runs: Vec<(usize, &'a RunRow)>,
    /// What was left out.
    pub(crate) notes: Vec<String>,
    strategies: Vec<&'a str>,
}

/// One case for each of the first traces.
pub(crate) fn cases<'a>(results: &'a Results) -> Vec<Case<'a>> {
    let strategies = unique(results.runs.iter().map(|run| run.strategy.as_str()));
    let traces = unique(results.runs.iter().map(|run| run.trace.as_str()));
    let several = traces.len() > 1;
    let case = |(i, trace): (usize, &&'a str)| {
        Case::new(results, trace, &strategies, several.then_some(i))
    };
    traces.iter().take(N_TRACES).enumerate().map(case).collect()
}

/// A sentence if some traces have no figures.
pub(crate) fn traces_left_out(results: &Results) -> Option<String> {
    let n = unique(results.runs.iter().map(|run| run.trace.as_str())).len();
    (n > N_TRACES).then(|| {
        format!("Charts are shown for the first {N_TRACES} of {n} traces; the tables have all.")
    })
}

/// Values without repetition, in the order of their first appearance.
pub(crate) fn unique<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// Names of the tiers of these runs, from the client to the origin.
pub(crate) fn tiers<'a>(results: &'a Results, runs: &[&str]) -> Vec<&'a str> {
    let mut rows: Vec<&TierRow> =
        results.tiers.iter().filter(|tier| runs.contains(&tier.run.as_str())).collect();
    rows.sort_by_key(|tier| (tier.tier == ORIGIN, tier.position));
    unique(rows.into_iter().map(|tier| tier.tier.as_str()))
}

impl<'a> Case<'a> {
    fn new(
        results: &'a Results,
        trace: &'a str,
        strategies: &[&'a str],
        nth: Option<usize>,
    ) -> Case<'a> {
        let of_trace: Vec<&RunRow> = results.runs.iter().filter(|run| run.trace == trace).collect();
        let cells = unique(of_trace.iter().map(|run| run.cell.as_str()));
        let cell = cells.first().copied().unwrap_or_default();
        let mut notes = Vec::new();
        if cells.len() > 1 {
            notes.push(format!(
                "Drawn for the first of {} cells of the matrix: {cell}.",
                cells.len()
            ));
        }
        if strategies.len() > N_SERIES {
            notes.push(format!(
                "The first {N_SERIES} of {} strategies are drawn.",
                strategies.len()
            ));
        }
        let mut case = Case {
            results,
            trace,
            suffix: nth.map(|i| format!("-{}", i + 1)).unwrap_or_default(),
            group: nth.map(|_| trace.to_string()).unwrap_or_default(),
            runs: Vec::new(),
            notes,
            strategies: strategies.to_vec(),
        };
        let first_cell = of_trace.into_iter().filter(|run| run.cell == cell);
        case.runs = first_cell.filter_map(|run| Some((case.slot(run)?, run))).collect();
        case
    }

    /// Whether the run is drawn.
    pub(crate) fn draws(&self, run: &str) -> bool {
        self.runs.iter().any(|(_, drawn)| drawn.run == run)
    }

    /// The colour of a run's strategy, if it is among those drawn.
    pub(crate) fn slot(&self, run: &RunRow) -> Option<usize> {
        self.strategies.iter().take(N_SERIES).position(|strategy| *strategy == run.strategy)
    }

    /// Names of the tiers of the runs drawn.
    pub(crate) fn tiers(&self) -> Vec<&'a str> {
        let names: Vec<&str> = self.runs.iter().map(|(_, run)| run.run.as_str()).collect();
        tiers(self.results, &names)
    }

    /// A caption with what was left out.
    pub(crate) fn caption(&self, text: &str) -> String {
        std::iter::once(text)
            .chain(self.notes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }
}
