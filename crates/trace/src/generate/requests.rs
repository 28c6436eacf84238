//! A recipe at work: one request after another.

use super::access::Accesses;
use super::arrivals::Arrivals;
use super::mix::Mix;
use super::recipe::{FlashCrowd, Recipe};
use super::zipf::Zipf;
use crate::stream::Stream;

/// What was drawn for one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    /// Place of the source among the recipe's sources.
    pub(super) source: usize,
    /// Number of the object; with the source's key pattern it is the object's name.
    pub(super) number: u64,
    /// Nanoseconds since the start; 0 without a time law.
    pub(super) time_ns: u64,
    /// Place of the segment among the recipe's segments; 0 without segments.
    pub(super) segment: usize,
    /// Number of the client across all segments; 0 without segments.
    pub(super) client: u64,
}

/// The requests of a checked recipe, without end: the last phase goes on.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    sources: Vec<Accesses>,
    firsts: Vec<u64>,
    segments: Vec<Crew>,
    /// (index of the first request after it, what is mixed), in order.
    phases: Vec<(u64, Mix)>,
    phase: usize,
    crowds: Vec<(&'a FlashCrowd, usize)>,
    arrivals: Option<Arrivals<'a>>,
    mixing: Stream,
    crowding: Stream,
    n_made: u64,
}

/// A segment's clients.
#[derive(Debug)]
struct Crew {
    first: u64,
    activity: Zipf,
    mix: Mix,
    choosing: Stream,
    mixing: Stream,
}

impl<'a> Requests<'a> {
    pub(super) fn new(recipe: &'a Recipe, seed: u64) -> Self {
        let sources = recipe
            .sources
            .iter()
            .map(|(name, source)| Accesses::new(name, source, recipe.n_objects(source), seed));
        let crowds = recipe.flash_crowds.iter().map(|crowd| {
            let source = recipe.sources.keys().position(|name| *name == crowd.source);
            (crowd, source.expect("the recipe was checked"))
        });
        Requests {
            sources: sources.collect(),
            firsts: recipe.first_objects(),
            segments: crews(recipe, seed),
            phases: phases(recipe),
            phase: 0,
            crowds: crowds.collect(),
            arrivals: recipe
                .time
                .as_ref()
                .map(|time| Arrivals::new(time, &recipe.flash_crowds, seed)),
            mixing: Stream::new(seed, "generate/phase/mix"),
            crowding: Stream::new(seed, "generate/flash-crowd"),
            n_made: 0,
        }
    }

    /// The next request.
    #[inline]
    pub(super) fn next(&mut self) -> Draft {
        let time_ns = self.arrivals.as_mut().map_or(0, Arrivals::next);
        let picked = self.pick();
        let (segment, client, mut source) = match self.segments.get_mut(picked) {
            None => (0, 0, picked),
            Some(crew) => (picked, crew.client(), crew.mix.pick(&mut crew.mixing)),
        };
        if let Some(crowded) = self.crowded(time_ns) {
            source = crowded;
        }
        let number = self.firsts[source] + self.sources[source].next(time_ns, client);
        self.n_made += 1;
        Draft { source, number, time_ns, segment, client }
    }

    /// A source, or a segment where there are any, by the mix of the current phase.
    #[inline]
    fn pick(&mut self) -> usize {
        let last = self.phases.len() - 1;
        while self.phase < last && self.n_made >= self.phases[self.phase].0 {
            self.phase += 1;
        }
        self.phases[self.phase].1.pick(&mut self.mixing)
    }

    /// The source that a flash crowd draws this request to, if one does.
    #[inline]
    fn crowded(&mut self, time_ns: u64) -> Option<usize> {
        for (crowd, source) in &self.crowds {
            let start = crowd.after.value();
            let now = crowd.after.pick(self.n_made, time_ns);
            let on = now >= start && now - start < crowd.lasts.value();
            if on && self.crowding.uniform() < crowd.share {
                return Some(*source);
            }
        }
        None
    }
}

impl Crew {
    /// Who of them asks.
    fn client(&mut self) -> u64 {
        self.first + self.activity.draw(&mut self.choosing)
    }
}

fn crews(recipe: &Recipe, seed: u64) -> Vec<Crew> {
    let mut first = 0;
    let crew = recipe.segments.iter().map(|(name, segment)| {
        let crew = Crew {
            first,
            activity: Zipf::new(segment.clients, segment.exponent),
            mix: Mix::new(&segment.mix, &recipe.sources),
            choosing: Stream::new(seed, &format!("generate/segment/{name}/client")),
            mixing: Stream::new(seed, &format!("generate/segment/{name}/mix")),
        };
        first += segment.clients;
        crew
    });
    crew.collect()
}

fn phases(recipe: &Recipe) -> Vec<(u64, Mix)> {
    let mut end = 0;
    let phases = recipe.phases.iter().map(|phase| {
        end += phase.requests;
        let mix = if recipe.segments.is_empty() {
            Mix::new(&phase.mix, &recipe.sources)
        } else {
            Mix::new(&phase.mix, &recipe.segments)
        };
        (end, mix)
    });
    phases.collect()
}
