//! The data plane: routes requests to slots and sites, and switches without losing one.
