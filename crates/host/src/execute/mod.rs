//! Carrying out orders.
