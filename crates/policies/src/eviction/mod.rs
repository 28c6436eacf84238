//! The list of eviction policies.

/// Expands a list of module names to the modules, the slice of what they say of themselves, and the
/// conformance tests for each.
macro_rules! policies {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// All eviction policies, in alphabetical order.
        pub static ALL: &[&cache::PolicyInfo] = &[$(&$module::INFO),*];

        #[cfg(test)]
        mod conformance {
            $(
                #[test]
                fn $module() {
                    crate::tests::conformance::check(&super::$module::INFO);
                }
            )*
        }
    };
}

policies! {
    arc,
    b_lru,
    belady,
    belady_size,
    camp,
    car,
    cart,
    clock,
    clock2q_plus,
    fifo,
    gd_wheel,
    gds,
    gdsf,
    hyperbolic,
    lfu,
    lfu_da,
    lirs,
    lrfu,
    lru,
    lru_k,
    lru_prob,
    mq,
    mru,
    qd_lp,
    random,
    random_two,
    redis_lfu,
    redis_lru,
    s3_fifo,
    sieve,
    size,
    slru,
    tiny_lfu,
    two_q,
    w_tiny_lfu,
}
