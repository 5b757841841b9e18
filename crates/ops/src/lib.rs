//! One use case per file: what every surface calls.
