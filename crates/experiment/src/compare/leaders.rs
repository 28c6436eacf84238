//! How policies do over all traces: means, percentiles, wins. No more than description.

use frames::{CellRow, LeaderRow};

/// How many fewer misses than the baseline, as a share of the larger of the two.
///
/// The usual (b - m) / b has no lower end, so that one trace on which a policy misses ten times as
/// often outweighs all others in a mean. Divided by the larger it is the same where the policy is
/// better, and lies between -1 and 0 where it is worse. S3-FIFO's authors bound it like this, as
/// remembered, not looked up.
pub(super) fn reduction(baseline: u64, misses: u64) -> f64 {
    let larger = baseline.max(misses);
    if larger == 0 { 0.0 } else { (baseline as f64 - misses as f64) / larger as f64 }
}

/// The part of the way from the baseline to the optimum; NaN if there is no way to go.
pub(super) fn gap_closed(baseline: u64, misses: u64, optimum: u64) -> f64 {
    let gap = baseline as f64 - optimum as f64;
    if gap > 0.0 { (baseline as f64 - misses as f64) / gap } else { f64::NAN }
}

/// One row a size and policy: by size as given, then from the best mean to the worst.
pub fn leaders(cells: &[CellRow]) -> Vec<LeaderRow> {
    let mut leaders = Vec::new();
    for size in unique(cells, |cell| &cell.size) {
        let of_size: Vec<&CellRow> = cells.iter().filter(|cell| cell.size == *size).collect();
        let mut rows: Vec<LeaderRow> = unique(cells, |cell| &cell.policy)
            .into_iter()
            .map(|policy| leader(&of_size, policy))
            .collect();
        rows.sort_by(|a, b| b.reduction_mean.total_cmp(&a.reduction_mean));
        leaders.append(&mut rows);
    }
    leaders
}

pub(super) fn unique<'a>(
    cells: &'a [CellRow],
    key: impl Fn(&CellRow) -> &String,
) -> Vec<&'a String> {
    let mut seen: Vec<&'a String> = Vec::new();
    for cell in cells {
        let value = key(cell);
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

fn leader(of_size: &[&CellRow], policy: &str) -> LeaderRow {
    let own: Vec<&CellRow> = of_size.iter().copied().filter(|cell| cell.policy == policy).collect();
    let reductions = sorted(own.iter().map(|cell| cell.reduction));
    let gaps = sorted(own.iter().map(|cell| cell.gap_closed));
    let wins = own.iter().filter(|cell| is_win(of_size, cell)).count();
    LeaderRow {
        size: own.first().map(|cell| cell.size.clone()).unwrap_or_default(),
        policy: policy.to_string(),
        clairvoyant: own.first().map(|cell| cell.clairvoyant.clone()).unwrap_or_default(),
        traces: own.len() as u64,
        reduction_mean: mean(&reductions),
        reduction_p10: percentile(&reductions, 0.10),
        reduction_p25: percentile(&reductions, 0.25),
        reduction_p50: percentile(&reductions, 0.50),
        reduction_p75: percentile(&reductions, 0.75),
        reduction_p90: percentile(&reductions, 0.90),
        wins: wins as u64,
        gap_closed_mean: mean(&gaps),
        gap_closed_p10: percentile(&gaps, 0.10),
        gap_closed_p25: percentile(&gaps, 0.25),
        gap_closed_p50: percentile(&gaps, 0.50),
        gap_closed_p75: percentile(&gaps, 0.75),
        gap_closed_p90: percentile(&gaps, 0.90),
        gap_closed_traces: gaps.len() as u64,
    }
}

/// Whether no rival has fewer misses. Bounds are no rivals.
fn is_win(of_size: &[&CellRow], cell: &CellRow) -> bool {
    let is_rival = |other: &CellRow| other.clairvoyant == "no";
    let mut rivals = of_size.iter().filter(|other| other.trace == cell.trace && is_rival(other));
    is_rival(cell) && rivals.all(|other| other.misses >= cell.misses)
}

/// The values that are numbers.
fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of sorted values, interpolated between the nearest two.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reductions_are_bounded_on_both_sides() {
        assert_eq!(reduction(100, 80), 0.2);
        assert_eq!(reduction(80, 100), -0.2);
        assert_eq!(reduction(0, 7), -1.0);
        assert_eq!(reduction(0, 0), 0.0);
        assert_eq!(gap_closed(100, 80, 60), 0.5);
        assert!(gap_closed(60, 60, 60).is_nan());
    }

    #[test]
    fn percentiles_lie_between_their_neighbours() {
        let sorted = [0.0, 1.0, 2.0, 3.0, 4.0];
        assert_eq!(
            [0.0, 0.25, 0.5, 0.6, 1.0].map(|p| percentile(&sorted, p)),
            [0.0, 1.0, 2.0, 2.4, 4.0]
        );
        assert_eq!(percentile(&[7.0], 0.9), 7.0);
        assert!(percentile(&[], 0.5).is_nan());
    }
}
