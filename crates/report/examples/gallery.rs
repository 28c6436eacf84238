//! Writes three reports of made-up results, to look at: `cargo run -p report --example gallery -- DIR`.

#[path = "../tests/it/made_up.rs"]
mod made_up;

use std::path::PathBuf;

fn main() -> Result<(), report::Error> {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".into()));
    for study in made_up::studies() {
        report::write(&dir.join(study.name), &study.document(&study.winners()))?;
    }
    Ok(())
}
