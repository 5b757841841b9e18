//! Values of every type that travels between an operator and a host or is kept in a ledger, made at random for properties.
//!
//! They are as wild as their types allow, not as tidy as a planner would make them: who reads them has to take them all. [`json`]
//! goes further and breaks their wire form. What must hold of them is said where they are read.

pub mod api;
pub mod audit;
mod database;
pub mod json;
pub mod names;
pub mod plan;
pub mod record;
