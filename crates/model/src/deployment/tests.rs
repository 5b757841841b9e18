//! What the state machine promises.
