//! Ctrl-C and its kin: the first asks to stop in good order, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::console;

/// The exit code of a process that was interrupted.
const EXIT: i32 = 130;

/// Waits for signals from now on. The first one sets `cancel` and is told to the receiver, the second ends the process.
///
/// # Errors
/// The system lets nobody wait.
pub fn listen(cancel: CancellationToken) -> io::Result<mpsc::UnboundedReceiver<()>> {
    let mut ends =
        Ends { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup: signal(SignalKind::hangup())? };
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        ends.any().await;
        cancel.cancel();
        // Where nobody shows it, the end is all the same.
        let _ = tell.send(());
        ends.any().await;
        console::tell("\nleaving at once; if a deployment is under way, its hosts roll it back by themselves when the lease ends");
        std::process::exit(EXIT);
    });
    Ok(told)
}

/// The signals that ask a process to end.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Ends {
    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
