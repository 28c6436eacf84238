//! `sustain`: which rate each cell of a grid sustains.

use crate::support::{SCENARIO, csv_trace, program, tiny_study, write};

#[test]
fn the_table_says_which_cell_and_which_trace_a_rate_is_of() {
    let dir = tiny_study();
    let finite = SCENARIO.replace(
        "[[strategies]]\nname = \"fifo\"\nstack.tiers.L1.policy = \"fifo\"\n",
        "[matrix]\n\"stack.origin.station.servers\" = [1, 4]\n",
    );
    let head = |scenario: &str| {
        write(dir.path(), "finite.toml", scenario);
        let outcome = program(dir.path(), &["sustain", "finite.toml", "--p99", "200ms"]).ok();
        outcome.stdout
    };
    let table = head(&finite);
    let columns = |table: &str| table.lines().next().unwrap().to_string();
    assert!(columns(&table).contains(" cell ") && !columns(&table).contains("trace"), "{table}");
    for cell in ["origin.station.servers=1", "origin.station.servers=4"] {
        assert_eq!(table.matches(cell).count(), 1, "{table}");
    }
    write(dir.path(), "other.csv", csv_trace(1000, 2));
    let plain = SCENARIO.replace(
        "[stack]",
        "[[traces]]\npath = \"other.csv\"\n[stack]\norigin.station.servers = 2",
    );
    let table = head(&plain);
    assert!(columns(&table).contains(" trace ") && !columns(&table).contains("cell"), "{table}");
}
