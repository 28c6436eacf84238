//! Small grids, resumed and not.

use super::*;

fn study(policies: &str, sizes: &[(&str, Capacity)]) -> Study {
    let sizes =
        sizes.iter().map(|(label, capacity)| Size { label: (*label).into(), capacity: *capacity });
    let policies = cache::split_specs(policies).unwrap();
    Study::new(policies, PolicySpec::named("fifo"), sizes.collect(), Unit::Objects, 1).unwrap()
}

fn trace() -> Trace {
    Trace::from_numbers("squares", (0..5000u64).map(|i| i * i % 97 * (i % 3)))
}

struct Place {
    dir: tempfile::TempDir,
    progress: RunProgress,
}

impl Place {
    fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap(), progress: RunProgress::default() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("cells.jsonl")
    }

    fn compare(&self, study: &Study, build: &str) -> Compared {
        self.try_compare(study, build).unwrap()
    }

    fn try_compare(&self, study: &Study, build: &str) -> Result<Compared, Error> {
        let journal = Journal::open(&self.path(), build)?;
        let mut schedule = Schedule::default();
        super::compare(study, &trace(), "family", &journal, &mut schedule, &self.progress)
    }
}

const SIZES: &[(&str, Capacity)] = &[("10%", Capacity::Share(0.1)), ("30", Capacity::Amount(30))];

#[test]
fn the_baseline_and_the_optimum_are_always_there_once() {
    let study = study("lru,fifo,slru,slru:fill=lowest,arc,belady", SIZES);
    let names: Vec<String> = study.policies.iter().map(ToString::to_string).collect();
    assert_eq!(names[..2], ["fifo", "lru"]);
    assert_eq!(names.iter().filter(|name| *name == "belady").count(), 1);
    assert_eq!(names.iter().filter(|name| *name == "fifo").count(), 1);
    let bytes = Study::new(vec![], PolicySpec::named("lru"), vec![], Unit::Bytes, 1).unwrap();
    assert_eq!(bytes.policies.len(), 1, "Belady is no optimum of bytes");
    let same = |a: &str, b: &str| {
        canonical(&a.parse().unwrap()).unwrap() == canonical(&b.parse().unwrap()).unwrap()
    };
    assert!(same("s3-fifo", "s3fifo:small-ratio=0.1") && !same("s3-fifo", "s3-fifo:threshold=1"));
}

#[test]
fn rows_are_measured_against_baseline_and_optimum() {
    let place = Place::new();
    let rows = place.compare(&study("lru,mru", SIZES), "a").rows.unwrap();
    assert_eq!(rows.len(), 8);
    let row = |policy: &str, size: &str| {
        rows.iter().find(|row| row.policy == policy && row.size == size).unwrap()
    };
    assert_eq!(row("lru", "30").capacity, 30);
    assert_eq!(row("lru", "10%").capacity, u64::from(trace().n_objects()) / 10);
    for size in ["10%", "30"] {
        assert_eq!((row("fifo", size).reduction, row("fifo", size).gap_closed), (0.0, 0.0));
        assert_eq!(row("belady", size).gap_closed, 1.0);
        assert_eq!(row("belady", size).clairvoyant, "yes");
        let (lru, fifo) = (row("lru", size), row("fifo", size));
        assert!(lru.misses != fifo.misses, "the trace tells them apart");
        assert_eq!(lru.reduction, leaders::reduction(fifo.misses, lru.misses));
        assert!(lru.gap_closed <= 1.0);
    }
    let leaders = leaders(&rows);
    assert_eq!(leaders.len(), 8);
    assert_eq!((leaders[0].policy.as_str(), leaders[0].wins), ("belady", 0));
    for of_size in leaders.chunks(4) {
        assert!(of_size.is_sorted_by(|a, b| a.reduction_mean >= b.reduction_mean));
        assert!(of_size.iter().map(|leader| leader.wins).sum::<u64>() >= 1);
    }
}

#[test]
fn what_is_in_the_journal_is_not_counted_again() {
    let place = Place::new();
    let small = study("lru,arc", &SIZES[..1]);
    let first = place.compare(&small, "a");
    assert_eq!(first.reused, 0);
    // The same again, and as a part of more.
    let second = place.compare(&small, "a");
    assert_eq!((second.reused, &second.rows), (4, &first.rows));
    assert_eq!(place.compare(&study("lru,arc,sieve", SIZES), "a").reused, 4);
    // Another build or seed counts for itself.
    assert_eq!(place.compare(&small, "b").reused, 0);
    assert_eq!(place.compare(&Study { seed: 2, ..small }, "a").reused, 0);
}

#[test]
fn a_torn_end_is_counted_again() {
    let place = Place::new();
    let study = study("lru,arc", &SIZES[..1]);
    let whole = place.compare(&study, "a");
    let text = std::fs::read_to_string(place.path()).unwrap();
    assert_eq!(text.lines().count(), 4);
    let cases = [
        ("the end is torn off", text[..text.len() - 20].to_string(), 3),
        ("only the end of the line is missing", text[..text.len() - 1].to_string(), 3),
        ("nothing is left", String::new(), 0),
    ];
    for (what, torn, reused) in cases {
        std::fs::write(place.path(), torn).unwrap();
        let again = place.compare(&study, "a");
        assert_eq!((again.reused, &again.rows), (reused, &whole.rows), "{what}");
        assert_eq!(place.compare(&study, "a").reused, 4, "{what}: it is whole again");
    }
}

#[test]
fn a_damaged_line_is_an_error_with_its_place() {
    let place = Place::new();
    let study = study("lru,arc", &SIZES[..1]);
    let whole = place.compare(&study, "a");
    let text = std::fs::read_to_string(place.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let file = place.path().display().to_string();
    let hint =
        "\nhint: take the line out and run again; its cell is counted anew, the others are kept";
    for (spoilt, words) in [
        (lines[2].replace("{\"cell\"", "{\"ce"), "no finished cell: "),
        (lines[2][..30].to_string(), "no finished cell: "),
        (lines[2].replace("\"hits\":", "\"hits\":999"), "counts that cannot be those of squares"),
        (
            lines[2].replace("\"requests\":5", "\"requests\":6"),
            "counts that cannot be those of squares",
        ),
        (String::new(), "no finished cell: "),
    ] {
        let damaged = [lines[0], lines[1], &spoilt, lines[3], ""].join("\n");
        std::fs::write(place.path(), &damaged).unwrap();
        let error = place.try_compare(&study, "a").unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{file}:3: {words}")) && error.ends_with(hint),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(place.path()).unwrap(), damaged, "it is left alone");
        // As the hint says.
        std::fs::write(place.path(), [lines[0], lines[1], lines[3], ""].join("\n")).unwrap();
        let again = place.compare(&study, "a");
        assert_eq!((again.reused, &again.rows), (3, &whole.rows));
    }
}

#[test]
fn a_stop_keeps_what_is_finished() {
    let place = Place::new();
    place.progress.stop.store(true, Ordering::Relaxed);
    let stopped = place.compare(&study("lru", SIZES), "a");
    assert_eq!(stopped.rows, None);
}

#[test]
fn two_programs_do_not_write_to_one_journal() {
    let place = Place::new();
    let _open = Journal::open(&place.path(), "a").unwrap();
    let error = Journal::open(&place.path(), "a").unwrap_err().to_string();
    assert!(error.contains("another comparison is writing here"), "{error}");
}
