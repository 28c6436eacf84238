//! How reductions, and the gap to the optimum, are spread over the traces.

use frames::LeaderRow;

use super::View;
use crate::chart::axis::Axis;
use crate::chart::boxes::{Boxes, Spread};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::{Chart, format};

/// What is spread.
struct Quantity<'a> {
    id: &'static str,
    title: String,
    axis: String,
    caption: String,
    /// The mean, and the 10th to 90th percentile.
    of: &'a dyn Fn(&LeaderRow) -> (f64, [f64; 5]),
}

pub(super) fn reductions(view: &View<'_>) -> Option<Chart> {
    let of = |leader: &LeaderRow| {
        let percentiles = [
            leader.reduction_p10,
            leader.reduction_p25,
            leader.reduction_p50,
            leader.reduction_p75,
            leader.reduction_p90,
        ];
        (leader.reduction_mean, percentiles)
    };
    let n = view.traces.len();
    chart(
        view,
        &Quantity {
            id: "reduction",
            title: format!("Reduction of misses over {n} traces, at {}", view.size),
            axis: format!("Fewer misses than {}", view.baseline),
            caption: format!(
                "Each box holds the middle half of the traces and its line is at the median; the \
                 whiskers go from the 10th to the 90th percentile; the diamond is the mean. To the \
                 right of 0 a policy misses less often than {}.",
                view.baseline
            ),
            of: &of,
        },
    )
}

pub(super) fn gaps(view: &View<'_>) -> Option<Chart> {
    let of = |leader: &LeaderRow| {
        let percentiles = [
            leader.gap_closed_p10,
            leader.gap_closed_p25,
            leader.gap_closed_p50,
            leader.gap_closed_p75,
            leader.gap_closed_p90,
        ];
        (leader.gap_closed_mean, percentiles)
    };
    chart(
        view,
        &Quantity {
            id: "gap-closed",
            title: format!("Gap to the optimum closed, at {}", view.size),
            axis: format!("Part of the way from {} to Belady's optimum", view.baseline),
            caption: format!(
                "100 % is as few misses as Belady's optimum has, which knows the future; 0 % is as \
                 many as {}. Boxes and whiskers as above, over the traces on which there is a gap.",
                view.baseline
            ),
            of: &of,
        },
    )
}

fn chart(view: &View<'_>, quantity: &Quantity<'_>) -> Option<Chart> {
    // A bound is where the others are measured to; it has no place among them here.
    let rivals: Vec<&LeaderRow> = view
        .leaders
        .iter()
        .copied()
        .filter(|leader| leader.clairvoyant != "yes" && (quantity.of)(leader).0.is_finite())
        .collect();
    if rivals.is_empty() {
        return None;
    }
    let spread = |leader: &&LeaderRow| {
        let (mean, percentiles) = (quantity.of)(leader);
        let [p10, p25, p50, p75, p90] = percentiles.map(|value| format::change(value, 1));
        let label = format::change(mean, 1);
        Spread {
            name: leader.policy.clone(),
            percentiles,
            mean,
            tip: format!(
                "{}: mean {label}, median {p50}, half between {p25} and {p75}, four fifths between {p10} and {p90}",
                leader.policy
            ),
            label,
            role: Role::series(0),
        }
    };
    let mut boxes: Vec<Spread> = rivals.iter().map(spread).collect();
    boxes.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let said: Vec<String> =
        boxes.iter().take(3).map(|spread| format!("{} {}", spread.name, spread.label)).collect();
    let all = boxes.iter().flat_map(|spread| spread.percentiles.into_iter().chain([spread.mean]));
    let values: Vec<f64> = all.collect();
    // One hopeless policy must not press all others into a corner.
    let least = -0.75 * values.iter().copied().fold(0.04, f64::max);
    let axis = Axis::change(&quantity.axis, values.iter().map(|value| value.max(least)));
    let cut = values.iter().any(|value| !axis.holds(*value));
    let cut = if cut { " What lies further to the left is cut off; the data have it." } else { "" };
    Some(Chart {
        id: format!("{}{}", quantity.id, view.suffix),
        group: view.group.clone(),
        title: quantity.title.clone(),
        findings: Vec::new(),
        caption: format!("{}{cut}", quantity.caption),
        alt: format!("{}. The highest means: {}.", quantity.axis, super::super::listed(&said)),
        table: table(&boxes),
        plot: Plot::Boxes(Boxes { axis, zero: 0.0, boxes }),
    })
}

fn table(boxes: &[Spread]) -> DataTable {
    let columns = super::super::strings([
        "Policy",
        "Mean",
        "10th",
        "25th",
        "Median",
        "75th",
        "90th percentile",
    ]);
    let row = |spread: &Spread| {
        let values = std::iter::once(spread.mean).chain(spread.percentiles);
        std::iter::once(spread.name.clone())
            .chain(values.map(|value| format::change(value, 1)))
            .collect()
    };
    DataTable { columns, names: 1, rows: boxes.iter().map(row).collect() }
}
