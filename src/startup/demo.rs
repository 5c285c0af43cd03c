//! Starts the embedded demo: its server on loopback, and a service that talks only to it.

use std::sync::Arc;

use crate::api::BaseUrl;
use crate::demo::Demo;
use crate::domain::credential::{Access, CredentialSource, Identity};
use crate::domain::failure::{Failure, FailureKind};
use crate::service::TokenService;

/// The running demo. Its server stops when this is dropped.
pub struct RunningDemo {
    /// Sends to the demo's server only, and keeps secrets in memory.
    pub service: Arc<TokenService>,
    /// The demo's credential and account.
    pub access: Access,
    _server: Demo,
}

/// Starts the demo with the deadlines and clock of an existing service.
///
/// # Errors
/// The server cannot listen on loopback.
pub async fn start(beside: &TokenService) -> Result<RunningDemo, Failure> {
    let server = Demo::start(beside.now())
        .await
        .map_err(|error| cannot_start(&error))?;
    let base_url = BaseUrl::parse(&server.base_url).map_err(|error| cannot_start(&error))?;
    let service = beside.for_server(base_url);
    service.hold(server.credential.clone());
    let access = Access {
        identity: Identity {
            source: CredentialSource::Demo,
            kind: server.credential.kind.clone(),
        },
        scope: server.scope.clone(),
    };
    Ok(RunningDemo {
        service: Arc::new(service),
        access,
        _server: server,
    })
}

fn cannot_start(cause: &impl ToString) -> Failure {
    Failure::new(
        FailureKind::Network,
        "The demo's server could not be started on loopback.",
        "Check that programs may listen on 127.0.0.1.",
    )
    .caused_by(cause)
}
