//! Points at which a process may be killed, to see what becomes of a deployment.
//!
//! A point stands before and after each journal record, around each order of the coordinator, and inside each effect that
//! is more than one system call. Without the feature `armed` it is nothing: not even its name is in the program. With it, a
//! process that comes to a point tells who listens at the abstract socket `crash-points.sock` of the folder of its own binary,
//! and waits until it is let go on or killed. What becomes of it then, and which points there are, is not known here.

#[cfg(feature = "armed")]
mod meet;

#[cfg(feature = "armed")]
pub use meet::meet;

/// Comes to a point, whose name is formatted like an argument of `format!`: who is at it, what it does next or has just done.
#[cfg(feature = "armed")]
#[macro_export]
macro_rules! reach {
    ($($name:tt)+) => {
        $crate::meet(&::std::format!($($name)+))
    };
}

/// Nothing: there are no points in this program.
#[cfg(not(feature = "armed"))]
#[macro_export]
macro_rules! reach {
    ($($name:tt)+) => {};
}
