//! One file a command.

pub(crate) mod audit;
pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod mrc;
pub(crate) mod policies;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod sustain;
pub(crate) mod test;
pub(crate) mod trace;
pub(crate) mod trend;
pub(crate) mod verify;
