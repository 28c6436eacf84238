//! The summary in words: a paragraph a size, then how it was computed.

use frames::{Comparison, StandingRow};

use super::{ALPHA, Size, sizes};
use crate::format;

/// Names that are told one by one.
const MOST_NAMES: usize = 12;

/// Paragraphs for a paper. The last one says how it was computed.
pub fn summary(comparison: &Comparison, baseline: &str, version: &str) -> Vec<String> {
    let sizes = sizes(comparison, baseline);
    let mut paragraphs: Vec<String> =
        sizes.iter().filter(|size| !size.rivals.is_empty()).map(paragraph).collect();
    if let Some(first) = sizes.first().filter(|_| !paragraphs.is_empty()) {
        let optimum = comparison.standings.iter().any(|row| row.gap_closed.is_finite());
        paragraphs.push(method(first, optimum, version));
    }
    paragraphs
}

fn paragraph(size: &Size<'_>) -> String {
    let test = size.test;
    let what = format!(
        "Caches of {}: {} policies, {} among them, over {}.",
        test.size,
        format::count(test.policies),
        size.baseline,
        traces(size)
    );
    let said = if size.is_tested() { tested(size) } else { described(size) };
    format!("{what} {said}")
}

/// `23 traces of 9 families`.
fn traces(size: &Size<'_>) -> String {
    let (traces, families) = (size.test.traces, size.test.families);
    let plural = |n: u64, one: &str, many: &str| {
        format!("{} {}", format::count(n), if n == 1 { one } else { many })
    };
    let traces_said = plural(traces, "trace", "traces");
    match families == traces {
        true => traces_said,
        false => format!("{traces_said} of {}", plural(families, "family", "families")),
    }
}

/// What few families allow.
fn described(size: &Size<'_>) -> String {
    let best = size.rivals[0];
    format!(
        "{} are too few to conclude anything about other traces ({} at least), so nothing is \
         tested. On these, {} has the highest mean reduction of misses against {}: {}{}.",
        match size.test.families {
            1 => "One family".into(),
            n => format!("{} families", format::count(n)),
        },
        analysis::LEAST_ROWS,
        best.policy,
        size.baseline,
        format::change(best.reduction, 1),
        gap(best)
    )
}

fn tested(size: &Size<'_>) -> String {
    let test = size.test;
    let (k, n) = (test.policies, test.families);
    let differ = match test.friedman_p < ALPHA {
        true => "The policies differ",
        false => "The policies are not told apart",
    };
    let f = match test.friedman_f.is_finite() {
        true => format!("{:.2}", test.friedman_f),
        false => "∞".into(),
    };
    let first = size.all[0];
    [
        format!(
            "{differ} (Friedman, Iman–Davenport F({}, {}) = {f}, {}); the best mean rank has {} ({}; \
             critical difference at 5 %: {}).",
            k - 1,
            (k - 1) * (n - 1),
            p(test.friedman_p),
            first.policy,
            format::decimal(first.mean_rank, 2),
            format::decimal(test.critical_difference, 2)
        ),
        best(size),
        against(size),
        may_be_best(size),
    ]
    .join(" ")
}

/// The highest mean reduction, with all that is known of it.
fn best(size: &Size<'_>) -> String {
    let best = size.rivals[0];
    let interval = match best.reduction_low.is_finite() {
        true => format!(
            " (95 % bootstrap interval {}; {} corrected for {} comparisons with {}, {})",
            span(best.reduction_low, best.reduction_high),
            span(best.reduction_low_of_many, best.reduction_high_of_many),
            size.rivals.iter().filter(|row| row.p_of_many.is_finite()).count(),
            size.baseline,
            p(best.p_of_many)
        ),
        false => String::new(),
    };
    format!(
        "The highest mean reduction of misses against {} has {}: {}{interval}. It is better by more than \
         {} in {} of {} families and worse in {}; Wilcoxon's signed-rank test with Holm's correction gives {}, and \
         the Bayesian signed-rank test a probability {} that it is better by more than that{}.",
        size.baseline,
        best.policy,
        format::change(best.reduction, 1),
        format::percent(size.test.rope),
        format::count(best.wins),
        format::count(size.test.families),
        format::count(best.losses),
        p(best.wilcoxon_p_holm),
        probability(best.better),
        gap(best)
    )
}

/// Who is better and who is worse than the baseline.
fn against(size: &Size<'_>) -> String {
    // Who is told apart, by (the ranks are for it, the mean is for it).
    let side = |of: (bool, bool)| -> Vec<&str> {
        let told = |row: &&&StandingRow| {
            row.wilcoxon_p_holm < ALPHA && (row.wilcoxon_for > 0.5, row.reduction > 0.0) == of
        };
        size.rivals.iter().filter(told).map(|row| row.policy.as_str()).collect()
    };
    let (better, worse) = (side((true, true)), side((false, false)));
    let (by_ranks, by_mean) = (side((true, false)), side((false, true)));
    let n_told =
        [&better, &worse, &by_ranks, &by_mean].iter().map(|names| names.len()).sum::<usize>();
    let others = size.rivals.len() - n_told;
    let part = |names: &[&str], how: &str| {
        (!names.is_empty())
            .then(|| format!("significantly {how} than {}: {}", size.baseline, listed(names)))
    };
    let rest =
        (others > 0).then(|| format!("not told apart from it: {others} of {}", size.rivals.len()));
    let parts = [
        part(&better, "better"),
        part(&worse, "worse"),
        part(&by_ranks, "better in most families, though not in the mean,"),
        part(&by_mean, "worse in most families, though not in the mean,"),
        rest,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    capitalised(&parts.join("; ")) + "."
}

fn may_be_best(size: &Size<'_>) -> String {
    let names: Vec<&str> =
        size.all.iter().filter(|row| row.best_p > ALPHA).map(|row| row.policy.as_str()).collect();
    match names[..] {
        [one] => format!("The 95 % model confidence set holds {one} alone."),
        _ => format!("May be the best (95 % model confidence set): {}.", listed(&names)),
    }
}

fn gap(row: &StandingRow) -> String {
    match row.gap_closed.is_finite() {
        true => format!(
            "; it closes {} of the gap to Belady's optimum",
            format::percent(row.gap_closed)
        ),
        false => String::new(),
    }
}

fn method(size: &Size<'_>, optimum: bool, version: &str) -> String {
    let mut text = format!(
        "Counts of misses are exact, by replay with cache-strategy {version}. A reduction is (b − m) / max(b, m) for \
         m misses and b of {}. The observations are families of traces at one size, each with the mean \
         reduction of its traces; sizes are never pooled.",
        size.baseline
    );
    if size.is_tested() {
        text += " Intervals are of a studentised bootstrap over the families with 4,999 resamples; those \
                 corrected for many policies hold for all at once (max-t, stepping down for p-values). \
                 All of it supposes that the families are drawn independently from the workloads that \
                 one cares about.";
    }
    if optimum {
        text += " The gap closed is the mean over the families of (b − m) / (b − o), with o the misses of Belady's rule.";
    }
    text
}

/// `a, b and c`, or the first of many.
fn listed(names: &[&str]) -> String {
    let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    match names.len().checked_sub(MOST_NAMES) {
        Some(more) if more > 0 => {
            format!("{} and {more} more", names[..MOST_NAMES].join(", "))
        }
        _ => crate::views::listed(&owned(names)),
    }
}

fn p(value: f64) -> String {
    let text = format::p_value(value);
    if text.starts_with('<') { format!("p {text}") } else { format!("p = {text}") }
}

fn probability(value: f64) -> String {
    if value > 0.995 { "above 0.99".into() } else { format!("of {}", format::decimal(value, 2)) }
}

fn span(low: f64, high: f64) -> String {
    match low.is_finite() && high.is_finite() {
        true => format!("{} to {}", format::change(low, 1), format::change(high, 1)),
        false => "unbounded".into(),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
