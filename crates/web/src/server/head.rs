//! A deadline for request heads that leaves idle connections alone.
//!
//! hyper has one timer from the end of an answer to the end of the next head, so a deadline short enough for a slow
//! sender also closes connections that merely wait for their next request. Here a *head* begins with its first byte (or
//! with the connection), and ends when the request reaches its handler; only in between does the timer run. How long a
//! connection may idle is hyper's timer. Absent: a minimum rate, and deadlines for bodies, which the gate has.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Tells the stream that a request is being handled, and when it no longer is.
#[derive(Clone, Debug, Default)]
pub(super) struct Handled(Arc<AtomicBool>);

impl Handled {
    /// The head is complete: no timer runs until [`Handled::end`].
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The next byte begins a new head.
    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A stream whose reads fail when a head that has begun does not end in time.
#[derive(Debug)]
pub(super) struct HeadGuard<S> {
    stream: S,
    patience: Duration,
    handled: Handled,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> HeadGuard<S> {
    /// Wraps `stream`, which owes its first head from now on.
    pub(super) fn new(stream: S, patience: Duration, handled: Handled) -> Self {
        Self { stream, patience, handled, deadline: Some(Box::pin(tokio::time::sleep(patience))) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadGuard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.handled.0.load(Ordering::Relaxed) {
            self.deadline = None;
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.deadline.is_none() {
            self.deadline = Some(Box::pin(tokio::time::sleep(self.patience)));
        }
        let late =
            read.is_pending() && self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
        if late {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request's head did not end in time")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_head_has_a_deadline_and_idling_between_heads_has_none() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let handled = Handled::default();
        let mut guarded = HeadGuard::new(ours, Duration::from_millis(60), handled.clone());
        theirs.write_all(b"whole head").await.unwrap();
        assert_eq!(guarded.read(&mut [0; 64]).await.unwrap(), 10);
        handled.begin();
        let quiet = tokio::time::timeout(Duration::from_millis(150), guarded.read(&mut [0; 64])).await;
        assert!(quiet.is_err(), "while a request is handled nothing is owed");
        handled.end();
        let idle = tokio::time::timeout(Duration::from_millis(150), guarded.read(&mut [0; 64])).await;
        assert!(idle.is_err(), "an idle connection owes nothing");
        theirs.write_all(b"half a").await.unwrap();
        assert_eq!(guarded.read(&mut [0; 64]).await.unwrap(), 6);
        let late = guarded.read(&mut [0; 64]).await.unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }
}
