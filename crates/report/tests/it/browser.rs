//! The page in a real browser: no error on its console, every chart drawn, nothing wider than the screen,
//! and nothing that the audit finds wrong.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use report::{charts, comparison_charts, comparison_page, page, test_charts, test_page};

use crate::{ab, comparison, made_up};

/// What is wrong with the page, in functions that the probe calls.
const AUDIT: &str = include_str!("audit.js");

/// Added to the page: measures it, and tells the frame around it.
const PROBE: &str = r#"
addEventListener("load", () => {
  const box = (element) => element.getBoundingClientRect();
  const shown = [...document.querySelectorAll(".chart svg")].filter((svg) => box(svg).width > 200);
  let cut = 0, touching = 0;
  for (const svg of shown) {
    const texts = [...svg.querySelectorAll("text")].map(box);
    cut += texts.filter((text) => text.left < box(svg).left - 1 || text.right > box(svg).right + 1).length;
    texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      touching += across > 0 && down > 3;
    }));
  }
  const overflow = document.documentElement.scrollWidth > innerWidth;
  const paper = () => getComputedStyle(document.body).backgroundColor;
  const before = paper();
  document.getElementById("theme").click();
  const switched = paper() !== before;
  document.getElementById("theme").click();
  const wrong = [...interact(), ...audit()];
  const more = wrong.length > 12 ? ` and ${wrong.length - 12} more` : "";
  parent.postMessage(`width=${innerWidth} charts=${shown.length} cut=${cut} touching=${touching} overflow=${overflow} paper=${before} switched=${switched} wrong=[${wrong.slice(0, 12).join("; ")}${more}]`, "*");
});
"#;

/// How a page is looked at: width, colours, and the paper that it has then.
const LOOKS: [(u32, &str, &str); 2] =
    [(1280, "light", "rgb(255, 255, 255)"), (375, "dark", "rgb(21, 23, 26)")];

/// Frames of any width, because windows have a least one; what they prefer is the colour scheme of the frame.
/// It shows what the probes say.
fn frames(page: &str) -> String {
    let frame = |(width, scheme, _): (u32, &str, &str)| {
        format!(
            "<iframe src='{page}' width='{width}' height='900' style='color-scheme: {scheme}'></iframe>"
        )
    };
    format!(
        "<!DOCTYPE html><meta charset=utf-8><link rel=icon href='data:,'>
        <script>onmessage = (event) => {{
            const pre = document.createElement('pre');
            pre.textContent = event.data;
            document.body.append(pre);
        }}</script><body>{}",
        LOOKS.map(frame).concat()
    )
}

fn chromium() -> Option<PathBuf> {
    let path = env::var_os("CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    path.exists().then_some(path)
}

/// The document after its scripts have run, and what the browser logged.
fn open(chromium: &Path, page: &Path) -> (String, String) {
    let profile = tempfile::tempdir().expect("a directory");
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--v=0", "--dump-dom", "--window-size=1400,1000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        // Light, where the page around it has no say.
        .arg("--blink-settings=preferredColorScheme=1")
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that does not run must say so")]
fn every_page_opens_without_errors_in_all_widths_and_both_themes() {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: no Chromium at /usr/bin/chromium or $CHROMIUM");
        return;
    };
    let pages = pages();
    // Two browsers at a time.
    let (first, second) = pages.split_at(pages.len() / 2);
    std::thread::scope(|scope| {
        for half in [first, second] {
            let open =
                || half.iter().for_each(|(name, html, n)| assert_opens(&chromium, name, html, *n));
            scope.spawn(open);
        }
    });
}

/// Every kind of page, with its name and the number of its charts.
fn pages() -> Vec<(&'static str, String, usize)> {
    let mut pages = Vec::new();
    for (name, made) in [
        ("few families", comparison::judged(comparison::usual(), 2)),
        ("comparison", comparison::judged(comparison::usual(), 9)),
        ("crowd", comparison::judged(comparison::crowd(), 70)),
    ] {
        let html = comparison_page(&comparison::document(&made, &[])).expect("renders");
        pages.push((name, html, comparison_charts(&made, "fifo").len()));
    }
    for study in made_up::studies() {
        let html = page(&study.document(&study.winners())).expect("renders");
        pages.push((study.name, html, charts(&study.results).len()));
    }
    for (name, n) in [("test", 1), ("tests", 2)] {
        let made = ab::tests(n);
        let html = test_page(&ab::document(&made)).expect("renders");
        pages.push((name, html, test_charts(&made).len()));
    }
    let dir = tempfile::tempdir().expect("a directory");
    let made_up = crate::curves::made_up();
    let written = report::write_curves(dir.path(), &made_up, "0").expect("writes");
    let html = fs::read_to_string(written.last().expect("a page")).expect("was written");
    pages.push(("curves", html, report::curve_charts(&made_up).len()));
    pages
}

/// A check that finds nothing may be one that looks at nothing.
#[test]
#[allow(clippy::print_stderr, reason = "a test that does not run must say so")]
fn the_audit_finds_a_heading_that_skips_a_level() {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: no Chromium at /usr/bin/chromium or $CHROMIUM");
        return;
    };
    let made = ab::tests(2);
    let html = test_page(&ab::document(&made)).expect("renders");
    let (before, method) = html.split_once("id=\"method\"").expect("a section");
    let skipping = method.replace("<h3>", "<h4>").replace("</h3>", "</h4>");
    let (dom, _) = audited(&chromium, &format!("{before}id=\"method\"{skipping}"));
    assert_eq!(dom.matches("wrong=[heading: &lt;h4&gt; web &amp; crawl ]").count(), 2, "{dom}");
}

/// The page with the audit in it, in frames: what they came to, and what the browser logged.
fn audited(chromium: &Path, html: &str) -> (String, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let html = html.replace("</body>", &format!("<script>{AUDIT}{PROBE}</script></body>"));
    fs::write(dir.path().join("page.html"), html).expect("writes");
    let outer = dir.path().join("frames.html");
    fs::write(&outer, frames("page.html")).expect("writes");
    open(chromium, &outer)
}

/// Opens a page of `n` charts, wide and light as well as narrow and dark.
fn assert_opens(chromium: &Path, name: &str, html: &str, n: usize) {
    let (dom, log) = audited(chromium, html);
    let probes = dom.split_once("<pre>").map_or("", |(_, probes)| probes);
    for (width, _, paper) in LOOKS {
        let wanted = format!(
            "width={width} charts={n} cut=0 touching=0 overflow=false paper={paper} switched=true wrong=[]"
        );
        assert!(dom.contains(&wanted), "{name}: {probes}, not {wanted}");
    }
    let errors: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
}
