//! One execution of a plan: what happened, and what may happen next.
