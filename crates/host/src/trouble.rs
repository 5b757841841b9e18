//! What goes wrong with an effect.

use plimsoll_model::deployment::Failure;

/// What went wrong with an effect: already worded for people, with what to do next.
pub type Trouble = Failure;
