//! What it costs on this machine alone: `cargo xtask bench local`.

pub mod binary;
pub mod deploy;
pub mod idle;
mod nginx;
pub mod proxy;
pub mod switches;
mod wrk;

use std::fs;

use super::bed::{Bed, Ground};

/// A deployed API of the example shop, with nothing beside it.
fn deployed_api(bed: &Bed) -> Result<Ground<'_>, String> {
    let backend = bed.shop_backend()?;
    let ground = bed.ground("./backend", |folder| fs::copy(&backend, folder.join("backend")).map(drop))?;
    ground.plimsoll("deploy local")?;
    Ok(ground)
}
