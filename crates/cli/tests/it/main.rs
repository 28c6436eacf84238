//! The program as people run it: arguments in, standard output, standard error, files and an exit
//! code out. And the house rules of the repository, in [`tidy`].
//!
//! What the program is expected to say is kept in `tests/snapshots`; the documents it generates, in
//! `docs`. `UPDATE_SNAPSHOTS=1 cargo test -p cli --test it` writes both anew.

mod ab;
mod audit;
mod calibrate;
mod check;
mod compare;
mod errors;
mod generated;
mod help;
mod interrupt;
mod mrc;
mod policies;
mod replay;
mod run;
mod scenarios;
mod support;
mod sustain;
mod tidy;
mod trace;
mod validate;
mod verify;
