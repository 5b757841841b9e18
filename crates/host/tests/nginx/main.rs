//! Routes through a real nginx, which runs as an ordinary process with a configuration of its own.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

mod cut_off;
mod refusing;
mod scene;
mod serving;
mod sites;
mod slot;
mod switching;
