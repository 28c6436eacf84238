//! Tests of the policies from outside.

mod admission;
mod reference;
