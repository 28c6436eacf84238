//! What a policy says of itself, and its compiled run.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use trace::{Trace, next_use};

use crate::{
    AdmissionKind, Cache, Contents, Counts, Error, Eviction, Guard, Needs, ParamError, Plan,
    PrefetchKind, Setup, Unit, WholeRun, replay, replay_guarded,
};

/// What kind of idea a policy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Insertion order, with or without a second chance.
    Fifo,
    /// Order of last use.
    Recency,
    /// Counts of uses.
    Frequency,
    /// Several queues that an object moves between.
    Queues,
    /// Recency and frequency, balanced by what happens.
    Adaptive,
    /// Chance.
    Random,
    /// Knows the future: a bound, not a policy to deploy.
    Offline,
    /// A cache that others ship, with its own residency.
    Product,
}

impl Family {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            Family::Fifo => "fifo",
            Family::Recency => "recency",
            Family::Frequency => "frequency",
            Family::Queues => "queues",
            Family::Adaptive => "adaptive",
            Family::Random => "random",
            Family::Offline => "offline",
            Family::Product => "product",
        }
    }
}

/// Where a policy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    /// Authors and title.
    pub title: &'static str,
    /// Where and when.
    pub venue: &'static str,
    /// Digital object identifier, or empty.
    pub doi: &'static str,
}

/// A parameter of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// As written in a specification.
    pub name: String,
    /// One line.
    pub doc: String,
    /// Value if not given.
    pub default: Value,
}

/// One run of one policy.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The requests.
    pub trace: &'a Trace,
    /// Capacity in `unit`.
    pub capacity: u64,
    /// What capacity counts.
    pub unit: Unit,
    /// Requests not counted at the start.
    pub warmup: usize,
    /// For policies that draw.
    pub seed: u64,
    /// From [`trace::next_use`], shared by all runs over the trace; computed if absent and needed.
    pub next_use: Option<&'a [u32]>,
    /// Recompute the policy's invariants at the end.
    pub check: bool,
    /// What turns objects away at the door.
    pub admission: Option<Chosen<'a, AdmissionKind>>,
    /// What brings objects in unasked.
    pub prefetch: Option<Chosen<'a, PrefetchKind>>,
}

impl Job<'_> {
    /// What a policy is built for, if so many objects can be resident.
    pub(crate) fn setup(&self, n_objects: u32) -> Setup {
        Setup {
            capacity: self.capacity,
            unit: self.unit,
            n_objects,
            n_requests: self.trace.n_requests() as u64,
            seed: self.seed,
        }
    }
}

impl<'a> Job<'a> {
    fn plan(&self, own_next_use: Option<&'a [u32]>) -> Plan<'a> {
        Plan {
            trace: self.trace,
            unit: self.unit,
            warmup: self.warmup,
            next_use: self.next_use.or(own_next_use),
        }
    }
}

/// Called with the requests done; may stop the run.
pub type Progress<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// The whole run of a policy with parameters given as values; `None` if stopped.
pub type RunPolicy =
    for<'a> fn(&Job<'a>, &Map<String, Value>, Progress<'_>) -> Result<Option<Counts>, Error>;

/// Checks parameters given as values.
pub type CheckParameters = fn(&Setup, &Map<String, Value>) -> Result<(), Error>;

/// Makes a cache under a policy with parameters given as values.
pub type BuildPolicy = fn(&Setup, &Map<String, Value>) -> Result<Box<dyn Contents>, Error>;

/// What something registered says of itself.
#[derive(Debug)]
pub struct Info<K> {
    /// Name, in kebab case, as in the paper.
    pub name: &'static str,
    /// Other names it is found under.
    pub aliases: &'static [&'static str],
    /// One line.
    pub doc: &'static str,
    /// Source.
    pub paper: Paper,
    /// File it is written in.
    pub file: &'static str,
    /// Its parameters.
    pub parameters: fn() -> Vec<Parameter>,
    /// What only its kind has.
    pub kind: K,
}

/// Something registered, with the parameters given; the rest have their defaults.
#[derive(Debug)]
pub struct Chosen<'a, K: 'static> {
    /// What it is.
    pub info: &'static Info<K>,
    /// Its parameters.
    pub parameters: &'a Map<String, Value>,
}

impl<K> Clone for Chosen<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Chosen<'_, K> {}

/// What only eviction policies say of themselves.
#[derive(Debug, Clone, Copy)]
pub struct EvictionKind {
    /// Kind of idea.
    pub family: Family,
    /// Knows the future.
    pub clairvoyant: bool,
    /// Whether it takes these parameters.
    pub check: CheckParameters,
    /// Its whole run, compiled for it; `None` if stopped.
    pub run: RunPolicy,
    /// A cache of it, for the tiers of a stack; an error if it is a [`WholeRun`].
    pub build: BuildPolicy,
}

/// A registered eviction policy.
pub type PolicyInfo = Info<EvictionKind>;

/// What the declarations of all kinds expand to: `pub static INFO`.
#[doc(hidden)]
#[macro_export]
macro_rules! info {
    (
        $info:ty, $doc:literal, $name:literal, [$($alias:literal),*],
        ($title:literal, $venue:literal, $doi:literal), $params:ty, $kind:expr
    ) => {
        /// What this policy says of itself.
        pub static INFO: $info = $crate::Info {
            name: $name,
            aliases: &[$($alias),*],
            doc: $doc,
            paper: $crate::Paper { title: $title, venue: $venue, doi: $doi },
            file: file!(),
            parameters: $crate::parameters_of::<$params>,
            kind: $kind,
        };
    };
}

/// Declares a policy: its documentation line, type, name, and origin. Expands to
/// `pub static INFO: PolicyInfo`.
#[macro_export]
macro_rules! policy {
    (#[doc = $doc:literal] $type:ty = $name:literal { $($origin:tt)* }) => {
        $crate::policy_info! {
            $doc, $type, $name, Eviction,
            check: $crate::check_erased::<$type>,
            run: $crate::run_erased::<$type>,
            build: $crate::build_erased::<$type>,
            $($origin)*
        }
    };
}

/// Declares a [`WholeRun`], as [`policy!`] declares a policy.
#[macro_export]
macro_rules! whole_run {
    (#[doc = $doc:literal] $type:ty = $name:literal { $($origin:tt)* }) => {
        $crate::policy_info! {
            $doc, $type, $name, WholeRun,
            check: $crate::check_whole_run::<$type>,
            run: $crate::whole_run_erased::<$type>,
            build: $crate::refuse_to_build,
            $($origin)*
        }
    };
}

/// What [`policy!`] and [`whole_run!`] expand to.
#[doc(hidden)]
#[macro_export]
macro_rules! policy_info {
    (
        $doc:literal, $type:ty, $name:literal, $trait:ident,
        check: $check:expr,
        run: $run:expr,
        build: $build:expr,
        family: $family:ident,
        aliases: [$($alias:literal),*],
        paper: ($($paper:literal),*) $(,)?
    ) => {
        $crate::info! {
            $crate::PolicyInfo, $doc, $name, [$($alias),*], ($($paper),*),
            <$type as $crate::$trait>::Params,
            $crate::EvictionKind {
                family: $crate::Family::$family,
                clairvoyant: <$type as $crate::$trait>::NEEDS.next_use,
                check: |setup, parameters| $check($name, setup, parameters),
                run: |job, parameters, progress| $run($name, job, parameters, progress),
                build: |setup, parameters| $build($name, setup, parameters),
            }
        }
    };
}

/// What parameters of type `P` there are, from its schema.
pub fn parameters_of<P: Default + Serialize + JsonSchema>() -> Vec<Parameter> {
    let schema = schemars::schema_for!(P).to_value();
    let defaults = serde_json::to_value(P::default()).unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, property)| Parameter {
            name: name.clone(),
            doc: property["description"].as_str().unwrap_or_default().replace('\n', " "),
            default: defaults[name].clone(),
        })
        .collect()
}

/// Parameters given as values, of the policy of this kind and name.
pub fn params_of<P: DeserializeOwned>(
    what: &'static str,
    name: &str,
    parameters: &Map<String, Value>,
) -> Result<P, Error> {
    serde_json::from_value(Value::Object(parameters.clone()))
        .map_err(|error| Error::parameter(what, name, ParamError(with_hint(error.to_string()))))
}

/// Makes a policy from parameters given as values.
fn made<P: DeserializeOwned, T>(
    name: &str,
    setup: &Setup,
    parameters: &Map<String, Value>,
    new: impl FnOnce(&Setup, &P) -> Result<T, ParamError>,
) -> Result<T, Error> {
    let params = params_of("policy", name, parameters)?;
    new(setup, &params).map_err(|e| Error::parameter("policy", name, e))
}

fn build<E: Eviction>(
    name: &str,
    setup: &Setup,
    parameters: &Map<String, Value>,
) -> Result<Cache<E>, Error> {
    Ok(Cache::new(setup, made(name, setup, parameters, E::new)?))
}

fn with_hint(message: String) -> String {
    match trace::error::did_you_mean(&message) {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message,
    }
}

/// Next uses for what needs them, unless the job has them.
fn own_next_use(job: &Job<'_>, needs: Needs) -> Result<Option<Vec<u32>>, Error> {
    if !needs.next_use || job.next_use.is_some() {
        return Ok(None);
    }
    let n = job.trace.n_requests();
    if n >= trace::NEVER as usize {
        return Err(Error::TooLong(n));
    }
    Ok(Some(next_use(job.trace.objects(), job.trace.n_objects())))
}

/// The whole run of policy `E` with parameters given as values.
pub fn run_erased<E: Eviction>(
    name: &str,
    job: &Job<'_>,
    parameters: &Map<String, Value>,
    progress: Progress<'_>,
) -> Result<Option<Counts>, Error> {
    let mut guard = Guard::of(job)?;
    let n_objects = guard.as_ref().map_or(job.trace.n_objects(), Guard::n_objects);
    let mut cache = build::<E>(name, &job.setup(n_objects), parameters)?;
    let own_next_use = own_next_use(job, E::NEEDS)?;
    let plan = job.plan(own_next_use.as_deref());
    let counts = match &mut guard {
        None => replay(&plan, &mut cache, progress),
        Some(guard) => replay_guarded(&plan, &mut cache, guard, progress),
    };
    if job.check {
        cache.check();
    }
    Ok(counts)
}

/// Whether policy `E` takes parameters given as values.
pub fn check_erased<E: Eviction>(
    name: &str,
    setup: &Setup,
    parameters: &Map<String, Value>,
) -> Result<(), Error> {
    build::<E>(name, setup, parameters).map(drop)
}

/// The whole run of `W` with parameters given as values.
pub fn whole_run_erased<W: WholeRun>(
    name: &str,
    job: &Job<'_>,
    parameters: &Map<String, Value>,
    progress: Progress<'_>,
) -> Result<Option<Counts>, Error> {
    if job.admission.is_some() || job.prefetch.is_some() {
        return Err(Error::Unguarded { policy: name.to_string() });
    }
    let run = made(name, &job.setup(job.trace.n_objects()), parameters, W::new)?;
    let own_next_use = own_next_use(job, W::NEEDS)?;
    Ok(run.run(&job.plan(own_next_use.as_deref()), progress))
}

/// Whether `W` takes parameters given as values.
pub fn check_whole_run<W: WholeRun>(
    name: &str,
    setup: &Setup,
    parameters: &Map<String, Value>,
) -> Result<(), Error> {
    made(name, setup, parameters, W::new).map(drop)
}

/// What a [`WholeRun`] answers when a tier asks for a cache.
pub fn refuse_to_build(
    name: &str,
    _setup: &Setup,
    _parameters: &Map<String, Value>,
) -> Result<Box<dyn Contents>, Error> {
    Err(Error::NoCache { policy: name.to_string() })
}

/// A cache under policy `E` with parameters given as values.
pub fn build_erased<E: Eviction + Send + 'static>(
    name: &str,
    setup: &Setup,
    parameters: &Map<String, Value>,
) -> Result<Box<dyn Contents>, Error> {
    Ok(Box::new(build::<E>(name, setup, parameters)?))
}
