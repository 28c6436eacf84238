//! A hint to the processor. Nothing depends on it but speed.

/// Asks for the cache line of `slice[at]`, without waiting for it; `at` may lie outside the slice.
///
/// The out-of-order window of a processor overlaps only some of the loads of a loop, since each has
/// to retire; prefetches retire at once. Does nothing on processors other than x86-64, where stable
/// Rust has no such hint.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = slice.as_ptr().wrapping_add(at).cast();
        #[allow(
            unsafe_code,
            reason = "interning is a quarter faster, replay of LRU twice as fast; see benches/README.md"
        )]
        // SAFETY: a prefetch of any address, mapped or not, neither faults nor reads nor writes.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(address);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, at);
}

/// The same, if the slice is large: below, the hint costs more than the load it saves.
#[inline(always)]
pub fn prefetch_if_large<T>(slice: &[T], at: usize) {
    if is_large(slice) {
        prefetch(slice, at);
    }
}

/// Whether the slice does not fit the second-level cache of usual processors.
#[inline(always)]
pub fn is_large<T>(slice: &[T]) -> bool {
    const LARGE: usize = 1 << 20;
    size_of_val(slice) > LARGE
}
