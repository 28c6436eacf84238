//! Who is ahead, and how sure that is.

use frames::{Comparison, StandingRow};

use super::{best, sizes};
use crate::format;
use crate::views::comparison::ALPHA;
use crate::views::listed;

/// The best rival of each size, and how sure that is.
pub(super) fn headline(comparison: &Comparison, baseline: &str) -> String {
    let sentences: Vec<String> =
        sizes(comparison).iter().filter_map(|size| sentence(comparison, baseline, size)).collect();
    let mut text = sentences.join(" ");
    let families = comparison.tests.first().map_or(0, |test| test.families);
    // A number and its unit stay on one line.
    text = text.replace(" %", "\u{a0}%");
    if (1..analysis::LEAST_ROWS as u64).contains(&families) {
        let n = if families == 1 { "One family" } else { "So few families" };
        text += &format!(" {n} of traces allow no conclusion about others.");
    }
    text
}

/// `At 1%, arc has 12.3 % fewer misses than fifo in the mean (95 % interval as the best
/// of 9 against fifo: +8.0 % to +15.1 %); lirs may be as good.`
fn sentence(comparison: &Comparison, baseline: &str, size: &str) -> Option<String> {
    let best = best(comparison, size)?;
    if best.policy == baseline {
        return Some(format!("At {size}, nothing is ahead of {baseline}."));
    }
    let of_size = |row: &&StandingRow| row.size == size;
    let rivals = || comparison.standings.iter().filter(of_size);
    let standing = rivals().find(|row| row.policy == best.policy);
    let mean = standing.map_or(best.reduction_mean, |row| row.reduction);
    let lead = format::change(mean, 1);
    let mut text = format!(
        "At {size}, {} has {} fewer misses than {baseline} in the mean",
        best.policy,
        lead.trim_start_matches('+')
    );
    if let Some(row) = standing.filter(|row| row.reduction_low_of_many.is_finite()) {
        let ends = [row.reduction_low_of_many, row.reduction_high_of_many];
        let [low, high] = ends.map(|end| format::change(end, 1));
        let many = rivals().filter(|row| row.p_of_many.is_finite()).count();
        let of = match many {
            0 | 1 => String::new(),
            many => format!(" as the best of {many} against {baseline}"),
        };
        text += &format!(" (95 % interval{of}: {low} to {high})");
        if row.wilcoxon_p_holm >= ALPHA {
            text += ", which may be chance";
        }
    }
    let equals: Vec<String> = rivals()
        .filter(|row| row.best_p > ALPHA && row.policy != best.policy)
        .map(|row| row.policy.clone())
        .collect();
    text += &match equals.len() {
        0 => String::new(),
        n if n > 3 => format!("; {n} others may be as good"),
        _ => format!("; {} may be as good", listed(&equals)),
    };
    Some(text + ".")
}
