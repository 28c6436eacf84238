//! The table in LaTeX, for the package `booktabs`.

use std::fmt::Write as _;

use frames::{Comparison, StandingRow};

use super::{ALPHA, Size, sizes};
use crate::format;

/// Policies of each size.
const MOST: usize = 12;

/// A `table` with a block of rows a size. What names hold is text, whatever it means to TeX.
pub fn latex_table(comparison: &Comparison, baseline: &str) -> String {
    let sizes = sizes(comparison, baseline);
    let tested = sizes.iter().any(Size::is_tested);
    let optimum = comparison.standings.iter().any(|row| row.gap_closed.is_finite());
    let columns = Columns { tested, optimum };
    let mut out = String::from("% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n");
    let _ = writeln!(out, "\\caption{{{}}}", columns.caption(baseline));
    let _ = writeln!(
        out,
        "\\begin{{tabular}}{{l{}}}\n\\toprule",
        "r".repeat(columns.heads().len() - 1)
    );
    let _ = writeln!(out, "{} \\\\", columns.heads().join(" & "));
    for size in &sizes {
        let n = columns.heads().len();
        let families = format::count(size.test.families);
        let _ = writeln!(
            out,
            "\\midrule\n\\multicolumn{{{n}}}{{l}}{{Caches of {}, $n = {families}${}}} \\\\",
            escape(&size.test.size),
            cut(size.rivals.len())
        );
        for (i, row) in size.rivals.iter().take(MOST).enumerate() {
            let _ = writeln!(out, "{} \\\\", columns.row(row, i == 0).join(" & "));
        }
    }
    out.push_str("\\bottomrule\n\\end{tabular}\n\\end{table}\n");
    out
}

/// Says that there are more policies than rows.
fn cut(n_policies: usize) -> String {
    if n_policies > MOST { format!("; {MOST} of {n_policies} policies") } else { String::new() }
}

/// Which columns there is something to say in.
struct Columns {
    tested: bool,
    optimum: bool,
}

impl Columns {
    fn heads(&self) -> Vec<&'static str> {
        let mut heads = vec!["Policy", "Rank", "Reduction"];
        if self.tested {
            heads.extend(["95\\,\\% interval", "$p_\\mathrm{Holm}$"]);
        }
        heads.push("W/T/L");
        if self.optimum {
            heads.push("Gap closed");
        }
        heads
    }

    fn row(&self, row: &StandingRow, first: bool) -> Vec<String> {
        let name = escape(&row.policy);
        let name = if first { format!("\\textbf{{{name}}}") } else { name };
        let name = if row.best_p > ALPHA { format!("{name}\\,$^\\dagger$") } else { name };
        let rank =
            if row.mean_rank.is_finite() { format!("{:.2}", row.mean_rank) } else { "--".into() };
        let mut cells = vec![name, rank, share(row.reduction)];
        if self.tested {
            let (low, high) = (row.reduction_low, row.reduction_high);
            cells.push(match low.is_finite() && high.is_finite() {
                true => format!("$[{}, {}]$", number(low), number(high)),
                false => "--".into(),
            });
            let p = format::p_value(row.wilcoxon_p_holm);
            cells.push(if p == "–" { "--".into() } else { format!("${p}$") });
        }
        cells.push(format!("{}/{}/{}", row.wins, row.ties, row.losses));
        if self.optimum {
            cells.push(share(row.gap_closed));
        }
        cells
    }

    fn caption(&self, baseline: &str) -> String {
        let mut text = format!(
            "Mean reduction of misses against {} over $n$ families of traces, in percent; mean rank among all \
             policies; wins, ties and losses by family.",
            escape(baseline)
        );
        if self.tested {
            text += " Intervals by a bootstrap over families; $p$ by Wilcoxon's signed-rank test, corrected by \
                     Holm. $\\dagger$: in the 95\\,\\% model confidence set of the best.";
        }
        if self.optimum {
            text += " The gap is to Belady's optimum.";
        }
        text
    }
}

/// A signed percentage.
fn share(value: f64) -> String {
    if value.is_finite() { format!("${}$", number(value)) } else { "--".into() }
}

fn number(value: f64) -> String {
    format!("{:+.1}", value * 100.0)
}

/// The text as TeX prints it.
fn escape(text: &str) -> String {
    format::printable(text)
        .chars()
        .map(|c| match c {
            '\\' => "\\textbackslash{}".to_string(),
            '~' => "\\textasciitilde{}".to_string(),
            '^' => "\\textasciicircum{}".to_string(),
            '<' => "\\textless{}".to_string(),
            '>' => "\\textgreater{}".to_string(),
            '|' => "\\textbar{}".to_string(),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => format!("\\{c}"),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_be_commands() {
        assert_eq!(escape("s3-fifo:a_b=1%"), "s3-fifo:a\\_b=1\\%");
        assert_eq!(escape("\\input{x}"), "\\textbackslash{}input\\{x\\}");
        assert_eq!(
            escape("a&b#$~^<|>\n"),
            "a\\&b\\#\\$\\textasciitilde{}\\textasciicircum{}\\textless{}\\textbar{}\\textgreater{} "
        );
    }
}
