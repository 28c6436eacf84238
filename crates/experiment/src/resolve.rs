//! Scenario to study: presets, layers, includes and the matrix worked out, every name looked up.
//!
//! A [`Resolved`] study depends on no other file than its traces. It is what `show --resolved`
//! prints, what a manifest holds, and the only thing a run reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tiers::security::{AuditSpec, Cipher, ErasureSpec};
use tiers::{Arrivals, LatencyProfile, MOST_TIERS, Placement, PriceBook, Rate, TierPrice, Writes};

use crate::ab::{self, TestSpec};
use crate::check::FLAT_KIND;
use crate::patch::is_default;
use crate::scenario::{
    Capacity, Chaos, DemotionPatch, FaultEntry, Library, Metric, OriginPatch, PolicyText,
    PriceChoice, RouterPatch, Scenario, ServiceText, StackPatch, TierPatch, TraceEntry, Ttl,
    Warmup,
};
use crate::source::explained;
use crate::{Error, FORMAT_PARQUET, Source, build, presets};

/// A complete study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Resolved {
    /// Version of this form: 1.
    pub schema: u32,
    /// Name of the study.
    pub name: String,
    /// What it asks.
    pub description: String,
    /// Seed of all draws.
    pub seed: u64,
    /// What is not counted.
    pub warmup: Warmup,
    /// Stretches of time in the series.
    pub windows: u32,
    /// How requests are spread in time.
    pub arrivals: Arrivals,
    /// How many times as fast as recorded requests arrive.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub speed: f64,
    /// Clients that wait for their answers, in place of arrivals by the clock.
    #[serde(default, skip_serializing_if = "is_default")]
    pub closed_loop: Option<u32>,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "is_default")]
    pub faults: Vec<FaultEntry>,
    /// What goes wrong by chance.
    #[serde(default, skip_serializing_if = "is_default")]
    pub chaos: Option<Chaos>,
    /// Requests to erase.
    #[serde(default, skip_serializing_if = "is_default")]
    pub erasure: Option<ErasureSpec>,
    /// What is logged.
    #[serde(default, skip_serializing_if = "is_default")]
    pub audit: Option<AuditSpec>,
    /// What decides the winner.
    pub metric: Metric,
    /// What an A/B test compares.
    #[serde(default, skip_serializing_if = "is_default")]
    pub test: TestSpec,
    /// The traces.
    pub traces: Vec<ResolvedTrace>,
    /// The configurations, one for each strategy and matrix cell.
    pub strategies: Vec<ResolvedStrategy>,
    /// What the stacks name.
    pub library: Library,
}

impl Resolved {
    /// The tiers of all strategies by name, each once, and the origin.
    pub(crate) fn all_tiers(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for tier in self.strategies.iter().flat_map(|strategy| &strategy.stack.tiers) {
            if !names.contains(&tier.name) {
                names.push(tier.name.clone());
            }
        }
        names.push("origin".to_string());
        names
    }

    /// Checks what a manifest might hold that no scenario resolves to.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fail = |what: &str| Err(Error::Unfit(format!("the study {what}")));
        if self.schema != 1 {
            return fail("is of a schema that this version does not know");
        }
        if !WINDOWS.contains(&self.windows) || self.strategies.len() > MOST_STRATEGIES {
            return fail("has too many windows or strategies, or none");
        }
        if self.closed_loop == Some(0) {
            return fail("has a closed loop without clients");
        }
        if self.traces.iter().any(|trace| !SCALES.contains(&trace.scale)) {
            return fail("has a trace whose scale makes no sense");
        }
        if self.strategies.iter().any(|s| !(1..=MOST_TIERS).contains(&s.stack.tiers.len())) {
            return fail("has a stack without tiers, or with too many");
        }
        Ok(())
    }
}

/// A trace of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResolvedTrace {
    /// File, relative to the working directory if it lies below it.
    pub path: PathBuf,
    /// Name, if not the file's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Format, if not left to its content.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format: Option<String>,
    /// Requests of the real system that one stands for.
    pub scale: f64,
    /// Pace, for a trace without stamps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate: Option<Rate>,
}

/// One strategy in one cell of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResolvedStrategy {
    /// Name of the strategy.
    pub name: String,
    /// The cell, as `path=value` pairs; empty without a matrix.
    pub cell: String,
    /// The whole stack.
    pub stack: ResolvedStack,
}

/// A complete stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResolvedStack {
    /// What writes do.
    pub writes: Writes,
    /// In which order reads ask the tiers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub router: RouterPatch,
    /// Which objects are kept out of the first tiers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub demotion: DemotionPatch,
    /// How long tiers refuse erased versions, if not as the study says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tombstone: Option<Ttl>,
    /// Latency profile of the origin.
    pub latency_of_origin: String,
    /// Servers of the origin, and objects it does not have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub origin: OriginPatch,
    /// Price book, for reference; the prices themselves are in the tiers.
    pub prices: String,
    /// Where the prices are from.
    pub prices_source: String,
    /// Day of the prices.
    pub prices_date: String,
    /// Prices of the origin.
    pub price_of_origin: TierPrice,
    /// The tiers, nearest the client first.
    pub tiers: Vec<ResolvedTier>,
}

/// What of the library the strategies name. Prices stand in the stacks themselves.
fn used(
    library: Library,
    strategies: &[ResolvedStrategy],
    erasure: Option<&ErasureSpec>,
) -> Library {
    let stacks = || strategies.iter().map(|strategy| &strategy.stack);
    let more = || stacks().flat_map(|stack| &stack.tiers).map(|tier| &tier.more);
    let purges = erasure.into_iter().flat_map(|erasure| erasure.tiers.values());
    let of_purges = purges.filter_map(|purge| purge.latency.as_ref());
    let profiles: Vec<&String> =
        stacks().flat_map(ResolvedStack::profiles).chain(of_purges).collect();
    let ciphers: Vec<&String> = more().filter_map(|tier| tier.encryption.cipher.as_ref()).collect();
    let cdns: Vec<&String> = more().filter_map(|tier| tier.cdn.as_ref()).collect();
    let shields: Vec<&String> = more().filter_map(|tier| tier.shield.as_ref()).collect();
    Library {
        latency: named(library.latency, &profiles),
        prices: BTreeMap::new(),
        cdn: named(library.cdn, &cdns),
        shield: named(library.shield, &shields),
        cipher: named(library.cipher, &ciphers),
    }
}

fn named<T>(all: BTreeMap<String, T>, names: &[&String]) -> BTreeMap<String, T> {
    all.into_iter().filter(|(name, _)| names.contains(&name)).collect()
}

impl ResolvedStack {
    /// The latency profiles it draws from, by name.
    fn profiles(&self) -> Vec<&String> {
        let stations = self.tiers.iter().map(|tier| &tier.more.station);
        let services = stations.chain([&self.origin.station]).filter_map(|station| {
            match station.service.as_ref()? {
                ServiceText::Profile(name) => Some(name),
                ServiceText::Time(_) => None,
            }
        });
        let latencies = self.tiers.iter().map(|tier| &tier.latency);
        latencies.chain([&self.latency_of_origin]).chain(services).collect()
    }
}

/// A complete tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResolvedTier {
    /// Name.
    pub name: String,
    /// How much it holds before scaling.
    pub capacity: Capacity,
    /// Eviction policy.
    pub policy: PolicyText,
    /// How long copies stay fresh.
    pub ttl: Ttl,
    /// Latency profile.
    pub latency: String,
    /// Prices.
    pub price: TierPrice,
    /// All else, as it was given.
    #[serde(flatten)]
    pub more: TierPatch,
}

fn one() -> f64 {
    1.0
}

fn is_one(number: &f64) -> bool {
    *number == 1.0
}

/// A `path=value` from the command line. It has the last word, as a cell of the matrix has.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Dotted path.
    pub path: String,
    /// Value.
    pub value: toml::Value,
}

impl std::str::FromStr for Setting {
    type Err = String;

    /// The value is TOML if it parses as such, else text.
    fn from_str(text: &str) -> Result<Self, String> {
        let (path, value) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not `path=value`"))?;
        let value = toml::from_str::<toml::Table>(&format!("v = {value}"))
            .ok()
            .and_then(|mut table| table.remove("v"))
            .unwrap_or_else(|| toml::Value::String(value.to_string()));
        Ok(Setting { path: path.trim().to_string(), value })
    }
}

/// Resolves the scenario in `path`.
pub fn resolve(path: &Path, settings: &[Setting]) -> Result<Resolved, Error> {
    let source = Source::open(path)?;
    let dir = path.parent().unwrap_or(Path::new(""));
    resolve_source(&source, dir, settings)
}

/// Resolves a scenario whose relative paths start at `dir`.
pub(crate) fn resolve_source(
    source: &Source,
    dir: &Path,
    settings: &[Setting],
) -> Result<Resolved, Error> {
    refuse_flat(source)?;
    let scenario: Scenario = source.parse()?;
    let (on_stack, on_root): (Vec<_>, Vec<_>) =
        settings.iter().partition(|setting| setting.path.starts_with("stack."));
    let scenario = if on_root.is_empty() { scenario } else { with_settings(source, &on_root)? };
    // A value from the command line has no line to point at.
    let overridden = Source::new("the scenario with --set", "");
    let source = if on_root.is_empty() { source } else { &overridden };
    if scenario.schema != 1 {
        let message =
            format!("schema {} is not known to this version, which reads 1", scenario.schema);
        return Err(source.error_at(&["schema"], &message, None));
    }
    check_names(source, &scenario)?;
    ab::check(source, &scenario)?;
    let library = library(source, dir, &scenario)?;
    let resolver = Resolver { source, scenario: &scenario, library: &library, last: &on_stack };
    let strategies = resolver.strategies()?;
    let library = used(library, &strategies, scenario.erasure.as_ref());
    Ok(Resolved {
        schema: 1,
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        seed: scenario.seed,
        warmup: scenario.warmup,
        windows: scenario.windows,
        arrivals: scenario.arrivals,
        speed: scenario.speed,
        closed_loop: scenario.closed_loop,
        faults: scenario.faults.clone(),
        chaos: scenario.chaos.clone(),
        erasure: scenario.erasure.clone(),
        audit: scenario.audit,
        metric: scenario.metric,
        test: scenario.test.clone(),
        traces: scenario
            .traces
            .iter()
            .map(|entry| ResolvedTrace {
                path: tidy(&dir.join(&entry.path)),
                name: entry.name.clone(),
                format: entry.format.clone(),
                scale: entry.scale,
                rate: entry.rate,
            })
            .collect(),
        strategies,
        library,
    })
}

/// What says `kind = "flat"` has no tiers.
fn refuse_flat(source: &Source) -> Result<(), Error> {
    let table: toml::Table = source.parse()?;
    match table.get("kind").and_then(toml::Value::as_str) {
        Some(FLAT_KIND) => {
            let message = "this is a flat study: single caches, and no tiers to simulate";
            let hint = Some("`cache-strategy check` replays it and holds its figures");
            Err(source.error_at(&["kind"], message, hint))
        }
        _ => Ok(()),
    }
}

/// The scenario with values replaced by `--set`; errors name the setting, there is no line for it.
fn with_settings(source: &Source, settings: &[&Setting]) -> Result<Scenario, Error> {
    let mut table: toml::Table = source.parse()?;
    for setting in settings {
        set(&mut table, &setting.path, setting.value.clone())?;
    }
    table.try_into().map_err(|error: toml::de::Error| not_so(settings, error.message()))
}

/// An error in values of the command line, which have no line to point at.
fn not_so(settings: &[&Setting], message: &str) -> Error {
    let list: Vec<_> = settings.iter().map(|s| format!("{}={}", s.path, s.value)).collect();
    let (message, hint) = explained(message);
    let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    Error::Diagnostic(format!("with --set {}: {message}{hint}", list.join(" --set ")))
}

/// Sets a value by its dotted path. Elements of arrays go by their number, from 0.
fn set(table: &mut toml::Table, path: &str, value: toml::Value) -> Result<(), Error> {
    let bad = || Error::Diagnostic(format!("{path}: there is no such place in a scenario"));
    let mut keys: Vec<&str> = path.split('.').collect();
    let last = keys.pop().filter(|last| !last.is_empty()).ok_or_else(bad)?;
    let mut table = table;
    let mut keys = keys.into_iter();
    while let Some(key) = keys.next() {
        let inner = table.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        table = match inner {
            toml::Value::Array(items) => {
                let index = keys.next().and_then(|index| index.parse::<usize>().ok());
                index.and_then(|index| items.get_mut(index)).ok_or_else(bad)?
            }
            other => other,
        }
        .as_table_mut()
        .ok_or_else(bad)?;
    }
    table.insert(last.to_string(), value);
    Ok(())
}

/// Removes `a/..` pairs, so that `scenarios/../traces/x` reads `traces/x`.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut tidy = PathBuf::new();
    for component in path.components() {
        let is_name = matches!(tidy.components().next_back(), Some(Component::Normal(_)));
        if component == Component::ParentDir && is_name {
            tidy.pop();
        } else {
            tidy.push(component);
        }
    }
    tidy
}

/// What one request may stand for.
const SCALES: std::ops::RangeInclusive<f64> = 1e-6..=1e9;
/// How fast requests may arrive.
const SPEEDS: std::ops::RangeInclusive<f64> = 1e-3..=1e6;
/// Points of a series: each costs a histogram.
const WINDOWS: std::ops::RangeInclusive<u32> = 1..=10_000;
/// Runs of a grid over one trace.
const MOST_STRATEGIES: usize = 100_000;

/// What to try in place of a warm-up that is too long.
pub(crate) const WARMUP_HINT: &str = "such as warmup = \"10%\"";

fn check_names(source: &Source, scenario: &Scenario) -> Result<(), Error> {
    let ok = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if scenario.name.is_empty() || !scenario.name.chars().all(ok) || scenario.name.starts_with('.')
    {
        let hint = Some("it names the folder of the report: letters, digits, `-`, `_` and `.`");
        return Err(source.error_at(&["name"], "the name cannot be used for a folder", hint));
    }
    for (list, empty) in
        [("traces", scenario.traces.is_empty()), ("strategies", scenario.strategies.is_empty())]
    {
        if empty {
            return Err(source.error_at(
                &[list],
                &format!("`{list}` needs at least one entry"),
                None,
            ));
        }
    }
    for (i, strategy) in scenario.strategies.iter().enumerate() {
        if strategy.name.is_empty() || strategy.name.contains(" / ") {
            let message =
                "a strategy needs a name without ` / `, which separates it in the results";
            return Err(source.error_at(&["strategies", &i.to_string(), "name"], message, None));
        }
        if scenario.strategies[..i].iter().any(|other| other.name == strategy.name) {
            let message = format!("a strategy called `{}` is there already", strategy.name);
            return Err(source.error_at(&["strategies", &i.to_string(), "name"], &message, None));
        }
    }
    for (i, entry) in scenario.traces.iter().enumerate() {
        if let Some(format) = entry.format.as_deref().filter(|name| *name != FORMAT_PARQUET) {
            trace::readers::find(format).map_err(|error| {
                let message = error.to_string();
                let (message, hint) = explained(&message);
                let at = ["traces", &i.to_string(), "format"];
                source.error_at(&at, message, hint.as_deref())
            })?;
        }
        let number = i.to_string();
        let fail = |field: &str, message: &str| {
            Err(source.error_at(&["traces", &number, field], message, None))
        };
        if !SCALES.contains(&entry.scale) {
            return fail("scale", "the scale must lie between 0.000001 and 1000000000");
        }
        let called_alike = |other: &TraceEntry| match (&entry.name, &other.name) {
            (None, None) => entry.path == other.path && entry.format == other.format,
            (name, other) => name == other,
        };
        if scenario.traces[..i].iter().any(called_alike) {
            let at = ["traces", &number, if entry.name.is_some() { "name" } else { "path" }];
            let hint = Some("give one of them another `name`");
            return Err(source.error_at(&at, "a trace of this name is there already", hint));
        }
        if entry.name.as_ref().is_some_and(|name| name.is_empty() || name.contains(" / ")) {
            return fail(
                "name",
                "a trace needs a name without ` / `, which separates it in the results",
            );
        }
    }
    if !SPEEDS.contains(&scenario.speed) {
        let message = "`speed` must lie between 0.001 and 1000000";
        return Err(source.error_at(&["speed"], message, None));
    }
    if scenario.closed_loop == Some(0) {
        let hint = Some("leave it out for arrivals by the clock of the trace");
        return Err(source.error_at(
            &["closed-loop"],
            "a closed loop needs at least 1 client",
            hint,
        ));
    }
    if scenario.warmup.is_all() {
        let message = format!("a warm-up of {} leaves no request to count", scenario.warmup);
        return Err(source.error_at(&["warmup"], &message, Some(WARMUP_HINT)));
    }
    for (i, fault) in scenario.faults.iter().enumerate() {
        fault.check().map_err(|(field, message)| {
            source.error_at(&["faults", &i.to_string(), field], &message, None)
        })?;
    }
    if !WINDOWS.contains(&scenario.windows) {
        let message = format!("`windows` must lie between 1 and {}", WINDOWS.end());
        return Err(source.error_at(&["windows"], &message, None));
    }
    Ok(())
}

/// Everything shipped, then included files, then the scenario's own; later ones win.
fn library(source: &Source, dir: &Path, scenario: &Scenario) -> Result<Library, Error> {
    let mut library = presets::library();
    for (i, file) in scenario.include.iter().enumerate() {
        let included = Source::open(&dir.join(file)).map_err(|error| {
            source.error_at(&["include", &i.to_string()], &error.to_string(), None)
        })?;
        let included: Library = included.parse()?;
        library.extend(included);
    }
    library.extend(scenario.library());
    for (name, spec) in &scenario.latency {
        LatencyProfile::new(spec)
            .map_err(|error| source.error_at(&["latency", name], &error.to_string(), None))?;
    }
    for (name, spec) in &scenario.cipher {
        Cipher::new(spec).map_err(|error| {
            source.error_at(&["cipher", name, &error.field], &error.to_string(), None)
        })?;
    }
    Ok(library)
}

/// One layer of the stack and where it stands in the scenario.
struct Layer<'a> {
    patch: &'a StackPatch,
    path: Vec<String>,
}

struct Resolver<'a> {
    source: &'a Source,
    scenario: &'a Scenario,
    library: &'a Library,
    last: &'a [&'a Setting],
}

impl Resolver<'_> {
    fn strategies(&self) -> Result<Vec<ResolvedStrategy>, Error> {
        let cells = self.cells()?;
        let mut strategies = Vec::new();
        for (i, strategy) in self.scenario.strategies.iter().enumerate() {
            for (cell, patch) in &cells {
                let layers = [
                    Layer { patch: &self.scenario.stack, path: vec!["stack".into()] },
                    Layer {
                        patch: &strategy.stack,
                        path: vec!["strategies".into(), i.to_string(), "stack".into()],
                    },
                    Layer { patch, path: vec!["matrix".into()] },
                ];
                let stack = self.stack(&strategy.name, &layers)?;
                strategies.push(ResolvedStrategy {
                    name: strategy.name.clone(),
                    cell: cell.clone(),
                    stack,
                });
            }
        }
        self.check_tiers(&cells, &strategies)?;
        self.check_faults(&strategies)?;
        self.check_erasure(&strategies)?;
        Ok(strategies)
    }

    /// A tier that no order names is ignored. One that no preset has either must be misspelt.
    fn check_tiers(
        &self,
        cells: &[(String, StackPatch)],
        strategies: &[ResolvedStrategy],
    ) -> Result<(), Error> {
        let mut layers = vec![Layer { patch: &self.scenario.stack, path: vec!["stack".into()] }];
        layers.extend(self.scenario.strategies.iter().enumerate().map(|(i, strategy)| Layer {
            patch: &strategy.stack,
            path: vec!["strategies".into(), i.to_string(), "stack".into()],
        }));
        layers.extend(cells.iter().map(|(_, patch)| Layer { patch, path: vec!["matrix".into()] }));
        let presets: Vec<StackPatch> = layers
            .iter()
            .filter_map(|layer| presets::stack(layer.patch.preset.as_deref()?).ok())
            .collect();
        let of_presets = presets.iter().flat_map(|preset| preset.tiers.keys());
        let in_order = strategies.iter().flat_map(|s| s.stack.tiers.iter().map(|tier| &tier.name));
        let known: Vec<&str> = in_order.chain(of_presets).map(String::as_str).collect();
        for layer in &layers {
            let misspelt = |name: &&String| !known.contains(&name.as_str());
            if let Some(name) = layer.patch.tiers.keys().find(misspelt) {
                let layer = std::slice::from_ref(layer);
                let known = known.iter().copied();
                return Err(self.unknown(layer, &["tiers", name], "tier", name, known));
            }
        }
        Ok(())
    }

    /// A fault must strike a tier of some strategy.
    fn check_faults(&self, strategies: &[ResolvedStrategy]) -> Result<(), Error> {
        let in_order = || strategies.iter().flat_map(|s| &s.stack.tiers).map(|tier| &tier.name);
        let check = |at: [&str; 3], tier: &str| {
            let mut known = in_order().map(String::as_str).chain(["origin"]);
            if known.any(|name| name == tier) {
                return Ok(());
            }
            let known = in_order().map(String::as_str).chain(["origin"]);
            let hint = trace::error::nearest(tier, known)
                .map(|nearest| format!("did you mean `{nearest}`?"));
            let message = format!("no strategy has a tier called `{tier}`");
            Err(self.source.error_at(&at, &message, hint.as_deref()))
        };
        for (i, fault) in self.scenario.faults.iter().enumerate() {
            check(["faults", &i.to_string(), "tier"], &fault.tier)?;
        }
        for (i, tier) in self.scenario.chaos.iter().flat_map(|chaos| &chaos.tiers).enumerate() {
            check(["chaos", "tiers", &i.to_string()], tier)?;
        }
        Ok(())
    }

    /// A fault that names stations must name those that its tier has. But for a trace whose regions a network
    /// does not know, what a tier is made of does not depend on the trace.
    fn check_stations(
        &self,
        strategy: &str,
        stack: &ResolvedStack,
        placements: &[Box<dyn Placement>],
    ) -> Result<(), Error> {
        let names = stack.tiers.iter().map(|tier| tier.name.as_str()).chain(["origin"]);
        for (tier, placement) in names.zip(placements) {
            let here = |(_, fault): &(usize, &FaultEntry)| fault.tier == tier;
            for (i, fault) in self.scenario.faults.iter().enumerate().filter(here) {
                let Some((k, message, hint)) = fault.unknown_station(&**placement) else {
                    continue;
                };
                let message = format!("{message} of strategy `{strategy}`");
                let at = ["faults", &i.to_string(), "stations", &k.to_string()];
                return Err(self.source.error_at(&at, &message, Some(&hint)));
            }
        }
        Ok(())
    }

    /// Requests to erase must make sense, and purges be of a tier of some strategy.
    fn check_erasure(&self, strategies: &[ResolvedStrategy]) -> Result<(), Error> {
        let Some(erasure) = &self.scenario.erasure else {
            let given = strategies.iter().any(|strategy| strategy.stack.tombstone.is_some());
            return match given {
                true => {
                    let message = "a `tombstone` needs `[erasure]`: nothing is erased";
                    Err(self.source.error_at(&["strategies"], message, None))
                }
                false => Ok(()),
            };
        };
        let fail = |path: &[&str], message: &str, hint: Option<&str>| {
            let path: Vec<&str> = std::iter::once("erasure").chain(path.iter().copied()).collect();
            Err(self.source.error_at(&path, message, hint))
        };
        if erasure.requests.is_empty() && erasure.random.is_none() {
            let hint = Some("such as random = { per-hour = 10, of = \"ids\" }");
            return fail(&[], "nobody asks to be erased: give `requests` or `random`", hint);
        }
        if let Err(error) = erasure.check() {
            let path: Vec<&str> = error.field.split('.').collect();
            return fail(&path, &error.to_string(), None);
        }
        let in_order = || strategies.iter().flat_map(|s| &s.stack.tiers).map(|tier| &tier.name);
        for (name, purge) in &erasure.tiers {
            if !in_order().any(|tier| tier == name) {
                let message = format!("no strategy has a tier called `{name}`");
                let hint = match name.as_str() {
                    "origin" => Some("the origin erases at once".to_string()),
                    name => trace::error::nearest(name, in_order().map(String::as_str))
                        .map(|nearest| format!("did you mean `{nearest}`?")),
                };
                return fail(&["tiers", name], &message, hint.as_deref());
            }
            let unknown = |latency: &&String| !self.library.latency.contains_key(*latency);
            if let Some(latency) = purge.latency.as_ref().filter(unknown) {
                let message = format!("no latency profile is called `{latency}`");
                let known = self.library.latency.keys().map(String::as_str);
                let hint = trace::error::nearest(latency, known)
                    .map(|nearest| format!("did you mean `{nearest}`?"));
                return fail(&["tiers", name, "latency"], &message, hint.as_deref());
            }
        }
        Ok(())
    }

    /// The cells of the matrix, each with the patch that `--set` has had its word on.
    fn cells(&self) -> Result<Vec<(String, StackPatch)>, Error> {
        let mut cells = vec![(String::new(), toml::Table::new())];
        for (path, values) in &self.scenario.matrix {
            let at = ["matrix", path.as_str()];
            let Some(below_stack) = path.strip_prefix("stack.") else {
                let message = format!("`{path}` cannot be swept");
                let hint = Some("the matrix sweeps paths below `stack`");
                return Err(self.source.error_at(&at, &message, hint));
            };
            if values.is_empty() {
                return Err(self.source.error_at(&at, "the list of values is empty", None));
            }
            if let Some(i) = (1..values.len()).find(|i| values[..*i].contains(&values[*i])) {
                let message = format!("the value {} is there twice", values[i]);
                return Err(self.source.error_at(&at, &message, None));
            }
            if let Some(setting) = self.last.iter().find(|setting| setting.path == *path) {
                return Err(Error::Diagnostic(format!(
                    "--set {}: the scenario's matrix sweeps this value already",
                    setting.path
                )));
            }
            let n_runs = cells.len() * values.len() * self.scenario.strategies.len();
            if n_runs > MOST_STRATEGIES {
                let message =
                    format!("{n_runs} runs and more are too many: at most {MOST_STRATEGIES}");
                return Err(self.source.error_at(&["matrix"], &message, None));
            }
            let mut next = Vec::new();
            for (label, table) in &cells {
                for (i, value) in values.iter().enumerate() {
                    let mut table = table.clone();
                    set(&mut table, below_stack, value.clone())?;
                    table.clone().try_into::<StackPatch>().map_err(|error| {
                        let (message, hint) = explained(error.message());
                        let at = [at[0], at[1], &i.to_string()];
                        self.source.error_at(&at, message, hint.as_deref())
                    })?;
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
                    let separator = if label.is_empty() { "" } else { " " };
                    next.push((format!("{label}{separator}{below_stack}={text}"), table));
                }
            }
            cells = next;
        }
        cells
            .into_iter()
            .map(|(label, mut table)| {
                for setting in self.last {
                    set(&mut table, &setting.path["stack.".len()..], setting.value.clone())?;
                }
                // The cell alone was fine, so it is a setting that is not.
                let patch = table
                    .try_into()
                    .map_err(|error: toml::de::Error| not_so(self.last, error.message()))?;
                Ok((label, patch))
            })
            .collect()
    }

    fn stack(&self, strategy: &str, layers: &[Layer<'_>]) -> Result<ResolvedStack, Error> {
        let mut patch = StackPatch::default();
        let preset_layer = layers.iter().rfind(|layer| layer.patch.preset.is_some());
        if let Some(name) = preset_layer.and_then(|layer| layer.patch.preset.as_deref()) {
            patch = presets::stack(name).map_err(|names| {
                self.unknown(layers, &["preset"], "preset", name, names.iter().copied())
            })?;
        }
        for layer in layers {
            patch = patch.overlaid(layer.patch);
        }
        let missing = |field: &str| {
            let hint = Some("start from a preset: `preset = \"brief\"`");
            let message = format!("strategy `{strategy}` has no `stack.{field}`");
            self.source.error_at(&["stack"], &message, hint)
        };
        let order = patch.order.clone().ok_or_else(|| missing("order"))?;
        let prices_name = patch.prices.clone().ok_or_else(|| missing("prices"))?;
        let book = self.price_book(layers, &["prices"], &prices_name)?;
        let named_book = (prices_name.as_str(), book);
        let choice = patch.price_of_origin.as_ref();
        let price_of_origin =
            self.price(layers, &["price-of-origin"], choice, named_book, "origin")?;
        let origin = patch.latency_of_origin.clone().ok_or_else(|| missing("latency-of-origin"))?;
        self.profile(layers, &["latency-of-origin"], &origin)?;
        if order.len() > MOST_TIERS {
            let message = format!("a stack has at most {MOST_TIERS} tiers");
            return Err(self.at(layers, &["order"], &message, None));
        }
        let tiers = order
            .iter()
            .enumerate()
            .map(|(i, name)| {
                let twice = order[..i].contains(name) || name == "origin";
                match patch.tiers.get(name) {
                    Some(tier) if !twice => self.tier(strategy, layers, name, tier, named_book),
                    Some(_) => {
                        let message = format!("`{name}` cannot be there twice, nor be the origin");
                        Err(self.at(layers, &["order"], &message, None))
                    }
                    None => {
                        let known = patch.tiers.keys().map(String::as_str);
                        Err(self.unknown(layers, &["order"], "tier", name, known))
                    }
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if tiers.is_empty() {
            return Err(self.at(layers, &["order"], "a stack needs at least one tier", None));
        }
        let stack = ResolvedStack {
            writes: patch.writes.unwrap_or_default(),
            router: patch.router,
            demotion: patch.demotion,
            tombstone: patch.tombstone,
            latency_of_origin: origin,
            origin: patch.origin,
            prices: prices_name,
            prices_source: book.source.clone(),
            prices_date: book.date.clone(),
            price_of_origin: price_of_origin.unwrap_or_default(),
            tiers,
        };
        let placed =
            build::shape(&stack, self.library).and_then(|shape| build::placements(&shape, &stack));
        let placements = placed.map_err(|(path, what)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let (what, hint) = explained(&what);
            self.at(layers, &path, what, hint.as_deref())
        })?;
        self.check_stations(strategy, &stack, &placements)?;
        Ok(stack)
    }

    fn tier(
        &self,
        strategy: &str,
        layers: &[Layer<'_>],
        name: &str,
        patch: &TierPatch,
        named_book: (&str, &PriceBook),
    ) -> Result<ResolvedTier, Error> {
        let missing = |field: &str| {
            let message = format!("strategy `{strategy}` has no `stack.tiers.{name}.{field}`");
            self.at(layers, &["tiers", name], &message, None)
        };
        let latency = patch.latency.clone().ok_or_else(|| missing("latency"))?;
        self.profile(layers, &["tiers", name, "latency"], &latency)?;
        let at = ["tiers", name, "price"];
        let price = self.price(layers, &at, patch.price.as_ref(), named_book, name)?;
        if price.is_none() && self.scenario.metric == crate::Metric::Cost {
            let message = format!("cost decides, but tier `{name}` has no price");
            let hint =
                "give it a `price`, such as price.memory = \"$0.05/GB/h\", or {} if it is free";
            return Err(self.at(layers, &["tiers", name], &message, Some(hint)));
        }
        Ok(ResolvedTier {
            name: name.to_string(),
            capacity: patch.capacity.ok_or_else(|| missing("capacity"))?,
            policy: patch.policy.clone().ok_or_else(|| missing("policy"))?,
            ttl: patch.ttl.unwrap_or(Ttl(None)),
            latency,
            price: price.unwrap_or_default(),
            more: TierPatch {
                capacity: None,
                policy: None,
                ttl: None,
                latency: None,
                price: None,
                ..patch.clone()
            },
        })
    }

    fn profile(&self, layers: &[Layer<'_>], path: &[&str], name: &str) -> Result<(), Error> {
        let Some(spec) = self.library.latency.get(name) else {
            let known = self.library.latency.keys().map(String::as_str);
            return Err(self.unknown(layers, path, "latency profile", name, known));
        };
        LatencyProfile::new(spec)
            .map(|_| ())
            .map_err(|error| self.at(layers, path, &error.to_string(), None))
    }

    /// The prices chosen, or those that the stack's book has for `name`, if any.
    fn price(
        &self,
        layers: &[Layer<'_>],
        path: &[&str],
        choice: Option<&PriceChoice>,
        (book_name, book): (&str, &PriceBook),
        name: &str,
    ) -> Result<Option<TierPrice>, Error> {
        let chosen = match choice {
            None => return Ok(book.tiers.get(name).cloned()),
            Some(PriceChoice::Given(price)) => return Ok(Some(price.as_ref().clone())),
            Some(PriceChoice::Named(chosen)) => chosen,
        };
        let (book_name, book, name) = match chosen.split_once('/') {
            Some((other, name)) => (other, self.price_book(layers, path, other)?, name),
            None => (book_name, book, chosen.as_str()),
        };
        let price = book.sourced(name).ok_or_else(|| {
            let known = book.tiers.keys().map(String::as_str);
            self.unknown(layers, path, &format!("price of `{book_name}`"), name, known)
        });
        price.map(Some)
    }

    fn price_book(
        &self,
        layers: &[Layer<'_>],
        path: &[&str],
        name: &str,
    ) -> Result<&PriceBook, Error> {
        self.library.prices.get(name).ok_or_else(|| {
            let known = self.library.prices.keys().map(String::as_str);
            self.unknown(layers, path, "price book", name, known)
        })
    }

    fn unknown<'n>(
        &self,
        layers: &[Layer<'_>],
        path: &[&str],
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> Error {
        let mut list: Vec<_> = known.clone().map(|name| format!("`{name}`")).collect();
        list.sort_unstable();
        list.dedup();
        let hint = match trace::error::nearest(name, known) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there is {}", list.join(", ")),
        };
        self.at(layers, path, &format!("no {what} is called `{name}`"), Some(&hint))
    }

    /// An error at the topmost layer that gives a value for `path`.
    fn at(&self, layers: &[Layer<'_>], path: &[&str], message: &str, hint: Option<&str>) -> Error {
        let whole = format!("stack.{}", path.join("."));
        let below = |given: &str| given == whole || given.starts_with(&format!("{whole}."));
        if let Some(setting) = self.last.iter().rfind(|setting| below(&setting.path)) {
            let message = hint.map_or(message.into(), |hint| format!("{message}\nhint: {hint}"));
            return not_so(&[*setting], &message);
        }
        if let Some(key) = self.scenario.matrix.keys().find(|key| below(key)) {
            return self.source.error_at(&["matrix", key], message, hint);
        }
        let giver = layers.iter().rev().find(|layer| gives(layer.patch, path));
        let base = giver.map_or_else(|| vec!["stack".to_string()], |layer| layer.path.clone());
        let full: Vec<&str> = base.iter().map(String::as_str).chain(path.iter().copied()).collect();
        self.source.error_at(&full, message, hint)
    }
}

/// Whether a patch has a value at this path.
fn gives(patch: &StackPatch, path: &[&str]) -> bool {
    let Ok(value) = toml::Value::try_from(patch) else { return false };
    path.iter().try_fold(&value, |value, part| value.get(part)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDY: &str = r#"schema = 1
name = "s"
[[traces]]
path = "t.csv"
[stack]
preset = "brief"
order = ["L1", "L3"]
[[strategies]]
name = "a"
"#;

    fn resolved(more: &str) -> Result<Resolved, String> {
        let source = Source::new("s.toml", format!("{STUDY}{more}"));
        resolve_source(&source, Path::new(""), &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn what_erasure_and_encryption_name_is_in_the_study() {
        let study = resolved(
            "stack.tombstone = \"2min\"\n\
             stack.tiers.L3.encryption = { cipher = \"aes-256-gcm\", rotate-every = \"24h\" }\n\
             [audit]\nsets-one-in = 10\n\
             [erasure]\nrandom = { per-hour = 5, of = \"ids\" }\ntiers.L3.latency = \"cdn-purge\"\n",
        )
        .unwrap();
        assert!(study.library.latency.contains_key("cdn-purge"));
        assert_eq!(study.library.cipher.keys().collect::<Vec<_>>(), ["aes-256-gcm"]);
        assert_eq!(study.audit.unwrap().sets_one_in, 10);
        // What a manifest holds is the same study.
        let text = serde_json::to_string(&study).unwrap();
        assert_eq!(serde_json::from_str::<Resolved>(&text).unwrap(), study);
        let site = build::Site { footprint: 1_000, scale: 1.0, span: Default::default() };
        let stack = build::stack(&study, &study.strategies[0].stack, &site).unwrap();
        let erasure = stack.erasure.unwrap();
        assert_eq!(erasure.spec.tombstone, Some("2min".parse().unwrap()));
        assert!(erasure.profiles.contains_key("cdn-purge"));
        let encryption = stack.tiers[1].encryption.as_ref().unwrap();
        assert_eq!(encryption.spec.rotate_every, Some("24h".parse().unwrap()));
        assert_eq!(encryption.cipher.stored_size(0), 28);
        assert!(stack.tiers[0].encryption.is_none());
    }

    #[test]
    fn a_strategy_may_do_without_what_the_others_have() {
        let study = resolved(
            "stack.tombstone = \"none\"\nstack.tiers.L3.encryption.cipher = \"none\"\n\
             [erasure]\ntombstone = \"1min\"\nrequests = [{ at = \"1s\", id = \"7\" }]\n",
        )
        .unwrap();
        let site = build::Site { footprint: 1_000, scale: 1.0, span: Default::default() };
        let stack = build::stack(&study, &study.strategies[0].stack, &site).unwrap();
        assert_eq!(stack.erasure.unwrap().spec.tombstone, None);
        assert!(stack.tiers[1].encryption.is_none());
    }

    #[test]
    fn what_makes_no_sense_is_shown_in_its_line() {
        let asked = "requests = [{ at = \"1s\", id = \"1\" }]";
        let cases = [
            ("[erasure]\n".to_string(), "s.toml:10|nobody asks to be erased"),
            (
                "[erasure]\nrequests = [{ at = \"1s\" }]\n".into(),
                "s.toml:11|`requests.0` needs one of `id`, `client` and `keys`",
            ),
            (
                "[erasure]\nrequests = [{ at = \"1s\", keys = [\"a[\"] }]\n".into(),
                "s.toml:11|`requests.0.keys.0` ",
            ),
            (format!("[erasure]\n{asked}\npatterns = [\"user:*\"]\n"), "s.toml:12|`patterns.0` "),
            (
                format!("[erasure]\n{asked}\ntiers.L2.base = \"1ms\"\n"),
                "s.toml:12|no strategy has a tier called `L2`",
            ),
            (
                format!("[erasure]\n{asked}\ntiers.L3.latency = \"cdn-purg\"\n"),
                "s.toml:12|no latency profile is called `cdn-purg`",
            ),
            (
                format!("[erasure]\n{asked}\ntiers.L3.scan-keys-per-second = 0\n"),
                "s.toml:12|`tiers.L3.scan-keys-per-second` must be at least 1",
            ),
            (
                "stack.tiers.L3.encryption.cipher = \"aes-256-gmc\"\n".into(),
                "s.toml:10|no cipher is called `aes-256-gmc`; did you mean `aes-256-gcm`?",
            ),
            (
                "stack.tiers.L3.encryption.key-per = \"tier\"\n".into(),
                "s.toml:10|encryption needs a `cipher`",
            ),
            ("stack.tombstone = \"1s\"\n".into(), "s.toml:8|a `tombstone` needs `[erasure]`"),
        ];
        for (more, expected) in cases {
            let error = resolved(&more).unwrap_err();
            let (line, message) = expected.split_once('|').unwrap();
            let (place, told) = error.split_once(": ").unwrap();
            assert!(place.starts_with(&format!("{line}:")), "{more}\n{error}");
            assert!(told.starts_with(message), "{more}\n{error}");
        }
    }
}
