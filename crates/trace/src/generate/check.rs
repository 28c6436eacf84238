//! Whether a recipe makes sense, before anything is drawn. Errors begin with the field's path.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::RangeInclusive;

use super::arrivals::TimeLaw;
use super::law::{Law, Whole};
use super::recipe::{Access, Drift, FlashCrowd, Operations, Recipe, Segment, Source};
use crate::error::{Error, nearest};
use crate::trace::MAX_REQUESTS;
use crate::units::thousands;

/// Whole numbers up to here are exact as floating-point numbers.
const MOST_OBJECTS: u64 = 1 << 53;
/// Object numbers; twice that still indexes a stream.
const LAST_OBJECT: u64 = 1 << 62;
/// Beyond, stamps would leave 64 bits of nanoseconds.
const LONGEST_S: f64 = 200.0 * 366.0 * 86_400.0;
/// The largest factor of surges on the rate, all that overlap taken together.
const MOST_SURGE: f64 = 1e6;

impl Recipe {
    /// Whether every value is in range and every name exists; the first fault otherwise.
    pub fn check(&self) -> Result<(), Error> {
        ensure(self.schema == 1, "schema", "this version reads schema 1")?;
        ensure(!self.name.is_empty(), "name", "must not be empty")?;
        ensure(!self.sources.is_empty(), "source", "there must be at least one")?;
        ensure(!self.phases.is_empty(), "phase", "there must be at least one")?;
        law("size", &self.size)?;
        law("ttl", &self.ttl)?;
        operations("operations", &self.operations)?;
        self.check_time()?;
        for (name, source) in &self.sources {
            self.check_source(name, source)?;
        }
        self.check_numbers()?;
        self.check_sizes_agree()?;
        for (name, segment) in &self.segments {
            self.check_segment(name, segment)?;
        }
        self.check_phases()?;
        for (i, crowd) in self.flash_crowds.iter().enumerate() {
            self.check_crowd(&format!("flash-crowd {}", i + 1), crowd)?;
        }
        self.check_surges()?;
        self.check_all_used()
    }

    fn check_time(&self) -> Result<(), Error> {
        let Some(time) = &self.time else { return Ok(()) };
        let TimeLaw { rate_per_second, daily_amplitude, peak_hour, weekend_factor, .. } = *time;
        within("time.rate-per-second", rate_per_second, 1e-9..=1e9)?;
        within("time.daily-amplitude", daily_amplitude, 0.0..=1.0)?;
        within("time.peak-hour", peak_hour, 0.0..=24.0)?;
        within("time.weekend-factor", weekend_factor, 0.0..=1e6)?;
        // Without requests on weekends a week has five days; a few gaps may by chance be long.
        let longest = self.n_requests().saturating_add(50) as f64 / rate_per_second * 7.0 / 5.0;
        ensure(longest < LONGEST_S, "time", "the trace could last more than 200 years")
    }

    fn check_source(&self, name: &str, source: &Source) -> Result<(), Error> {
        let path = format!("source.{name}");
        self.check_access(&path, source)?;
        self.check_drift(&path, source)?;
        if let Some(key) = &source.key {
            let holes = key.matches("{}").count();
            ensure(holes == 1, format!("{path}.key"), "must hold `{}` once, for the number")?;
        }
        law(&format!("{path}.size"), &source.size)?;
        law(&format!("{path}.ttl"), &source.ttl)?;
        operations(&format!("{path}.operations"), &source.operations)
    }

    fn check_access(&self, path: &str, source: &Source) -> Result<(), Error> {
        let path = format!("{path}.access");
        match source.access {
            Access::Zipf { exponent, .. } => {
                within(&format!("{path}.zipf.exponent"), exponent, 0.0..=20.0)?;
            }
            Access::Hotspot { objects, hot_objects, hot_share } => {
                let cold = (1..objects).contains(&hot_objects);
                let field = format!("{path}.hotspot.hot-objects");
                ensure(cold, field, "must be at least 1 and less than objects")?;
                within(&format!("{path}.hotspot.hot-share"), hot_share, 0.0..=1.0)?;
            }
            Access::Client => {
                let some = !self.segments.is_empty();
                ensure(some, &path, "`client` needs segments, whose clients it stands for")?;
            }
            Access::Uniform { .. } | Access::Loop { .. } | Access::Scan => {}
        }
        let objects = self.n_objects(source);
        let fits = (1..=MOST_OBJECTS).contains(&objects);
        ensure(fits, path, format!("objects must be from 1 to 2^53, got {objects}"))
    }

    fn check_drift(&self, path: &str, source: &Source) -> Result<(), Error> {
        let Some(Drift { step, every }) = &source.drift else { return Ok(()) };
        let path = format!("{path}.drift");
        let popularity = matches!(source.access, Access::Zipf { .. } | Access::Hotspot { .. });
        ensure(popularity, &path, "only zipf and hotspot have a popularity that can drift")?;
        ensure(*step > 0, format!("{path}.step"), "must be above 0")?;
        ensure(every.value() > 0, format!("{path}.every"), "must be above 0")?;
        let timed = !every.is_time() || self.time.is_some();
        ensure(timed, format!("{path}.every"), "is a time, but the recipe has no [time]")
    }

    /// Numbers of objects must not run out, those of sources laid after others neither.
    fn check_numbers(&self) -> Result<(), Error> {
        for ((name, source), first) in self.sources.iter().zip(self.first_objects()) {
            let end = first.saturating_add(self.n_objects(source));
            let path = format!("source.{name}.first");
            ensure(end <= LAST_OBJECT, path, "its objects would be numbered beyond 2^62")?;
        }
        Ok(())
    }

    /// An object has one size, so sources that share objects must share the law of sizes.
    fn check_sizes_agree(&self) -> Result<(), Error> {
        let firsts = self.first_objects();
        let mut seen: Vec<(&str, &Source, u64)> = Vec::new();
        for ((name, source), first) in self.sources.iter().zip(firsts) {
            let end = first.saturating_add(self.n_objects(source));
            for (other_name, other, other_first) in &seen {
                let other_end = other_first.saturating_add(self.n_objects(other));
                let shared = other.key == source.key && first < other_end && *other_first < end;
                let what = format!("shares objects with source.{other_name}, but not their size");
                let same = other.size == source.size;
                ensure(!shared || same, format!("source.{name}.size"), what)?;
            }
            seen.push((name, source, first));
        }
        Ok(())
    }

    fn check_segment(&self, name: &str, segment: &Segment) -> Result<(), Error> {
        let path = format!("segment.{name}");
        let clash = self.sources.contains_key(name);
        ensure(!clash, &path, "a source has the same name")?;
        let fits = (1..=MAX_REQUESTS).contains(&segment.clients);
        ensure(fits, format!("{path}.clients"), "must be from 1 to 4,294,967,294")?;
        within(&format!("{path}.exponent"), segment.exponent, 0.0..=20.0)?;
        let alike = self.segments.values().all(|s| s.region.is_some() == segment.region.is_some());
        ensure(alike, format!("{path}.region"), "either all segments have one, or none")?;
        mix(&format!("{path}.mix"), &segment.mix, "source", &self.sources)
    }

    fn check_phases(&self) -> Result<(), Error> {
        for (i, phase) in self.phases.iter().enumerate() {
            let path = format!("phase {}", i + 1);
            ensure(phase.requests > 0, format!("{path}.requests"), "must be above 0")?;
            let path = format!("{path}.mix");
            if self.segments.is_empty() {
                mix(&path, &phase.mix, "source", &self.sources)?;
            } else {
                mix(&path, &phase.mix, "segment", &self.segments)?;
            }
        }
        let (n, most) = (self.n_requests(), thousands(MAX_REQUESTS));
        let what = format!("{} requests in all, at most {most} are possible", thousands(n));
        ensure(n <= MAX_REQUESTS, "phase", what)
    }

    fn check_crowd(&self, path: &str, crowd: &FlashCrowd) -> Result<(), Error> {
        known(&format!("{path}.source"), &crowd.source, "source", &self.sources)?;
        within(&format!("{path}.share"), crowd.share, 0.0..=1.0)?;
        let timed = crowd.after.is_time();
        let same = timed == crowd.lasts.is_time();
        ensure(same, path, "`after` and `for` must both be requests or both be times")?;
        ensure(!timed || self.time.is_some(), path, "has times, but the recipe has no [time]")?;
        within(&format!("{path}.surge"), crowd.surge, 1.0..=MOST_SURGE)?;
        let possible = timed || crowd.surge == 1.0;
        ensure(possible, format!("{path}.surge"), "needs `after` and `for` as times")
    }

    /// Surges that overlap multiply, and there are most of them where one begins.
    fn check_surges(&self) -> Result<(), Error> {
        for (i, crowd) in self.flash_crowds.iter().enumerate() {
            let now = crowd.after.value();
            let others = self.flash_crowds.iter().filter(|other| {
                now.checked_sub(other.after.value()).is_some_and(|ago| ago < other.lasts.value())
            });
            let product: f64 = others.map(|other| other.surge).product();
            let path = format!("flash-crowd {}.surge", i + 1);
            let what =
                format!("with those it overlaps it is {product}, at most {MOST_SURGE} is possible");
            ensure(product <= MOST_SURGE, path, what)?;
        }
        Ok(())
    }

    /// A name nobody uses is a slip.
    fn check_all_used(&self) -> Result<(), Error> {
        let mixes = self.phases.iter().map(|phase| &phase.mix);
        let mixes = mixes.chain(self.segments.values().map(|segment| &segment.mix));
        let mut used: BTreeSet<&str> =
            mixes.flat_map(|mix| mix.keys().map(String::as_str)).collect();
        used.extend(self.flash_crowds.iter().map(|crowd| crowd.source.as_str()));
        for (kind, names) in [
            ("source", self.sources.keys().collect::<Vec<_>>()),
            ("segment", self.segments.keys().collect()),
        ] {
            for name in names {
                ensure(used.contains(name.as_str()), format!("{kind}.{name}"), "is never used")?;
            }
        }
        Ok(())
    }
}

fn ensure(holds: bool, path: impl Display, what: impl Display) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::invalid(format!("{path}: {what}"))) }
}

fn within(path: &str, value: f64, range: RangeInclusive<f64>) -> Result<(), Error> {
    let (low, high) = (range.start(), range.end());
    ensure(range.contains(&value), path, format!("must be from {low} to {high}, got {value}"))
}

fn law<T: Whole>(path: &str, law: &Option<Law<T>>) -> Result<(), Error> {
    match law.as_ref().and_then(Law::fault) {
        Some(fault) => ensure(false, path, fault),
        None => Ok(()),
    }
}

fn operations(path: &str, operations: &Option<Operations>) -> Result<(), Error> {
    let Some(Operations { set, delete }) = *operations else { return Ok(()) };
    within(&format!("{path}.set"), set, 0.0..=1.0)?;
    within(&format!("{path}.delete"), delete, 0.0..=1.0)?;
    ensure(set + delete <= 1.0, path, "set and delete together must be at most 1")
}

fn mix<T>(
    path: &str,
    mix: &BTreeMap<String, f64>,
    kind: &str,
    names: &BTreeMap<String, T>,
) -> Result<(), Error> {
    for (name, weight) in mix {
        known(path, name, kind, names)?;
        let field = format!("{path}.{name}");
        ensure(*weight >= 0.0 && weight.is_finite(), field, "a weight must be at least 0")?;
    }
    let sum: f64 = mix.values().sum();
    ensure(sum > 0.0, path, "needs a weight above 0")?;
    ensure(sum.is_finite(), path, "the weights add up to more than a number can hold")
}

fn known<T>(path: &str, name: &str, kind: &str, names: &BTreeMap<String, T>) -> Result<(), Error> {
    if names.contains_key(name) {
        return Ok(());
    }
    let close = nearest(name, names.keys().map(String::as_str));
    Err(Error::Invalid {
        what: format!("{path}: there is no {kind} called `{name}`"),
        note: close.map(|close| format!("did you mean `{close}`?")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
schema = 1
name = "t"
seed = 1
[source.a]
access.zipf = { objects = 10, exponent = 1 }
[[phase]]
requests = 5
mix = { a = 1 }
"#;

    fn fault(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replace(from, to);
        Recipe::from_toml(&text, "t.toml").expect_err(&text).to_string()
    }

    #[test]
    fn a_good_recipe_survives_a_round_trip() {
        let recipe = Recipe::from_toml(GOOD, "t.toml").unwrap();
        let again = toml::to_string(&recipe).unwrap();
        assert_eq!(Recipe::from_toml(&again, "t.toml").unwrap(), recipe);
    }

    #[test]
    fn a_fault_of_form_is_shown_with_its_place() {
        let error = fault("exponent = 1", "exponnt = 1");
        assert!(error.contains("t.toml") && error.contains("line 6, column"), "{error}");
        assert!(error.contains("exponnt, available keys: objects, exponent"), "{error}");
        let error = fault("requests = 5", "requests = \"many\"");
        assert!(error.contains("line 8, column 12"), "{error}");
    }

    #[test]
    fn a_fault_of_value_is_shown_with_its_path() {
        let cases = [
            ("schema = 1", "schema = 2", "schema: this version reads"),
            ("exponent = 1", "exponent = -1", "source.a.access.zipf.exponent: must be from 0"),
            ("exponent = 1", "exponent = nan", "got NaN"),
            ("objects = 10", "objects = 0", "source.a.access: objects must be from 1"),
            ("requests = 5", "requests = 0", "phase 1.requests: must be above 0"),
            (
                "requests = 5",
                "requests = 5_000_000_000",
                "phase: 5,000,000,000 requests in all, at most 4,294,967,294 are possible",
            ),
            (
                "{ a = 1 }",
                "{ a = 1, b = 1 }\n[source.b]\naccess.uniform = { objects = 9 }\nfirst = 4611686018427387904",
                "source.a.first: its objects would be numbered beyond 2^62",
            ),
            (
                "a = 1 }",
                "a = 1e308, b = 1e308 }\n[source.b]\naccess = \"scan\"",
                "phase 1.mix: the weights add up",
            ),
            (
                "[source.a]",
                "[source.a]\nsize.constant = \"257TiB\"",
                "source.a.size: must be at most 256TiB",
            ),
            (
                "[source.a]",
                "[source.a]\nsize.uniform = { min = \"1B\", max = \"1000TB\" }",
                "source.a.size: max must be at most 256TiB",
            ),
            (
                "[source.a]",
                "[source.a]\nsize.lognormal = { median = \"1000TB\", sigma = 1 }",
                "source.a.size: median must be at most 256TiB",
            ),
            (
                "seed = 1",
                "seed = 1\ntime.rate-per-second = 1e-9",
                "time: the trace could last more than 200 years",
            ),
            ("a = 1 }", "a = 0 }", "phase 1.mix: needs a weight above 0"),
            ("a = 1 }", "a = -1 }", "phase 1.mix.a: a weight must be"),
            ("{ a = 1 }", "{ aa = 1 }", "hint: did you mean `a`?"),
            ("[source.a]", "[source.b]\naccess = \"scan\"\n[source.a]", "source.b: is never used"),
            ("[source.a]", "[source.a]\nkey = \"user\"", "source.a.key: must hold `{}` once"),
            ("[source.a]", "[source.a]\nsize.constant = \"0\"", "source.a.size: must be above 0"),
            ("[source.a]", "[source.a]\noperations.set = 2", "source.a.operations.set: must be"),
            (
                "[source.a]",
                "[source.a]\ndrift = { step = 1, every = \"1h\" }",
                "source.a.drift.every: is a time, but the recipe has no [time]",
            ),
            (
                "access.zipf = { objects = 10, exponent = 1 }",
                "access = \"client\"",
                "source.a.access: `client` needs segments",
            ),
            (
                "seed = 1",
                "seed = 1\ntime = { rate-per-second = 1, daily-amplitude = 1.5 }",
                "time.daily-amplitude: must be from 0 to 1, got 1.5",
            ),
            (
                "[[phase]]",
                "[[flash-crowd]]\nsource = \"a\"\nshare = 0.5\nafter = 1\nfor = \"1h\"\n[[phase]]",
                "flash-crowd 1: `after` and `for` must both",
            ),
        ];
        for (from, to, expected) in cases {
            let error = fault(from, to);
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn surges_multiply_only_where_they_overlap() {
        let crowd = |after| {
            format!(
                "[[flash-crowd]]\nsource = \"a\"\nshare = 0.5\nafter = \"{after}\"\nfor = \"1h\"\nsurge = 2000\n"
            )
        };
        let with = |second| {
            let crowds = format!("{}{}[[phase]]", crowd("1h"), crowd(second));
            let text = GOOD.replace("[[phase]]", &crowds);
            let text = text.replace("seed = 1", "seed = 1\ntime.rate-per-second = 1");
            Recipe::from_toml(&text, "t").map_err(|error| error.to_string())
        };
        assert!(with("2h").is_ok());
        let error = with("119min").unwrap_err();
        assert!(
            error.contains("flash-crowd 2.surge: with those it overlaps it is 4000000"),
            "{error}"
        );
    }

    #[test]
    fn sources_that_share_objects_must_agree_on_sizes() {
        let shared = "[source.b]\naccess = \"scan\"\nfirst = 9\nsize.constant = \"2B\"\n[source.a]";
        let text = GOOD.replace("[source.a]", shared).replace("{ a = 1 }", "{ a = 1, b = 1 }");
        // Objects 9 to 13 of `b`; `a` shares object 9 only if told to begin at 0.
        assert!(Recipe::from_toml(&text, "t").is_ok());
        let text = text.replace("[source.a]", "[source.a]\nfirst = 0");
        let error = Recipe::from_toml(&text, "t").unwrap_err().to_string();
        assert!(error.contains("source.b.size: shares objects with source.a"), "{error}");
    }
}
