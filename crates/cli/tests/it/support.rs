//! Running the program, making small inputs, comparing with what is kept.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/cli is two folders deep").to_path_buf()
}

/// The program, about to run in `dir` with nobody at the terminal.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-strategy"));
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.env("COLUMNS", "100").env_remove("CLICOLOR_FORCE").env_remove("RUST_BACKTRACE");
    command
}

/// Runs the program to its end.
pub(crate) fn program(dir: &Path, args: &[&str]) -> Outcome {
    let output = command(dir, args).output().expect("the program starts");
    Outcome::new(format!("cache-strategy {}", args.join(" ")), output)
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn new(command: String, output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Outcome {
            command,
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// It must have ended with 0.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.code(0)
    }

    /// It must have ended with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// It must have refused: exit code 2, words on standard error, nothing on standard output.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        let this = self.code(2);
        assert_eq!(this.stdout, "", "data beside an error: {this:#?}");
        assert!(this.stderr.starts_with("error: "), "{this:#?}");
        this.stderr
    }

    /// What it refused must be explained in these words.
    #[track_caller]
    pub(crate) fn refused_with(self, words: &str) {
        let command = self.command.clone();
        let stderr = self.refused();
        assert_eq!(stderr, format!("error: {words}\n"), "{command}");
    }

    /// Standard output as one JSON value a line.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.stdout.lines().map(parse).collect()
    }
}

/// A folder to work in.
pub(crate) fn workplace() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Writes a file of a workplace.
pub(crate) fn write(dir: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}

/// Reads a file of a workplace.
#[track_caller]
pub(crate) fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads a JSON file of a workplace.
#[track_caller]
pub(crate) fn read_json(dir: &Path, name: &str) -> Value {
    serde_json::from_str(&read(dir, name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A CSV trace with stamps and sizes: skewed, and the same on every machine.
pub(crate) fn csv_trace(n_requests: u64, seed: u64) -> String {
    let mut state = seed;
    let mut text = String::from("time,key,size\n");
    for i in 0..n_requests {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The cube of a uniform number, so that small keys are popular.
        let uniform = (state >> 33) % 1000;
        let key = uniform.pow(3) / 5_000_000;
        let _ = writeln!(text, "{}.{:03},k{key},{}", i / 10, i % 10 * 100, 100 + key * 37 % 900);
    }
    text
}

/// A scenario over `trace.csv` with two strategies of one tier each.
pub(crate) const SCENARIO: &str = r#"schema = 1
name = "tiny"
warmup = "10%"

[[traces]]
path = "trace.csv"

[stack]
preset = "brief"
order = ["L1"]
tiers.L1.capacity = "20%"

[[strategies]]
name = "lru"

[[strategies]]
name = "fifo"
stack.tiers.L1.policy = "fifo"
"#;

/// A workplace with `scenario.toml` and its trace.
pub(crate) fn tiny_study() -> TempDir {
    let dir = workplace();
    write(dir.path(), "scenario.toml", SCENARIO);
    write(dir.path(), "trace.csv", csv_trace(3000, 1));
    dir
}

/// Compares with a file under the repository, or writes it if `UPDATE_SNAPSHOTS` is set.
#[track_caller]
pub(crate) fn same_as_file(path: &str, actual: &str) {
    let full = repository().join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(full.parent().expect("it is in a folder")).expect("a folder");
        std::fs::write(&full, actual).expect("written");
        return;
    }
    let kept = std::fs::read_to_string(&full).unwrap_or_default();
    if kept != actual {
        let differs = kept.lines().zip(actual.lines()).position(|(kept, now)| kept != now);
        let line = differs.unwrap_or_else(|| kept.lines().count().min(actual.lines().count()));
        let at = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").to_string();
        panic!(
            "{path} is not what the program says now, from line {}\n kept: {}\n  now: {}\n\
             UPDATE_SNAPSHOTS=1 cargo test -p cli --test it writes it anew",
            line + 1,
            at(&kept),
            at(actual)
        );
    }
}

/// Compares with a file in `tests/snapshots`.
#[track_caller]
pub(crate) fn snapshot(name: &str, actual: &str) {
    same_as_file(&format!("crates/cli/tests/snapshots/{name}.txt"), actual);
}

/// All files below a folder.
pub(crate) fn files(below: &Path) -> Vec<PathBuf> {
    files_but(below, &[])
}

/// All files below a folder, but for those in folders of these names.
pub(crate) fn files_but(below: &Path, skipped: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![below.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}")) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !path.is_dir() {
                files.push(path);
            } else if !skipped.contains(&&*name) {
                folders.push(path);
            }
        }
    }
    files.sort();
    files
}
