//! When each request's object is asked for next: what clairvoyant policies know.

use crate::trace::ObjectId;

/// In a next-use column: never again.
pub const NEVER: u32 = u32::MAX;

/// For every request, the index of the next request for the same object, or [`NEVER`].
/// One backward pass, O(requests) time, 4 bytes a request.
///
/// # Panics
/// If there are 2^32 - 1 requests or more.
pub fn next_use(objects: &[ObjectId], n_objects: u32) -> Vec<u32> {
    assert!(objects.len() < NEVER as usize, "next uses are 32-bit request indices");
    let mut upcoming = vec![NEVER; n_objects as usize];
    let mut next = vec![NEVER; objects.len()];
    for (i, object) in objects.iter().enumerate().rev() {
        next[i] = std::mem::replace(&mut upcoming[object.index()], i as u32);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_use_points_to_the_next_request_for_the_same_object() {
        let objects = [0, 1, 0, 2, 1, 0].map(ObjectId);
        assert_eq!(next_use(&objects, 3), [2, 4, 5, NEVER, NEVER, NEVER]);
    }
}
