//! Mean reductions with their intervals: what the verdict says.

use frames::StandingRow;

use super::{ALPHA, View, p_value};
use crate::chart::axis::Axis;
use crate::chart::intervals::{Group, Intervals, Row};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::{Chart, format};

/// Policies of each size where there are several sizes.
const N_LEADERS: usize = 5;

/// The leading policies of every size, or all policies of the only one.
pub(super) fn leading(views: &[View<'_>]) -> Option<Chart> {
    let [view] = views else {
        let groups: Vec<Group> = views
            .iter()
            .map(|view| Group { title: super::at(view.size), rows: rows(view, N_LEADERS) })
            .filter(|group| !group.rows.is_empty())
            .collect();
        let first = views.first()?;
        let words = Words {
            id: "leading".into(),
            title: "Mean reduction of misses of the leading policies".into(),
            group: String::new(),
        };
        let cut = views.iter().any(|view| rows(view, usize::MAX).len() > N_LEADERS);
        let more = match cut {
            true => {
                format!(" The {N_LEADERS} policies with the highest mean of each size are drawn.")
            }
            false => String::new(),
        };
        return draw(first, words, groups, &more);
    };
    chart(view)
}

/// All policies of a size.
pub(super) fn chart(view: &View<'_>) -> Option<Chart> {
    let words = Words {
        id: format!("intervals{}", view.suffix),
        title: format!("Mean reduction of misses, at {}", view.size),
        group: view.group.clone(),
    };
    draw(view, words, vec![Group { title: String::new(), rows: rows(view, usize::MAX) }], "")
}

struct Words {
    id: String,
    title: String,
    group: String,
}

fn draw(view: &View<'_>, words: Words, groups: Vec<Group>, more: &str) -> Option<Chart> {
    let baseline = view.baseline;
    let rows = || groups.iter().flat_map(|group| &group.rows);
    rows().next()?;
    let ends = |row: &Row| [row.estimate, row.interval.0, row.interval.1, row.wider.0, row.wider.1];
    let values: Vec<f64> = rows().flat_map(ends).filter(|value| value.is_finite()).collect();
    // One hopeless policy must not press all others into a corner.
    let highest = values.iter().copied().fold(0.04, f64::max);
    let axis = Axis::change(
        &format!("Fewer misses than {baseline}"),
        values.iter().map(|value| value.max(-0.75 * highest)),
    );
    let tested = view.is_tested();
    let cut = values.iter().any(|value| !axis.holds(*value));
    let mut caption = match tested {
        true => format!(
            "The mean over the families of traces, each weighing the same. Thick lines are 95 % \
             intervals of a bootstrap over the families; the thin ones hold for all policies at once, and \
             are those to judge the best of many by. Blue is what Wilcoxon's signed-rank test tells \
             from {baseline}, corrected for the number of policies. In the grey band a difference does \
             not matter."
        ),
        false => "The mean over the families of traces, each weighing the same. There are too few \
                  families for intervals or tests: these are the means of these traces, and no more. In \
                  the grey band a difference does not matter."
            .to_string(),
    };
    caption.push_str(more);
    if cut {
        caption.push_str(" What lies further to the left is cut off; the data have it.");
    }
    let said: Vec<String> =
        rows().take(3).map(|row| format!("{} {}", row.name, row.label)).collect();
    let rope = view.test.map_or(0.0, |test| test.rope);
    let legend = vec![
        (format!("differs from {baseline} (p < 0.05)"), Role::series(0)),
        ("not told apart from it".to_string(), Role::MUTED),
    ];
    Some(Chart {
        id: words.id,
        group: words.group,
        title: words.title,
        findings: Vec::new(),
        caption,
        alt: format!("Mean reductions against {baseline}: {}.", super::super::listed(&said)),
        table: table(&groups),
        plot: Plot::Intervals(Intervals {
            axis,
            zero: 0.0,
            same: (-rope, rope),
            sides: ["", ""],
            heading: "Mean".into(),
            legend: if tested { legend } else { Vec::new() },
            groups,
        }),
    })
}

/// The policies with the highest means.
fn rows(view: &View<'_>, most: usize) -> Vec<Row> {
    let mut rivals: Vec<&StandingRow> =
        view.standings.iter().copied().filter(|row| row.policy != view.baseline).collect();
    rivals.sort_by(|a, b| b.reduction.total_cmp(&a.reduction));
    rivals.into_iter().take(most).map(|standing| row(view, standing)).collect()
}

fn row(view: &View<'_>, standing: &StandingRow) -> Row {
    let label = format::change(standing.reduction, 1);
    let interval = (standing.reduction_low, standing.reduction_high);
    let wider = (standing.reduction_low_of_many, standing.reduction_high_of_many);
    let mut tip = format!("{} at {}: {label}", standing.policy, view.size);
    if interval.0.is_finite() {
        tip += &format!(", 95 % interval {}, of many {}", span(interval), span(wider));
    }
    if standing.wilcoxon_p_holm.is_finite() {
        tip += &format!("; {}", p_value(standing.wilcoxon_p_holm));
    }
    let sure = standing.wilcoxon_p_holm < ALPHA || !view.is_tested();
    Row {
        name: standing.policy.clone(),
        estimate: standing.reduction,
        interval,
        wider,
        label,
        tip,
        role: if sure { Role::series(0) } else { Role::MUTED },
    }
}

fn span((low, high): (f64, f64)) -> String {
    match low.is_finite() && high.is_finite() {
        true => format!("{} to {}", format::change(low, 1), format::change(high, 1)),
        false => "–".into(),
    }
}

fn table(groups: &[Group]) -> DataTable {
    let titled = groups.iter().any(|group| !group.title.is_empty());
    let columns = ["Policy", "Mean", "95 % interval", "95 % interval of many"];
    let row = |group: &Group, row: &Row| {
        let cells = [row.name.clone(), row.label.clone(), span(row.interval), span(row.wider)];
        titled.then(|| group.title.clone()).into_iter().chain(cells).collect()
    };
    DataTable {
        columns: titled.then_some("Size").into_iter().chain(columns).map(String::from).collect(),
        names: 1 + usize::from(titled),
        rows: groups.iter().flat_map(|group| group.rows.iter().map(|r| row(group, r))).collect(),
    }
}
