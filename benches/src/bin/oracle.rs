//! Writes the trace of a recipe as a raw oracleGeneral file, for programs that are not ours.
//!
//!     oracle --file FILE [--trace zipf-1.0-1m|zipf-0.8-10m]

use std::error::Error;
use std::path::Path;

use benches::{Arguments, Recipe, write_oracle_general};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["file", "trace"])?;
    let path = arguments.get("file").ok_or("--file says where to write")?;
    let trace = Recipe::named(arguments.get("trace").unwrap_or("zipf-1.0-1m"))?.generate()?;
    write_oracle_general(&trace, Path::new(path))
}
