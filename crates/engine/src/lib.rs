//! The coordinator: drives a plan over hosts, as a transaction.
