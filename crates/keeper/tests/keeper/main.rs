//! Real keepers with real programs: each test has a folder of its own, and waits for what programs and keepers say.

mod life;
mod program;
mod scene;
mod sockets;
mod stop;
