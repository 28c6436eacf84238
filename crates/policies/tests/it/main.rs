//! Tests of the policies from outside.

mod reference;
