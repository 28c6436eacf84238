//! Which requests to erase there are in a run: when, of whom, of which objects.

use std::collections::HashMap;
use std::ops::Range;

use trace::stream::Stream;
use trace::{Keys, Labels, ObjectId, Trace};

use super::{ErasureSpec, RandomSpec, RequestSpec, SubjectKind};
use crate::security::{KeyIndex, Pattern, SecurityError, Template, objects_of_clients};

/// The most requests that a rate may be expected to make.
const MOST_RANDOM: f64 = 1e6;

/// A request to erase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// When, on the clock of the arrivals, in nanoseconds.
    pub at: u64,
    /// Who or what: an id, a client, or patterns with blanks between. Never in a log as it is.
    pub subject: String,
    /// Patterns, or paths, that a tier is told; for a client its objects.
    pub n_paths: u64,
    objects: Range<usize>,
}

/// The requests of a run in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    requests: Vec<Asked>,
    objects: Vec<ObjectId>,
}

/// Whom a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Id(Vec<u8>),
    Client(u32),
    Patterns(Vec<String>),
}

impl Plan {
    /// Finds the objects of every request. `arrivals` are the first and the last arrival.
    ///
    /// Costs a sort of the keys if there are patterns, and a pass over the requests if there are
    /// clients. A request may have no objects.
    ///
    /// # Errors
    /// If a request is of nobody, of an unknown client, of a broken pattern, or needs keys or
    /// clients that the trace does not have.
    pub fn new(
        spec: &ErasureSpec,
        trace: &Trace,
        arrivals: (u64, u64),
        seed: u64,
    ) -> Result<Self, SecurityError> {
        let mut people =
            People { trace, templates: templates(spec)?, index: None, shared: spec.shared };
        let mut asked: Vec<(u64, Subject)> = Vec::new();
        for request in &spec.requests {
            asked.push((arrivals.0.saturating_add(request.at.0), people.named(request)?));
        }
        if let Some(random) = &spec.random {
            people.draw(random, arrivals, seed, &mut asked)?;
        }
        // Stable: of requests at one time those given come first, in their order.
        asked.sort_by_key(|(at, _)| *at);
        people.plan(&asked)
    }

    /// The requests, by time.
    pub fn requests(&self) -> &[Asked] {
        &self.requests
    }

    /// The objects that request number `request` erases, by id.
    pub fn objects(&self, request: usize) -> &[ObjectId] {
        &self.objects[self.requests[request].objects.clone()]
    }
}

fn templates(spec: &ErasureSpec) -> Result<Vec<Template>, SecurityError> {
    spec.patterns.iter().map(|text| Template::new(text)).collect()
}

/// Where people and their objects are looked up.
struct People<'t> {
    trace: &'t Trace,
    templates: Vec<Template>,
    index: Option<KeyIndex<'t>>,
    shared: bool,
}

impl<'t> People<'t> {
    fn keys(&mut self) -> Result<&KeyIndex<'t>, SecurityError> {
        if self.index.is_none() {
            self.index = KeyIndex::new(self.trace);
        }
        self.index.as_ref().ok_or_else(|| {
            let what = "needs the keys of the trace, which has none; erase by `client` instead";
            SecurityError::new("erasure", what)
        })
    }

    fn clients(&self) -> Result<&'t Labels, SecurityError> {
        self.trace.columns().client.as_ref().ok_or_else(|| {
            let what =
                "needs the clients of the trace, which has none; erase by `id` or `keys` instead";
            SecurityError::new("erasure", what)
        })
    }

    /// Whom a request of the scenario is about.
    fn named(&self, request: &RequestSpec) -> Result<Subject, SecurityError> {
        match (&request.id, &request.client, request.keys.as_slice()) {
            (Some(id), None, []) => Ok(Subject::Id(id.clone().into_bytes())),
            (None, Some(client), []) => self.client(client).map(Subject::Client),
            (None, None, [_, ..]) => Ok(Subject::Patterns(request.keys.clone())),
            _ => {
                let what = format!("at {} needs one of `id`, `client` and `keys`", request.at);
                Err(SecurityError::new("requests", what))
            }
        }
    }

    fn client(&self, name: &str) -> Result<u32, SecurityError> {
        let names = &self.clients()?.names;
        let labels = (0..names.len() as u32).map(|client| names.label(ObjectId(client)));
        labels.zip(0..).find(|(label, _)| label == name).map(|(_, client)| client).ok_or_else(
            || {
                let example = match names.is_empty() {
                    true => "it has none".to_string(),
                    false => format!("it has such as `{}`", names.label(ObjectId(0))),
                };
                let what = format!("`{name}` is no client of this trace; {example}");
                SecurityError::new("client", what)
            },
        )
    }

    /// Times of a Poisson process, and somebody for each.
    fn draw(
        &mut self,
        random: &RandomSpec,
        (first, last): (u64, u64),
        seed: u64,
        asked: &mut Vec<(u64, Subject)>,
    ) -> Result<(), SecurityError> {
        let mean_ns = 3_600e9 / random.per_hour;
        let expected = (last.saturating_sub(first)) as f64 / mean_ns;
        if !random.per_hour.is_finite() || random.per_hour <= 0.0 || expected > MOST_RANDOM {
            let what =
                format!("is {}: must be above 0, and at most a million in all", random.per_hour);
            return Err(SecurityError::new("per-hour", what));
        }
        let everybody: Vec<Subject> = match random.of {
            SubjectKind::Clients => {
                (0..self.clients()?.names.len() as u32).map(Subject::Client).collect()
            }
            SubjectKind::Ids => self.ids()?.into_iter().map(Subject::Id).collect(),
        };
        if everybody.is_empty() {
            let what = "finds nobody in this trace to draw; do the `patterns` fit its keys?";
            return Err(SecurityError::new("random", what));
        }
        let mut times = Stream::new(seed, "erasure times");
        let mut people = Stream::new(seed, "erasure people");
        let mut since_first = 0.0;
        loop {
            since_first += -libm::log(1.0 - times.uniform()) * mean_ns;
            let at = first.saturating_add(since_first as u64);
            if at > last {
                return Ok(());
            }
            asked.push((at, everybody[people.below(everybody.len() as u64) as usize].clone()));
        }
    }

    fn ids(&mut self) -> Result<Vec<Vec<u8>>, SecurityError> {
        if self.templates.iter().all(|template| template.id_prefix().is_none()) {
            let what = "tell no id: one must have plain text before `ID` and a plain character, or \
                        nothing, after it, as \"user:ID:*\" has";
            return Err(SecurityError::new("patterns", what));
        }
        let templates = std::mem::take(&mut self.templates);
        let ids = self.keys().map(|index| index.ids(&templates));
        self.templates = templates;
        ids
    }

    fn plan(&mut self, asked: &[(u64, Subject)]) -> Result<Plan, SecurityError> {
        let of_client = self.objects_of_clients(asked);
        let mut plan = Plan::default();
        for (at, subject) in asked {
            let start = plan.objects.len();
            let n_paths = match subject {
                Subject::Client(client) => {
                    plan.objects.extend(&of_client[client]);
                    of_client[client].len()
                }
                Subject::Id(id) => {
                    let patterns: Vec<Pattern> =
                        self.templates.iter().map(|t| t.fill(id)).collect();
                    plan.objects.extend(self.keys()?.matching(&patterns));
                    patterns.len()
                }
                Subject::Patterns(texts) => {
                    let patterns = texts
                        .iter()
                        .map(|text| Pattern::new(text.as_bytes()))
                        .collect::<Result<Vec<_>, _>>()?;
                    plan.objects.extend(self.keys()?.matching(&patterns));
                    patterns.len()
                }
            };
            plan.requests.push(Asked {
                at: *at,
                subject: self.name(subject),
                n_paths: n_paths as u64,
                objects: start..plan.objects.len(),
            });
        }
        Ok(plan)
    }

    fn objects_of_clients(&self, asked: &[(u64, Subject)]) -> HashMap<u32, Vec<ObjectId>> {
        let mut clients: Vec<u32> = asked
            .iter()
            .filter_map(|(_, subject)| match subject {
                Subject::Client(client) => Some(*client),
                _ => None,
            })
            .collect();
        clients.sort_unstable();
        clients.dedup();
        if clients.is_empty() {
            return HashMap::new();
        }
        let objects = objects_of_clients(self.trace, &clients, self.shared);
        clients.into_iter().zip(objects).collect()
    }

    fn name(&self, subject: &Subject) -> String {
        match subject {
            Subject::Id(id) => String::from_utf8_lossy(id).into_owned(),
            Subject::Patterns(texts) => texts.join(" "),
            Subject::Client(client) => {
                let names: Option<&Keys> = self.trace.columns().client.as_ref().map(|c| &c.names);
                names.map_or_else(String::new, |names| names.label(ObjectId(*client)).into_owned())
            }
        }
    }
}
