//! Listening, serving, and stopping in good time.

use crate::{
    connections::Connections,
    error::WebError,
    events, limits, router,
    state::{App, WebState},
};
use std::{future::IntoFuture, io::ErrorKind, net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Listens on an address.
///
/// # Errors
/// When it cannot; the text names the setting to change.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, WebError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        ErrorKind::AddrInUse => WebError::Taken(address),
        _ => WebError::Bind { address, source },
    })
}

/// Serves until cancelled; then live events end at once, and requests have five seconds to.
///
/// # Errors
/// When the server ends by itself.
pub async fn serve(
    listener: TcpListener,
    state: WebState,
    cancel: CancellationToken,
) -> Result<(), WebError> {
    let live = state.live.subscribe();
    let app = Arc::new(App::new(state, cancel.clone()));
    let pump = tokio::spawn(events::pump(Arc::clone(&app), live));
    let service = router::router(app);
    let connections = Connections::new(listener);
    let serving = axum::serve(connections, service)
        .with_graceful_shutdown(cancel.clone().cancelled_owned())
        .into_future();
    let late = async {
        cancel.cancelled().await;
        tokio::time::sleep(limits::STOPPING).await;
    };
    let end = tokio::select! {
        end = serving => end.map_err(|source| WebError::Serve { source }),
        () = late => {
            tracing::warn!("requests were still running at the end and have been cut off");
            Ok(())
        }
    };
    pump.abort();
    end
}
