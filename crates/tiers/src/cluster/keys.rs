//! The keys of a trace, as the bytes that a client would hash.

use std::io::Write as _;

use trace::{Keys, ObjectId, Trace};

/// What `hash` says of the key of every object. A number is hashed as its decimal text, and so is
/// the object's own number where the trace has no keys.
pub(super) fn map_keys<T>(trace: &Trace, mut hash: impl FnMut(&[u8]) -> T) -> Vec<T> {
    let mut text = Vec::new();
    (0..trace.n_objects())
        .map(|object| match &trace.columns().keys {
            Some(Keys::Text(keys)) => hash(keys.get(object)),
            Some(keys) => hash(keys.label(ObjectId(object)).as_bytes()),
            None => {
                text.clear();
                write!(text, "{object}").expect("memory takes any text");
                hash(&text)
            }
        })
        .collect()
}
