//! The signals that end a command.
//!
//! Not here: what is printed about it.

/// Waits for a signal that ends the command, and gives its exit code.
#[cfg(unix)]
pub(super) async fn signalled() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::quit(),
    ]
    .map(signal);
    let [
        Ok(mut interrupt),
        Ok(mut terminate),
        Ok(mut hang_up),
        Ok(mut quit),
    ] = kinds
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => 130,
        _ = terminate.recv() => 143,
        _ = hang_up.recv() => 129,
        _ = quit.recv() => 131,
    }
}

/// Waits for Ctrl-C, and gives its exit code.
#[cfg(not(unix))]
pub(super) async fn signalled() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => 130,
        Err(_) => std::future::pending().await,
    }
}
