//! Tables on standard output: aligned for people, exact for programs.

use std::io::{self, Write};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};
use serde_json::{Map, Value};
use trace::units::thousands;

use crate::args::Format;
use crate::progress::say;

/// Columns with no longer text are names, and are not broken into lines.
const NAME: usize = 20;

/// The least room for a longer one.
const TEXT: usize = 32;
/// Blanks around and between cells.
const PADDING: usize = 3;

/// A table with a rounded and an exact form of each value.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    columns: Vec<String>,
    /// Columns that only programs see.
    exact_only: Vec<&'static str>,
    /// Columns that people can do without, in this order, where the terminal is narrow and long texts
    /// are broken into lines; none are if this is none.
    spare: Option<Vec<&'static str>>,
    rows: Vec<Vec<Field>>,
}

/// A value and how people like to read it.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    exact: Value,
    shown: String,
}

impl Field {
    /// Shown as it is.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Field { shown: text.clone(), exact: Value::String(text) }
    }

    /// A count, shown with separators.
    pub(crate) fn count(count: u64) -> Self {
        Field { exact: count.into(), shown: thousands(count) }
    }

    /// Exact for programs, `shown` for people.
    pub(crate) fn new(exact: impl Into<Value>, shown: impl Into<String>) -> Self {
        Field { exact: exact.into(), shown: shown.into() }
    }
}

impl Listing {
    /// An empty table with these columns. Programs see the names as they are.
    pub(crate) fn new<S: AsRef<str>>(columns: &[S]) -> Self {
        let columns = columns.iter().map(|name| name.as_ref().to_string()).collect();
        Listing { columns, exact_only: Vec::new(), spare: None, rows: Vec::new() }
    }

    /// Breaks long texts into lines where the table is wider than the terminal; where that leaves them
    /// too little room, leaves these columns out, the first first.
    pub(crate) fn wrapped(mut self, spare: &[&'static str]) -> Self {
        self.spare = Some(spare.to_vec());
        self
    }

    /// Leaves columns out of the table for people.
    pub(crate) fn for_programs(mut self, columns: &[&'static str]) -> Self {
        self.exact_only = columns.to_vec();
        self
    }

    /// Appends a row.
    pub(crate) fn push(&mut self, row: Vec<Field>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// Prints the table to standard output. A reader that has seen enough, as `head` has, is no error.
    pub(crate) fn print(&self, format: Format) -> io::Result<()> {
        let width = width().filter(|_| format == Format::Table && self.spare.is_some());
        let out = &mut io::stdout().lock();
        let outcome = match width {
            Some(_) => self.write_table(width, out),
            None => self.write(format, out),
        };
        if self.shown(width) != self.shown(None) {
            say("not all columns fit the terminal; --format csv has them all");
        }
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// Prints the table unless it has no rows: a head alone says nothing.
    pub(crate) fn print_if_any(&self, format: Format) -> io::Result<()> {
        if self.rows.is_empty() { Ok(()) } else { self.print(format) }
    }

    /// Writes the table.
    pub(crate) fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Table => self.write_table(None, out),
            Format::Json => self.write_json(out),
            Format::Csv => self.write_csv(out),
        }
    }

    fn write_table(&self, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown(width);
        let rule = LineStyle::none().fill('─').junction('─');
        let mut table = Table::new();
        table.load_style(TableStyle::new().header_separator(rule));
        table.set_content_arrangement(match width {
            Some(_) => ContentArrangement::Dynamic,
            None => ContentArrangement::Disabled,
        });
        if let Some(width) = width {
            let width = width.max(self.least_width(&shown));
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        table.set_header(shown.iter().map(|i| header(&self.columns[*i])));
        for row in &self.rows {
            table.add_row(shown.iter().map(|i| row[*i].shown.clone()));
        }
        for (column, i) in table.column_iter_mut().zip(&shown) {
            if self.is_numeric(*i) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if self.widest(*i) <= NAME {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        // The lines hold trailing blanks, which only get in the way of copying.
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Columns of the table for people, at this width.
    fn shown(&self, width: Option<usize>) -> Vec<usize> {
        let mut shown: Vec<usize> = (0..self.columns.len())
            .filter(|i| !self.exact_only.contains(&self.columns[*i].as_str()))
            .collect();
        for name in self.spare.iter().flatten() {
            if width.is_some_and(|width| self.least_width(&shown) > width) {
                shown.retain(|i| self.columns[*i] != *name);
            }
        }
        shown
    }

    /// Letters of the longest text of a column, its name included.
    fn widest(&self, column: usize) -> usize {
        let texts = self.rows.iter().map(|row| row[column].shown.chars().count());
        texts.fold(self.columns[column].chars().count(), usize::max)
    }

    /// Width of a table of these columns, at which long texts are still easy to read.
    fn least_width(&self, shown: &[usize]) -> usize {
        let widest = |i: &usize| Some(self.widest(*i)).filter(|widest| *widest <= NAME);
        shown.iter().map(|i| widest(i).unwrap_or(TEXT) + PADDING).sum()
    }

    fn is_numeric(&self, column: usize) -> bool {
        let numeric =
            |row: &Vec<Field>| row[column].exact.is_number() || row[column].exact.is_null();
        !self.rows.is_empty() && self.rows.iter().all(numeric)
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        for object in self.objects() {
            writeln!(out, "{object}")?;
        }
        Ok(())
    }

    /// The rows as exact JSON objects.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Field>| -> Map<String, Value> {
            let fields = row.iter().map(|field| field.exact.clone());
            self.columns.iter().cloned().zip(fields).collect()
        };
        self.rows.iter().map(object).map(Value::Object).collect()
    }

    fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|field| match &field.exact {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            }))?;
        }
        writer.flush()
    }
}

/// Columns of the terminal: as `COLUMNS` says, or as standard output is one.
fn width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let found = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    said.filter(|width| *width > 0).or_else(found)
}

/// Prints one line to standard output.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// A column's name as people read it: values shown carry their own unit.
fn header(name: &str) -> String {
    match name {
        "usd_month" => "$ a month".into(),
        "delayed_hit_ratio" => "delayed".into(),
        "stale_hit_ratio" => "stale".into(),
        _ => name.strip_suffix("_ns").unwrap_or(name).replace('_', " "),
    }
}

/// 0.8314 as 83.14 %.
pub(crate) fn percent(ratio: f64) -> String {
    format!("{:.2} %", ratio * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let mut listing = Listing::new(&["name", "miss_ratio"]);
        listing.push(vec![Field::text("a,b"), Field::new(0.123456, percent(0.123456))]);
        listing
    }

    fn written(format: Format) -> String {
        let mut out = Vec::new();
        listing().write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn programs_get_exact_values_and_people_rounded_ones() {
        assert_eq!(written(Format::Json), "{\"name\":\"a,b\",\"miss_ratio\":0.123456}\n");
        assert_eq!(written(Format::Csv), "name,miss_ratio\n\"a,b\",0.123456\n");
        let table = written(Format::Table);
        assert!(table.contains("miss ratio") && table.contains("12.35 %"), "{table}");
    }
}
