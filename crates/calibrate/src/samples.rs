//! Latencies from a CSV file with a header.
//!
//! Columns are known by name, in any order; others are ignored. `latency` and `time` bear their unit:
//! `latency_us`, `time_s`. `size` counts bytes. A row that cannot be read is an error: a sample is
//! no trace, and a silent gap would look like a fit.

use std::path::Path;
use std::str::FromStr;

use trace::units::Nanos;

use crate::Error;

/// A unit of time, as columns name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeUnit(&'static str);

const UNITS: [&str; 4] = ["ns", "us", "ms", "s"];

impl FromStr for TimeUnit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let unit = UNITS.into_iter().find(|unit| *unit == text);
        unit.map(TimeUnit).ok_or_else(|| format!("`{text}` is not one of {}", UNITS.join(", ")))
    }
}

/// How a file is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// Unit of a column that is called `latency` and no more.
    pub latency_unit: Option<TimeUnit>,
}

/// What a file holds, in order of time if it has times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleSet {
    /// Nanoseconds, rounded.
    pub latency_ns: Vec<u64>,
    /// Bytes, if the file has sizes.
    pub sizes: Option<Vec<u64>>,
    /// Nanoseconds since whenever, never falling, if the file has times.
    pub times_ns: Option<Vec<u64>>,
}

/// Reads a file of samples.
///
/// # Errors
/// If the file cannot be read, has no column of latencies with a unit, or a row is broken.
pub fn read_samples(path: &Path, options: ReadOptions) -> Result<SampleSet, Error> {
    let file = std::fs::File::open(path)
        .map_err(|source| Error::File { path: path.to_path_buf(), source })?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(|error| broken(path, 1, &error.to_string()))?.clone();
    let names: Vec<&str> = header.iter().collect();
    let columns = Columns::find(&names, options)
        .map_err(|what| Error::Header { path: path.to_path_buf(), what })?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            broken(path, error.position().map_or(0, csv::Position::line), &error.to_string())
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(columns.row(&record).map_err(|what| broken(path, line, &what))?);
    }
    // Stable, so that samples of one time keep their order.
    rows.sort_by_key(|row| row.time_ns);
    Ok(SampleSet {
        latency_ns: rows.iter().map(|row| row.latency_ns).collect(),
        sizes: rows.iter().map(|row| row.size).collect(),
        times_ns: rows.iter().map(|row| row.time_ns).collect(),
    })
}

fn broken(path: &Path, line: u64, what: &str) -> Error {
    Error::Row { path: path.to_path_buf(), line, what: what.to_string() }
}

/// Where the columns are, and their units.
struct Columns {
    latency: (usize, TimeUnit),
    size: Option<usize>,
    time: Option<(usize, TimeUnit)>,
}

struct Row {
    latency_ns: u64,
    size: Option<u64>,
    time_ns: Option<u64>,
}

impl Columns {
    fn find(names: &[&str], options: ReadOptions) -> Result<Self, String> {
        let place = |name: &str| names.iter().position(|column| column.eq_ignore_ascii_case(name));
        let timed = |name: &str, bare: Option<TimeUnit>| {
            let with_unit =
                |unit: &'static str| Some((place(&format!("{name}_{unit}"))?, TimeUnit(unit)));
            UNITS.into_iter().find_map(with_unit).or(place(name).zip(bare))
        };
        let latency = timed("latency", options.latency_unit).ok_or_else(|| {
            let hint = match place("latency") {
                Some(_) => "call the column latency_ms, or say --unit ms",
                None => "name it in the header: latency_ns, latency_us, latency_ms or latency_s",
            };
            format!("no column of latencies with a unit among {}\nhint: {hint}", names.join(", "))
        })?;
        let time = timed("time", None);
        if time.is_none() && place("time").is_some() {
            return Err("the column `time` has no unit\nhint: call it time_s or time_ms".into());
        }
        Ok(Columns { latency, size: place("size").or_else(|| place("size_bytes")), time })
    }

    fn row(&self, record: &csv::StringRecord) -> Result<Row, String> {
        let text = |column: usize| record.get(column).unwrap_or_default();
        let time = |(column, unit): (usize, TimeUnit)| {
            let parsed = format!("{}{}", text(column), unit.0).parse::<Nanos>();
            parsed.map(|nanos| nanos.0).map_err(|_| {
                format!("`{}` is not a number of {} such as 12.5", text(column), unit.0)
            })
        };
        let size = |column: usize| {
            let parsed = text(column).parse::<u64>();
            parsed.map_err(|_| format!("`{}` is not a number of bytes", text(column)))
        };
        Ok(Row {
            latency_ns: time(self.latency)?,
            size: self.size.map(size).transpose()?,
            time_ns: self.time.map(time).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, unit: Option<&str>) -> Result<SampleSet, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("samples.csv");
        std::fs::write(&path, text).unwrap();
        let latency_unit = unit.map(|unit| unit.parse().unwrap());
        read_samples(&path, ReadOptions { latency_unit }).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_known_by_name_and_put_in_order_of_time() {
        let set = read("size,other,time_s,latency_us\n10,x,2.5,1.5\n20,y,1,3\n", None).unwrap();
        assert_eq!(set.latency_ns, [3_000, 1_500]);
        assert_eq!(set.sizes, Some(vec![20, 10]));
        assert_eq!(set.times_ns, Some(vec![1_000_000_000, 2_500_000_000]));
        let bare = read("latency\n7\n", Some("ms")).unwrap();
        assert_eq!((bare.latency_ns, bare.sizes, bare.times_ns), (vec![7_000_000], None, None));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, says) in [
            ("latency\n7\n", "say --unit ms"),
            ("duration\n7\n", "name it in the header"),
            ("latency_ms,time\n7,1\n", "`time` has no unit"),
            ("latency_ms\n7\nfast\n", "line 3: `fast` is not a number of ms"),
            ("latency_ms\n-7\n", "line 2: `-7`"),
            ("latency_ms,size\n7,big\n", "line 2: `big` is not a number of bytes"),
            ("latency_ms,size\n7\n", "line: 2"),
            ("", "no column of latencies"),
        ] {
            let said = read(text, None).unwrap_err();
            assert!(said.contains(says), "{text:?}: {said}");
        }
    }
}
