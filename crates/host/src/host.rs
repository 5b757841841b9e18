//! HostApi, carried out.
