//! The road from source to releases, on real folders and real git repositories.

mod building;
mod commands;
mod kept;
mod naming;
mod packing;
mod source;
mod world;
