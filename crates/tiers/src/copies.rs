//! What a node knows of its copies beside their residency: until when they are fresh, and which
//! version of the object they are.
//!
//! Both are arrays by object, and each is there only if the run needs it: 8 bytes an object for
//! times to live, 4 for versions.

use trace::ObjectId;

/// Never.
pub(crate) const FOR_EVER: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct Copies {
    expires: Vec<u64>,
    versions: Vec<u32>,
}

impl Copies {
    pub(crate) fn new(n_objects: u32, with_expiry: bool, with_versions: bool) -> Self {
        let n = |wanted: bool| if wanted { n_objects as usize } else { 0 };
        Copies { expires: vec![FOR_EVER; n(with_expiry)], versions: vec![0; n(with_versions)] }
    }

    /// When the copy's time is up.
    #[inline]
    pub(crate) fn expires(&self, object: ObjectId) -> u64 {
        self.expires.get(object.index()).copied().unwrap_or(FOR_EVER)
    }

    /// The expiry of every object; empty if copies never expire.
    pub(crate) fn all_expiries(&self) -> &[u64] {
        &self.expires
    }

    /// The copy is likely to be asked for soon: fetches its memory.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        if !self.expires.is_empty() {
            cache::prefetch(&self.expires, object.index());
        }
    }

    pub(crate) fn set_expiry(&mut self, object: ObjectId, at: u64) {
        if let Some(expires) = self.expires.get_mut(object.index()) {
            *expires = at;
        }
    }

    /// The version of the copy: how many writes its object had seen when it was read at the origin.
    #[inline]
    pub(crate) fn version(&self, object: ObjectId) -> u32 {
        self.versions.get(object.index()).copied().unwrap_or(0)
    }

    pub(crate) fn set_version(&mut self, object: ObjectId, version: u32) {
        if let Some(known) = self.versions.get_mut(object.index()) {
            *known = version;
        }
    }
}
