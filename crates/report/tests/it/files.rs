//! What is written: complete, well-formed, the same each time.

use std::fs;

use quick_xml::events::Event;
use report::{Theme, charts, write};

use crate::made_up;

/// Panics unless the text is one well-formed XML element.
pub(crate) fn assert_well_formed(xml: &str) {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut depth = 0i32;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in {xml}")) {
            Event::Start(start) => {
                depth += 1;
                start.attributes().for_each(|attribute| drop(attribute.expect("an attribute")));
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
}

#[test]
fn every_chart_that_has_something_to_show_is_there() {
    let ids = |study: made_up::Study| -> Vec<String> {
        charts(&study.results).into_iter().map(|chart| chart.id).collect()
    };
    let usual = ["hit-ratio", "latency", "over-time", "p99-over-time", "cost", "cost-parts"];
    assert_eq!(ids(made_up::three()), usual);
    let matrix = ids(made_up::matrix());
    let of_first = usual.map(|id| format!("{id}-1"));
    assert_eq!((&matrix[..6], matrix[6].as_str()), (&of_first[..], "miss-ratio-1"));
    assert_eq!(matrix[13], "miss-ratio-2");
    let storm = ids(made_up::storm());
    let more =
        ["endings", "time-all", "time-slowest", "errors-over-time", "saturation-1", "saturation-2"];
    assert_eq!(storm.len(), usual.len() + more.len());
    assert!(more.iter().all(|id| storm.iter().any(|there| there == id)), "{storm:?}");
}

#[test]
fn svg_is_well_formed_in_both_themes() {
    for study in made_up::studies() {
        for chart in charts(&study.results) {
            for theme in [Theme::Light, Theme::Dark] {
                let svg = chart.svg(theme).expect("draws");
                assert_well_formed(&svg);
                assert!(!svg.contains("#0102"), "a stand-in colour is left in {}", chart.id);
                assert!(!svg.contains("var(--"), "{} has colours of its own", chart.id);
            }
        }
    }
}

#[test]
fn tables_are_rectangular() {
    for study in made_up::studies() {
        for chart in charts(&study.results) {
            assert!(!chart.table.rows.is_empty(), "{}", chart.id);
            let n = chart.table.columns.len();
            assert!(chart.table.rows.iter().all(|row| row.len() == n), "{}", chart.id);
        }
    }
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let study = made_up::three();
    let winners = study.winners();
    let bytes = || {
        let dir = tempfile::tempdir().expect("a directory");
        let written = write(dir.path(), &study.document(&winners)).expect("writes");
        let read = |path: &std::path::PathBuf| {
            let name = path.strip_prefix(dir.path()).expect("inside").to_path_buf();
            (name, fs::read(path).expect("was written"))
        };
        written.iter().map(read).collect::<Vec<_>>()
    };
    let first = bytes();
    assert_eq!(first.len(), 13);
    assert!(first.iter().all(|(_, bytes)| !bytes.is_empty()));
    assert!(first == bytes());
}

#[test]
fn nothing_half_written_stays() {
    let dir = tempfile::tempdir().expect("a directory");
    let study = made_up::three();
    write(dir.path(), &study.document(&[])).expect("writes");
    write(dir.path(), &study.document(&[])).expect("writes over itself");
    let names = fs::read_dir(dir.path().join("charts")).expect("a directory");
    for name in names.map(|entry| entry.expect("an entry").file_name()) {
        assert!(!name.to_string_lossy().contains("partial"), "{name:?}");
    }
}

#[test]
fn a_directory_that_cannot_be_is_an_error_with_its_name() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error =
        write(file.path(), &made_up::three().document(&[])).expect_err("a file is no directory");
    assert!(error.to_string().contains("charts"), "{error}");
}
