//! Profiles and ciphers as TOML, a row a line, ready for `include` in a scenario.

use std::fmt::Write as _;

use tiers::LatencySpec;
use tiers::latency::{Law, LawRow, Lognormal, SizeRow};
use trace::units::Nanos;

use crate::cipher::{CipherTimes, Line, NONCE_BYTES, TAG_BYTES};

/// The text of a file with latency profiles, and ciphers with where their figures are from, by name.
///
/// A cipher that was measured at less than two sizes, or takes no longer for more, is left out.
pub fn toml_text(
    profiles: &[(String, LatencySpec)],
    ciphers: &[(String, Source, &CipherTimes)],
) -> String {
    let mut text = String::new();
    for (name, spec) in profiles {
        profile(&mut text, name, spec);
    }
    for (name, source, times) in ciphers {
        cipher(&mut text, name, source, times);
    }
    text
}

/// Where figures are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// In words.
    pub source: String,
    /// As 2026-11-25.
    pub date: String,
}

fn begin(text: &mut String, section: &str, source: &str, date: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "[{section}]\nsource = {}\ndate = {}", quoted(source), quoted(date));
}

fn profile(text: &mut String, name: &str, spec: &LatencySpec) {
    let name = key(name);
    begin(text, &format!("latency.{name}"), &spec.source, &spec.date);
    body(text, &spec.quantiles, &spec.sizes, &spec.laws);
    let Some(regimes) = &spec.regimes else { return };
    let rows = regimes.transitions.iter().map(|row| numbers(row)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        text,
        "\n[latency.{name}.regimes]\nstep = \"{}\"\ntransitions = [{rows}]",
        regimes.step
    );
    for state in &regimes.states {
        let _ = writeln!(text, "\n[[latency.{name}.regimes.states]]");
        if let Some(factor) = state.factor {
            let _ = writeln!(text, "factor = {}", number(factor));
        }
        body(text, &state.quantiles, &state.sizes, &state.laws);
    }
}

fn body(text: &mut String, quantiles: &[f64], sizes: &[SizeRow], laws: &[LawRow]) {
    if !sizes.is_empty() {
        let _ = writeln!(text, "quantiles = {}\nsizes = [", numbers(quantiles));
        for row in sizes {
            let latency: Vec<String> = row.latency.iter().map(|ns| format!("\"{ns}\"")).collect();
            let _ = writeln!(
                text,
                "    {{ size = \"{}\", latency = [{}] }},",
                row.size,
                latency.join(", ")
            );
        }
        text.push_str("]\n");
    }
    if !laws.is_empty() {
        text.push_str("laws = [\n");
        for row in laws {
            let _ =
                writeln!(text, "    {{ size = \"{}\", law = {{ {} }} }},", row.size, law(&row.law));
        }
        text.push_str("]\n");
    }
}

fn law(law: &Law) -> String {
    let shift = |shift: Nanos| {
        if shift.0 == 0 { String::new() } else { format!("shift = \"{shift}\", ") }
    };
    let lognormal = |of: &Lognormal| {
        format!("{}median = \"{}\", sigma = {}", shift(of.shift), of.median, number(of.sigma))
    };
    match law {
        Law::Lognormal(of) => format!("lognormal = {{ {} }}", lognormal(of)),
        Law::Gamma(of) | Law::Weibull(of) => {
            let name = if matches!(law, Law::Gamma(_)) { "gamma" } else { "weibull" };
            let (shape, scale) = (number(of.shape), of.scale);
            format!("{name} = {{ {}shape = {shape}, scale = \"{scale}\" }}", shift(of.shift))
        }
        Law::Burr(of) => format!(
            "burr = {{ {}scale = \"{}\", c = {}, k = {} }}",
            shift(of.shift),
            of.scale,
            number(of.c),
            number(of.k)
        ),
        Law::Bimodal(of) => format!(
            "bimodal = {{ share = {}, first = {{ {} }}, second = {{ {} }} }}",
            number(of.share),
            lognormal(&of.first),
            lognormal(&of.second)
        ),
    }
}

fn cipher(text: &mut String, name: &str, source: &Source, times: &CipherTimes) {
    let (Some(seal), Some(open)) = (Line::of(&times.seal), Line::of(&times.open)) else { return };
    begin(text, &format!("cipher.{}", key(name)), &source.source, &source.date);
    for (name, line) in [("seal", seal), ("open", open)] {
        let _ = writeln!(
            text,
            "{name}-base = \"{}\"\n{name}-rate-bytes-per-second = {}",
            Nanos(line.base_ns),
            line.bytes_per_second
        );
    }
    let _ = writeln!(
        text,
        "key-derivation = \"{}\"\nnonce-bytes = {NONCE_BYTES}\ntag-bytes = {TAG_BYTES}",
        Nanos(times.key_derivation_ns)
    );
}

/// A key as it may stand in a section's name.
fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(plain) { name.to_string() } else { quoted(name) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The shortest digits that read back as the same number.
fn number(value: f64) -> String {
    format!("{value:?}")
}

fn numbers(values: &[f64]) -> String {
    let one =
        |value: &f64| if value.fract() == 0.0 { format!("{value:.0}") } else { number(*value) };
    format!("[{}]", values.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tiers::LatencyProfile;
    use tiers::security::CipherSpec;

    use super::*;
    use crate::Measured;

    type File = BTreeMap<String, BTreeMap<String, LatencySpec>>;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let given = r#"
            [latency.plain]
            source = 'say "measured" \ assumed'
            date = "2026-11-25"
            quantiles = [0, 0.123456, 1]
            sizes = [{ size = "1B", latency = ["1ns", "1500us", "1h"] }, { size = "1MiB", latency = ["1us", "2us", "3us"] }]
            [latency."with laws"]
            source = ""
            date = "2026"
            laws = [
                { size = "1KiB", law = { lognormal = { shift = "1ms", median = "3ms", sigma = 0.1 } } },
                { size = "2KiB", law = { gamma = { shape = 1e-1, scale = "3ms" } } },
                { size = "3KiB", law = { weibull = { shift = "3ns", shape = 2, scale = "3ms" } } },
                { size = "4KiB", law = { burr = { c = 2.5, k = 1, scale = "3ms" } } },
                { size = "5KiB", law = { bimodal = { share = 0.3, first = { median = "1ms", sigma = 1 }, second = { shift = "1ms", median = "9ms", sigma = 0.333333333333333 } } } },
            ]
            [latency."with laws".regimes]
            step = "10ms"
            transitions = [[0.9, 0.1], [1, 0]]
            states = [{ factor = 2 }, { quantiles = [0, 1], sizes = [{ size = "1B", latency = ["1ns", "2ns"] }] }]
        "#;
        let given: File = toml::from_str(given).unwrap();
        let profiles: Vec<_> = given["latency"].clone().into_iter().collect();
        let text = toml_text(&profiles, &[]);
        assert_eq!(toml::from_str::<File>(&text).unwrap(), given, "{text}");
        for spec in given["latency"].values() {
            LatencyProfile::new(spec).unwrap();
        }
    }

    #[test]
    fn a_cipher_has_the_fields_that_a_scenario_reads() {
        let measured = Measured { sizes: vec![100, 1_000], latency_ns: vec![200, 1_100] };
        let times = CipherTimes {
            seal: measured.clone(),
            open: measured,
            key_derivation_ns: 900,
            clock_ns: 20,
        };
        let source = Source { source: "test".into(), date: "2026-11-25".into() };
        let text = toml_text(&[], &[("aes-256-gcm".into(), source, &times)]);
        assert_eq!(
            text,
            "[cipher.aes-256-gcm]\nsource = \"test\"\ndate = \"2026-11-25\"\n\
             seal-base = \"100ns\"\nseal-rate-bytes-per-second = 1000000000\n\
             open-base = \"100ns\"\nopen-rate-bytes-per-second = 1000000000\n\
             key-derivation = \"900ns\"\nnonce-bytes = 12\ntag-bytes = 16\n"
        );
        let file: BTreeMap<String, BTreeMap<String, CipherSpec>> = toml::from_str(&text).unwrap();
        assert_eq!(file["cipher"]["aes-256-gcm"].seal_rate_bytes_per_second, 1_000_000_000);
    }
}
