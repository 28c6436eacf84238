//! Audit logs: `run` writes them and keeps their heads, `audit verify` tells whether they hold.

use crate::support::{SCENARIO, files, program, read, read_json, tiny_study, write};

const AUDITED: &str = r#"
[audit]
subjects = "plain"

[erasure]
tombstone = "1min"
requests = [{ at = "0s", keys = ["k0"] }]
"#;

#[test]
fn a_log_is_written_for_each_run_and_every_change_of_it_is_found() {
    let dir = tiny_study();
    write(dir.path(), "audited.toml", format!("{SCENARIO}{AUDITED}"));
    program(dir.path(), &["run", "audited.toml", "--out", "out"]).ok();
    let manifest = read_json(dir.path(), "out/manifest.json");
    let audits = manifest["audits"].as_array().unwrap();
    assert_eq!(audits.len(), 2);
    for audit in audits {
        let log = format!("out/{}", audit["file"].as_str().unwrap());
        let text = read(dir.path(), &log);
        assert_eq!(text.lines().count() as u64, audit["records"].as_u64().unwrap());
        assert!(text.contains(audit["run"].as_str().unwrap()));
        assert!(text.contains("\"kind\":\"GDPR_DELETE\"") && text.contains("\"kind\":\"ERASED\""));
        let head = audit["head"].as_str().unwrap();
        let held = program(dir.path(), &["audit", "verify", &log, "--head", head]).ok();
        assert!(held.stdout.contains(&format!("records hold, head {head}")), "{held:?}");
    }

    let log = format!("out/{}", audits[0]["file"].as_str().unwrap());
    let text = read(dir.path(), &log);
    let mut lines: Vec<&str> = text.lines().collect();
    let verify = |lines: &[&str], more: &[&str]| {
        write(dir.path(), "bad.jsonl", lines.join("\n") + "\n");
        let args = [&["audit", "verify", "bad.jsonl"], more].concat();
        program(dir.path(), &args)
    };
    let changed = lines[2].replacen("\"time-ns\":0", "\"time-ns\":1", 1);
    assert_ne!(changed, lines[2]);
    let kept = std::mem::replace(&mut lines[2], &changed);
    let broken = verify(&lines, &[]).code(1);
    assert!(broken.stderr.contains("bad.jsonl:3: the record was changed"), "{broken:?}");
    lines[2] = kept;
    lines.remove(5);
    let broken = verify(&lines, &[]).code(1);
    assert!(broken.stderr.contains("bad.jsonl:6: record 6 where 5 was expected"), "{broken:?}");
    // Its end cut off, it still holds as far as it goes.
    let cut: Vec<&str> = text.lines().take(4).collect();
    let broken = verify(&cut, &[]).code(1);
    assert!(broken.stderr.contains("bad.jsonl:4: the log does not end with END"), "{broken:?}");
    let other = audits[1]["head"].as_str().unwrap();
    let whole: Vec<&str> = text.lines().collect();
    let broken = verify(&whole, &["--head", other]).code(1);
    assert!(broken.stderr.contains("its end is missing or it was rewritten"), "{broken:?}");
    verify(&whole, &["--head", "abc"]).refused();
    program(dir.path(), &["audit", "verify", "gone.jsonl"]).refused();
}

#[test]
fn a_run_without_an_audit_leaves_no_log_of_an_earlier_one() {
    let dir = tiny_study();
    write(dir.path(), "audited.toml", format!("{SCENARIO}{AUDITED}"));
    program(dir.path(), &["run", "audited.toml", "--out", "out"]).ok();
    let is_log = |path: &&std::path::PathBuf| path.extension().is_some_and(|end| end == "jsonl");
    let logs = || files(&dir.path().join("out")).iter().filter(is_log).count();
    assert_eq!(logs(), 2);
    program(dir.path(), &["rerun", "out/manifest.json"]).ok();
    program(dir.path(), &["run", "scenario.toml", "--out", "out"]).ok();
    assert_eq!(logs(), 0);
    assert!(read_json(dir.path(), "out/manifest.json").get("audits").is_none());
}
