//! For tests only: whole histories of an environment in a simulated world, each made from one number.
//!
//! A [`Scenario`] is a plain value: a project, its hosts, and what happens to them, faults included. One seed makes one; [`run`]
//! plays it with the production coordinator and production hosts over machines in memory, in virtual time, and judges it. The same scenario
//! is always the same story, so a failing one can be told step by step, made smaller by [`shrink`], and kept.

mod arm;
pub mod kept;
mod link;
mod make;
mod operator;
mod outside;
mod project;
mod random;
mod report;
mod rest;
mod run;
mod scenario;
mod shrink;
mod stage;
mod summary;

pub use run::{Verdict, run};
pub use scenario::{Act, Aim, Ask, Does, Fault, Kind, Part, Rival, Scenario, Version};
pub use shrink::shrink;
pub use summary::Summary;
