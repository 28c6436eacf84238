//! Progress on standard error, only where somebody is looking.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use experiment::RunProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over requests; invisible unless standard error is a terminal.
pub(crate) fn requests(total: u64, what: &str) -> ProgressBar {
    bar(
        total,
        &format!(
            "{what} {{bar:30}} {{percent:>3}} % {{human_pos}} / {{human_len}} requests, {{eta}} left"
        ),
    )
}

/// A bar over the bytes of a file that is being read.
pub(crate) fn bytes(what: &str) -> ProgressBar {
    bar(
        0,
        &format!("{what} {{bar:30}} {{percent:>3}} % {{decimal_bytes}} / {{decimal_total_bytes}}"),
    )
}

fn bar(total: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("templates are literals");
    ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10))
        .with_style(style.progress_chars("━╸ "))
}

/// Follows `progress` until the returned guard is dropped.
pub(crate) fn follow(progress: &Arc<RunProgress>) -> Follower {
    let done = Arc::new(AtomicBool::new(false));
    let (shared, ended) = (Arc::clone(progress), Arc::clone(&done));
    let thread = std::thread::spawn(move || {
        let bar = requests(0, "simulating");
        while !ended.load(Ordering::Relaxed) {
            bar.set_length(shared.total.load(Ordering::Relaxed));
            bar.set_position(shared.done.load(Ordering::Relaxed));
            std::thread::park_timeout(Duration::from_millis(100));
        }
        bar.finish_and_clear();
    });
    Follower { done, thread: Some(thread) }
}

/// Takes the bar down when dropped.
pub(crate) struct Follower {
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A bar that failed is no reason to fail.
            let _ = thread.join();
        }
    }
}

/// Says something on standard error. If nobody can hear it, the work goes on.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Sets `stop` at the first interrupt; the second ends the program at once.
pub(crate) fn stop_on_interrupt(progress: &Arc<RunProgress>) -> anyhow::Result<()> {
    let progress = Arc::clone(progress);
    ctrlc::set_handler(move || {
        if progress.stop.swap(true, Ordering::Relaxed) {
            end_now();
        }
        say("interrupted: keeping the runs that are finished; once more ends at once");
    })?;
    Ok(())
}

/// Ends the program at the first interrupt, leaving no temporary file behind.
pub(crate) fn end_on_interrupt() -> anyhow::Result<()> {
    Ok(ctrlc::set_handler(end_now)?)
}

fn end_now() {
    frames::remove_temporaries();
    std::process::exit(i32::from(crate::exit::INTERRUPTED));
}
