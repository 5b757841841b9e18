//! Connections: HTTP/1.1 and HTTP/2 on each, and how all of them end.

use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};

use super::{Desk, routes};

/// How much of an upload comes in one frame, and how much before we have to say that it was read, in bytes.
const FRAME: u32 = 256 << 10;
const WINDOW: u32 = 8 << 20;

/// How long requests and orders under way may take when the daemon ends.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait for a file descriptor to become free.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers on `listener` until `stop` resolves or the desk is told to end.
pub(super) async fn serve(desk: &Desk, listener: UnixListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => match stream.peer_cred() {
                    Ok(peer) => attend(stream, &desk.of(peer.uid()), &connections),
                    Err(error) => tracing::warn!(%error, "who connects cannot be told, so nobody does"),
                },
                Err(error) => wait_or_give_up(error).await?,
            },
            () = &mut stop => break,
            () = desk.end.cancelled() => break,
        }
    }
    // Without the listener a newcomer learns at once that this daemon ends, and waits for the lock.
    drop(listener);
    finish(desk, connections).await;
    Ok(())
}

fn attend(stream: UnixStream, desk: &Desk, connections: &GracefulShutdown) {
    let service = TowerToHyperService::new(routes::router(desk.clone()));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new()).max_frame_size(FRAME).initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    let connection = connections.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    tokio::spawn(async move {
        // A client that goes in the middle of things is nothing to report.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
    });
}

async fn wait_or_give_up(error: io::Error) -> io::Result<()> {
    let passing = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::NOBUFS, rustix::io::Errno::NOMEM];
    match error.raw_os_error() {
        _ if error.kind() == io::ErrorKind::ConnectionAborted => Ok(()),
        Some(code) if passing.iter().any(|errno| errno.raw_os_error() == code) => {
            tracing::warn!(%error, "cannot take a connection now");
            tokio::time::sleep(PAUSE).await;
            Ok(())
        }
        _ => Err(error),
    }
}

async fn finish(desk: &Desk, connections: GracefulShutdown) {
    desk.end.cancel();
    desk.orders.close();
    let all = async { tokio::join!(connections.shutdown(), desk.orders.wait()) };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!(orders = desk.orders.len(), "ending with requests under way");
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[tokio::test]
    async fn only_what_cannot_pass_ends_a_daemon() {
        for (errno, goes_on) in [(Errno::CONNABORTED, true), (Errno::MFILE, true), (Errno::NFILE, true), (Errno::BADF, false), (Errno::INVAL, false)]
        {
            assert_eq!(wait_or_give_up(errno.into()).await.is_ok(), goes_on, "{errno}");
        }
    }
}
