//! What it costs on this machine alone: `cargo xtask bench local`.

pub mod binary;
pub mod deploy;
pub mod idle;
mod nginx;
pub mod proxy;
pub mod switches;
mod wrk;

use std::fs;
use std::io;
use std::path::Path;

use super::bed::{Bed, Ground};

/// A deployed API of the example shop, with nothing beside it.
fn deployed_api(bed: &Bed) -> Result<Ground<'_>, String> {
    let ground = bed.ground("./backend", |folder| fs::copy(&bed.backend, folder.join("backend")).map(drop))?;
    ground.plimsoll("deploy local")?;
    Ok(ground)
}

/// Writes `count` files of 100 kB that do not compress into `folder`; another `seed` gives other contents.
fn write_data(folder: &Path, count: usize, seed: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut state = seed;
    for number in 0..count {
        let bytes: Vec<u8> = (0..12_500).flat_map(|_| next(&mut state).to_le_bytes()).collect();
        fs::write(folder.join(format!("{number:03}.bin")), bytes)?;
    }
    Ok(())
}

/// The next number of a splitmix64 sequence.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
