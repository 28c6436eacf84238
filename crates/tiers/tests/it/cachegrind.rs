//! The model of a processor's cache against valgrind's, on the same program.
//!
//! Valgrind's lackey writes down every reference of a small program, which is read and replayed; its
//! cachegrind runs the same program through caches of its own. Both lay the program out at the same
//! addresses, the environment is the same, and it has a variable at its end, since the loader of
//! glibc reads a few bytes past the strings there, which would be random ones of the kernel. So the
//! references are the same to the byte, and the counts must be equal: cachegrind's caches are LRU, by
//! the low bits of the address, and fill on loads and stores; a reference over the end of a line
//! counts as one, and as a miss if either line misses (the notes in valgrind's cachegrind/cg_sim.c and
//! its manual, "Cache Simulation Specifics"). What is a load and a store of one address in one
//! instruction counts as a load there; here it is two requests, of which the store always hits.
//!
//! Cachegrind cuts references of instructions that it does not know in detail, such as those that save
//! all registers, to the length of a line. So does this test; its program has none of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cache::{Contents, Request};
use tiers::cpu::{Placing, Replacement};
use tiers::{CpuCache, SetAssociative};
use trace::readers::{ReadOptions, read};
use trace::units::Bytes;
use trace::{NEVER, Op, Trace};

/// A cache as cachegrind's options have it.
#[derive(Debug, Clone, Copy)]
struct Shape {
    bytes: u64,
    ways: u32,
    line: u64,
}

/// What the summary of cachegrind's output says.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    instructions: u64,
    instruction_misses: u64,
    loads: u64,
    load_misses: u64,
    stores: u64,
    store_misses: u64,
}

#[test]
fn misses_are_those_of_cachegrind() {
    let Some(program) = program() else {
        eprintln!("skipped: valgrind or the program `true` is not installed");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("lackey.log");
    valgrind(&["--tool=lackey", "--trace-mem=yes", "--basic-counts=no"], &log, program);
    let instructions = replayable(&log, "lackey-instructions");
    let data = replayable(&log, "lackey-data");
    let modifies = n_modifies(&log);
    let shape = |bytes, ways, line| Shape { bytes, ways, line };
    // Usual first levels, a tight and a direct-mapped cache, one of a single set, and one of long lines.
    for (i1, d1) in [
        (shape(32 << 10, 8, 64), shape(32 << 10, 8, 64)),
        (shape(4096, 2, 64), shape(4096, 4, 64)),
        (shape(2048, 1, 32), shape(2048, 1, 32)),
        (shape(1024, 16, 64), shape(1024, 16, 64)),
        (shape(16 << 10, 4, 256), shape(8 << 10, 4, 256)),
    ] {
        let theirs = cachegrind(dir.path(), program, i1, d1);
        let [fetches, _] = misses(&instructions, i1);
        let [loads, stores] = misses(&data, d1);
        let n_stores = data.columns().op.as_ref().unwrap().iter().filter(|op| **op == Op::Set);
        let n_stores = n_stores.count() as u64;
        let ours = Counts {
            instructions: instructions.n_requests() as u64,
            instruction_misses: fetches,
            loads: data.n_requests() as u64 - n_stores,
            load_misses: loads,
            stores: n_stores - modifies,
            store_misses: stores,
        };
        println!("I1 {i1:?}, D1 {d1:?}: {ours:?}");
        assert_eq!(ours, theirs, "I1 {i1:?}, D1 {d1:?}");
        assert!(ours.load_misses > 100 && ours.store_misses > 100, "{ours:?}");
    }
}

/// A tiny program, if valgrind is there to run it.
fn program() -> Option<&'static Path> {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    let runs = version.is_ok_and(|status| status.success());
    let here = ["/bin/true", "/usr/bin/true"].into_iter().map(Path::new).find(|path| path.exists());
    here.filter(|_| runs)
}

fn valgrind(options: &[&str], log: &Path, program: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let valgrind =
        std::env::split_paths(&path).map(|dir| dir.join("valgrind")).find(|v| v.exists());
    let status = Command::new(valgrind.expect("it has run before"))
        .args(options)
        .arg(format!("--log-file={}", log.display()))
        .arg(program)
        .env_clear()
        .env("PADDING", "0123456789abcdef")
        .status()
        .unwrap();
    assert!(status.success(), "valgrind {options:?}: {status}");
}

fn replayable(log: &Path, format: &str) -> Trace {
    let options = ReadOptions { format: Some(format.into()), ..ReadOptions::default() };
    let trace = read(log, &options, &mut |_, _| {}).unwrap();
    assert_eq!(trace.report().n_skipped(), 0, "{}", trace.report());
    trace
}

/// Instructions that load and store one address.
fn n_modifies(log: &Path) -> u64 {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines().filter(|line| line.starts_with(" M ")).count() as u64
}

fn cachegrind(dir: &Path, program: &Path, i1: Shape, d1: Shape) -> Counts {
    let out: PathBuf = dir.join("cachegrind.out");
    let cache = |name, Shape { bytes, ways, line }| format!("--{name}={bytes},{ways},{line}");
    let options = [
        "--tool=cachegrind".to_string(),
        "--cache-sim=yes".to_string(),
        cache("I1", i1),
        cache("D1", d1),
        cache("LL", Shape { bytes: 1 << 20, ways: 16, line: 256 }),
        format!("--cachegrind-out-file={}", out.display()),
    ];
    valgrind(&options.each_ref().map(String::as_str), &dir.join("cachegrind.log"), program);
    let text = std::fs::read_to_string(out).unwrap();
    let summary = text.lines().find_map(|line| line.strip_prefix("summary:")).unwrap();
    let counts: Vec<u64> = summary.split_whitespace().map(|n| n.parse().unwrap()).collect();
    let events = "events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw";
    assert!(text.lines().any(|line| line.trim_end() == events), "other events than {events}");
    Counts {
        instructions: counts[0],
        instruction_misses: counts[1],
        loads: counts[3],
        load_misses: counts[4],
        stores: counts[6],
        store_misses: counts[7],
    }
}

/// Misses of loads, or fetches, and of stores.
fn misses(trace: &Trace, shape: Shape) -> [u64; 2] {
    let spec = CpuCache {
        line: Bytes(shape.line),
        ways: shape.ways,
        replacement: Replacement::Lru,
        placing: Placing::Auto,
        ..CpuCache::default()
    };
    let mut cache = SetAssociative::new(&spec, shape.bytes, trace).unwrap();
    let mut misses = [0, 0];
    for (i, object) in trace.objects().iter().enumerate() {
        let size = trace.size(i).min(shape.line);
        let request = Request { object: *object, size, seq: i as u64, next_use: NEVER };
        if !cache.lookup(&request, &mut |_| ()) {
            cache.fill(&request, &mut |_| ());
            misses[usize::from(trace.op(i) == Op::Set)] += 1;
        }
    }
    cache.check();
    misses
}
