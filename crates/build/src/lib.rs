//! From source to releases: checking out, naming, building, testing, packing.
