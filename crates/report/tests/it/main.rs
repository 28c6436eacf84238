//! The report as its readers get it.

mod ab;
mod browser;
mod comparison;
mod curves;
mod files;
mod hostile;
mod made_up;
mod words;
