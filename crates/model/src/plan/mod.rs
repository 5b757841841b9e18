//! What has to be done: from intent and observation to steps.
