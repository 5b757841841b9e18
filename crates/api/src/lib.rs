//! Everything that can be asked of a host: the trait HostApi and its types.
