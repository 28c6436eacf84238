//! Which objects a request to erase is about: those whose keys match, or those a client asked for.
//!
//! Thousands of requests over millions of keys are fast because the keys are sorted once: a
//! pattern's literal prefix is found by binary search, and only keys that begin with it are
//! matched. `user:42:*` thus costs O(log n + hits); a pattern that begins with a wildcard looks at
//! all keys. Sorting takes O(n log n) comparisons and 4 bytes a key, and a copy of the keys where
//! they are numbers.

use std::borrow::Cow;

use trace::{Keys, ObjectId, TextKeys, Trace};

use super::{Pattern, Template};

/// The keys of a trace in order.
#[derive(Debug)]
pub struct KeyIndex<'t> {
    keys: Cow<'t, TextKeys>,
    /// Ids of objects by key.
    sorted: Vec<u32>,
}

impl<'t> KeyIndex<'t> {
    /// Sorts the keys; `None` if the trace has none. Keys that are numbers are matched as they are
    /// printed, pairs with a colon between.
    pub fn new(trace: &'t Trace) -> Option<Self> {
        let keys = match trace.columns().keys.as_ref()? {
            Keys::Text(keys) => Cow::Borrowed(keys),
            numbers => {
                let mut text = TextKeys::default();
                for object in 0..trace.n_objects() {
                    text.push(numbers.label(ObjectId(object)).as_bytes());
                }
                Cow::Owned(text)
            }
        };
        let mut sorted: Vec<u32> = (0..trace.n_objects()).collect();
        sorted.sort_unstable_by(|a, b| keys.get(*a).cmp(keys.get(*b)).then(a.cmp(b)));
        Some(KeyIndex { keys, sorted })
    }

    /// The key of an object.
    pub fn key(&self, object: ObjectId) -> &[u8] {
        self.keys.get(object.0)
    }

    /// The objects whose key matches one of the patterns, each once, by id.
    pub fn matching(&self, patterns: &[Pattern]) -> Vec<ObjectId> {
        let mut found: Vec<ObjectId> =
            patterns.iter().flat_map(|pattern| self.candidates(pattern)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The ids of people that the templates find in the keys, each once, in order.
    pub fn ids(&self, templates: &[Template]) -> Vec<Vec<u8>> {
        let mut ids: Vec<&[u8]> = Vec::new();
        for template in templates {
            let Some(prefix) = template.id_prefix() else { continue };
            ids.extend(
                self.starting_with(prefix).iter().filter_map(|o| template.id_in(self.keys.get(*o))),
            );
            ids.dedup();
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(<[u8]>::to_vec).collect()
    }

    fn candidates<'a>(&'a self, pattern: &'a Pattern) -> impl Iterator<Item = ObjectId> + 'a {
        self.starting_with(&pattern.literal_prefix())
            .iter()
            .filter(|object| pattern.matches(self.keys.get(**object)))
            .map(|object| ObjectId(*object))
    }

    /// The objects whose keys begin so, in the order of their keys.
    fn starting_with(&self, prefix: &[u8]) -> &[u32] {
        let start = self.sorted.partition_point(|object| self.keys.get(*object) < prefix);
        let from = &self.sorted[start..];
        &from[..from.partition_point(|object| self.keys.get(*object).starts_with(prefix))]
    }
}

/// The objects whose key matches one of the patterns, by id; none in a trace without keys. For many
/// requests make a [`KeyIndex`] once.
pub fn matching(trace: &Trace, patterns: &[Pattern]) -> Vec<ObjectId> {
    KeyIndex::new(trace).map_or_else(Vec::new, |index| index.matching(patterns))
}

/// The objects that each of these clients asked for, by id. Without `shared` only those that no
/// other client ever asked for: what others use as well is taken to be nobody's personal data.
///
/// `clients` are numbers of the trace's client column and rise. One pass over the requests.
pub fn objects_of_clients(trace: &Trace, clients: &[u32], shared: bool) -> Vec<Vec<ObjectId>> {
    let mut of_client = vec![Vec::new(); clients.len()];
    let Some(column) = &trace.columns().client else { return of_client };
    let requests = || trace.objects().iter().zip(&column.ids);
    for (object, client) in requests() {
        if let Ok(slot) = clients.binary_search(client) {
            of_client[slot].push(*object);
        }
    }
    let mut common = vec![false; trace.n_objects() as usize];
    if !shared {
        let mut first = vec![None; trace.n_objects() as usize];
        for (object, client) in requests() {
            common[object.index()] |= first[object.index()].get_or_insert(client) != &client;
        }
    }
    for objects in &mut of_client {
        objects.retain(|object| !common[object.index()]);
        objects.sort_unstable();
        objects.dedup();
    }
    of_client
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use trace::{Columns, Labels, ReadReport};

    use super::*;

    fn text(words: &[&str]) -> Keys {
        let mut keys = TextKeys::default();
        words.iter().for_each(|word| keys.push(word.as_bytes()));
        Keys::Text(keys)
    }

    /// An object a key, and each request's object and client by name.
    pub(in super::super) fn trace_of(keys: &[&str], requests: &[(u32, &str)]) -> Trace {
        let mut names: Vec<&str> = requests.iter().map(|(_, client)| *client).collect();
        names.sort_unstable();
        names.dedup();
        let number = |name: &str| names.iter().position(|n| *n == name).unwrap() as u32;
        let mut columns = Columns::untimed(requests.iter().map(|(o, _)| ObjectId(*o)).collect());
        columns.keys = Some(text(keys));
        let ids = requests.iter().map(|(_, client)| number(client)).collect();
        columns.client = Some(Labels { ids, names: text(&names) });
        Trace::new("t", columns, ReadReport::default()).unwrap()
    }

    fn keyed(keys: &[&str]) -> Trace {
        let requests: Vec<_> = (0..keys.len() as u32).map(|object| (object, "c")).collect();
        trace_of(keys, &requests)
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text.as_bytes()).unwrap()
    }

    fn ids(objects: &[ObjectId]) -> Vec<u32> {
        objects.iter().map(|object| object.0).collect()
    }

    #[test]
    fn the_briefs_patterns_find_a_persons_objects() {
        let keys =
            ["user:42:a", "user:4:a", "session:42:x", "profile:42:", "cart:42:1", "user:421:a"];
        let trace = keyed(&keys);
        let of_42: Vec<Pattern> = ["user:ID:*", "session:ID:*", "profile:ID:*"]
            .iter()
            .map(|text| Template::new(text).unwrap().fill(b"42"))
            .collect();
        assert_eq!(ids(&matching(&trace, &of_42)), [0, 2, 3]);
        // Twice found is found once, and a wildcard may come first.
        assert_eq!(
            ids(&matching(&trace, &[pattern("*:42:*"), pattern("user:*")])),
            [0, 1, 2, 3, 4, 5]
        );
        assert!(matching(&trace, &[pattern("nobody")]).is_empty());
        assert!(matching(&trace, &[]).is_empty());
    }

    #[test]
    fn ids_are_found_in_keys_once_and_in_order() {
        let keys = ["user:9:a", "user:10:a", "session:9:x", "other", "session:7:y"];
        let trace = keyed(&keys);
        let templates = ["user:ID:*", "session:ID:*"].map(|text| Template::new(text).unwrap());
        let found = KeyIndex::new(&trace).unwrap().ids(&templates);
        assert_eq!(found, [b"10".to_vec(), b"7".to_vec(), b"9".to_vec()]);
    }

    #[test]
    fn numbers_match_as_they_are_printed() {
        let trace = Trace::from_numbers("t", [12, 7, 121]);
        assert_eq!(ids(&matching(&trace, &[pattern("12*")])), [0, 2]);
        let mut columns = trace.into_columns();
        columns.keys = Some(Keys::Pairs(vec![(1, 2), (3, 4), (1, 22)]));
        let pairs = Trace::new("t", columns, ReadReport::default()).unwrap();
        assert_eq!(ids(&matching(&pairs, &[pattern("1:2*")])), [0, 2]);
        let mut columns = pairs.into_columns();
        columns.keys = None;
        let none = Trace::new("t", columns, ReadReport::default()).unwrap();
        assert!(KeyIndex::new(&none).is_none() && matching(&none, &[pattern("*")]).is_empty());
    }

    #[test]
    fn a_client_has_what_nobody_else_asked_for() {
        let trace = trace_of(
            &["a", "b", "c"],
            &[(0, "ann"), (1, "bob"), (1, "ann"), (2, "ann"), (2, "ann")],
        );
        let alone = objects_of_clients(&trace, &[0, 1], false);
        assert_eq!((ids(&alone[0]), ids(&alone[1])), (vec![0, 2], vec![]));
        let all = objects_of_clients(&trace, &[0, 1], true);
        assert_eq!((ids(&all[0]), ids(&all[1])), (vec![0, 1, 2], vec![1]));
        assert_eq!(ids(&objects_of_clients(&trace, &[1], true)[0]), [1]);
        let anonymous = Trace::from_numbers("t", [1, 2]);
        assert!(objects_of_clients(&anonymous, &[0], true)[0].is_empty());
    }

    proptest! {
        #[test]
        fn the_index_finds_what_looking_at_every_key_finds(
            keys in prop::collection::vec("[ab:]{0,5}", 1..30),
            patterns in prop::collection::vec("[ab:*?]{0,5}", 0..4),
        ) {
            let words: Vec<&str> = keys.iter().map(String::as_str).collect();
            let trace = keyed(&words);
            let patterns: Vec<Pattern> = patterns.iter().map(|text| pattern(text)).collect();
            let naive: Vec<u32> = (0..keys.len() as u32)
                .filter(|o| patterns.iter().any(|p| p.matches(keys[*o as usize].as_bytes())))
                .collect();
            prop_assert_eq!(ids(&matching(&trace, &patterns)), naive);
        }

        #[test]
        fn clients_objects_equal_those_of_a_naive_twin(
            requests in prop::collection::vec((0..6u64, 0..3u32), 1..40),
            shared in any::<bool>(),
        ) {
            let numbered = Trace::from_numbers("t", requests.iter().map(|(object, _)| *object));
            let mut columns = numbered.into_columns();
            let names = Keys::Ints(vec![0, 1, 2]);
            columns.client = Some(Labels { ids: requests.iter().map(|(_, c)| *c).collect(), names });
            let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
            let asked = |object, client| {
                trace.objects().iter().zip(&requests).any(|(o, (_, c))| *o == object && *c == client)
            };
            let found = objects_of_clients(&trace, &[0, 1, 2], shared);
            for client in 0..3 {
                let naive: Vec<ObjectId> = (0..trace.n_objects())
                    .map(ObjectId)
                    .filter(|o| asked(*o, client))
                    .filter(|o| shared || (0..3).all(|other| other == client || !asked(*o, other)))
                    .collect();
                prop_assert_eq!(&found[client as usize], &naive);
            }
        }
    }
}
