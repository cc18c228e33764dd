//! The second listener: a thread and a runtime of its own that only take what senders bring. Whatever pages do to the
//! main runtime, bodies are still read and parsed here. It shares the engine, and so the one writer of the inbox.

use std::{io, net::SocketAddr, thread};

use anyhow::Context;
use tokio::{runtime::Runtime, sync::oneshot};
use tokio_util::sync::CancellationToken;
use web::{AppState, Server, server::Limits};

/// A bound listener with its runtime.
#[derive(Debug)]
pub(crate) struct Intake {
    runtime: Runtime,
    server: Server,
}

/// A listener that serves.
#[derive(Debug)]
pub(crate) struct Taking(oneshot::Receiver<()>);

/// Binds the address, if there is one.
pub(crate) fn bind(address: Option<SocketAddr>) -> anyhow::Result<Option<Intake>> {
    let Some(address) = address else { return Ok(None) };
    // A thread of its own, because a runtime may not wait for another one.
    let bound = thread::spawn(move || -> anyhow::Result<Intake> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let server = runtime.block_on(Server::bind(address))?;
        Ok(Intake { runtime, server })
    });
    bound.join().map_err(|_| anyhow::anyhow!("the listener for events could not be made"))?.map(Some)
}

impl Intake {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Serves until told to stop.
    pub(crate) fn serve(self, state: AppState, stop: CancellationToken) -> anyhow::Result<Taking> {
        let (done, finished) = oneshot::channel();
        let serve = move || {
            self.runtime.block_on(self.server.run(web::intake_router(state), Limits::default(), stop));
            // Nobody waits any more only when the process is ending anyway.
            let _ = done.send(());
        };
        let spawned: io::Result<_> = thread::Builder::new().name("intake".to_owned()).spawn(serve);
        spawned.context("cannot start a thread for events")?;
        Ok(Taking(finished))
    }
}

impl Taking {
    /// Waits until running requests are answered.
    pub(crate) async fn finished(self) {
        let _ = self.0.await;
    }
}
