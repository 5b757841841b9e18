//! Waits for SIGTERM or SIGINT, without a crate.
//!
//! The two signals are blocked before any thread is started, so that every thread inherits the block and
//! none is interrupted; one thread then waits for them with `sigwait`. No code runs in a signal handler.

use std::ffi::c_int;
use std::io;
use std::ptr;

const SIGINT: c_int = 2;
const SIGTERM: c_int = 15;
const SIG_BLOCK: c_int = if cfg!(target_os = "macos") { 1 } else { 0 };

/// Room for the `sigset_t` of any platform: 128 bytes on Linux, 4 on macOS.
type SignalSet = [u64; 16];

unsafe extern "C" {
    fn sigemptyset(set: *mut SignalSet) -> c_int;
    fn sigaddset(set: *mut SignalSet, signal: c_int) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn sigwait(set: *const SignalSet, signal: *mut c_int) -> c_int;
}

/// The signals that ask this program to stop, blocked until they are waited for.
pub struct StopSignal(SignalSet);

impl StopSignal {
    /// Blocks the signals in this thread and in all that it starts from now on.
    ///
    /// # Errors
    /// When the system refuses the signal mask.
    pub fn block() -> io::Result<Self> {
        let mut set: SignalSet = [0; 16];
        // SAFETY: `set` is at least as large as a `sigset_t`, aligned for it, and outlives the calls.
        let refused = unsafe {
            sigemptyset(&raw mut set);
            sigaddset(&raw mut set, SIGINT);
            sigaddset(&raw mut set, SIGTERM);
            pthread_sigmask(SIG_BLOCK, &raw const set, ptr::null_mut())
        };
        if refused == 0 { Ok(Self(set)) } else { Err(io::Error::from_raw_os_error(refused)) }
    }

    /// Returns when one of the signals arrives, or at once when one has arrived already.
    pub fn wait(&self) {
        let mut signal = 0;
        // SAFETY: the set was filled by `block`, and `signal` is writable.
        unsafe { sigwait(&raw const self.0, &raw mut signal) };
    }
}
