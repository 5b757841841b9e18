//! The files of migrations, as a release holds them.

use std::path::Path;

use plimsoll_migration::Script;
use plimsoll_model::database::{Direction, Migration};

use crate::trouble::Trouble;

/// Reads the script that leads in this direction. It is what the plan says, or it is not run.
pub(super) fn read(folder: &Path, migration: &Migration, direction: Direction) -> Result<Script, Trouble> {
    let path = folder.join(migration.file(direction));
    let unreadable = |error| Trouble::new("migration-unreadable", format!("cannot read {}: {error}", path.display()));
    let script = Script::new(migration.file(direction), direction, std::fs::read_to_string(&path).map_err(unreadable)?);
    let planned = if direction == Direction::Up { Some(&migration.up) } else { migration.down.as_ref() };
    if planned == Some(&script.checksum()) {
        return Ok(script);
    }
    let message = format!("{} is not the migration that was planned", path.display());
    Err(Trouble::new("migration-changed", message).with_help("plimsoll host doctor tells of files that were changed; deploy again"))
}
