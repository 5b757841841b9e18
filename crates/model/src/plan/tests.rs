//! What plans promise.
