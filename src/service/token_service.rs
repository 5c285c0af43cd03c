//! The shared parts of the use cases: the client, the store, the files, and how long a command may
//! take.

use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use crate::api::{Client, Deadlines, Error, Options};
use crate::config::{Paths, no_home};
use crate::credentials::{Environment, MemoryStore, PrintedSecrets, StoreHandle};
use crate::domain::credential::{Credential, Location, Secret};
use crate::domain::failure::{Failure, FailureKind, OverridingFlag};
use crate::domain::scope::BaseUrl;
use crate::domain::sync::locked;

/// Receives a sentence about a non-fatal problem.
type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// The use cases. Nothing is opened or read before it is needed.
pub struct TokenService {
    pub(super) options: Options,
    pub(super) client: OnceCell<Client>,
    pub(super) store: StoreHandle,
    pub(super) environment: Environment,
    /// Without paths no file is ever read or written.
    pub(super) paths: Option<Paths>,
    pub(super) deadlines: Mutex<Deadlines>,
    pub(super) on_complaint: OnceLock<Listener>,
    pub(super) on_foreign_host: OnceLock<Listener>,
    /// The credential that was typed in, or the demo's.
    pub(super) held: Mutex<Option<Credential>>,
    /// The profile that was last used, and its secret.
    pub(super) secret: Mutex<Option<(String, Secret)>>,
    /// The secrets that commands printed.
    pub(super) printed: PrintedSecrets,
    /// The flag that takes precedence over the environment's credential, if one was given.
    pub(super) overriding_flag: Option<OverridingFlag>,
    /// Where the store keeps secrets, once a trial write succeeded.
    pub(super) probed_location: OnceCell<Location>,
    /// The server on this computer that answers for every app; `None` but in the demo.
    pub(super) probe_address: Option<SocketAddr>,
}

impl TokenService {
    /// Creates a service. Nothing is opened or read yet.
    pub fn new(
        options: Options,
        store: StoreHandle,
        environment: Environment,
        paths: Option<Paths>,
        deadlines: Deadlines,
    ) -> Self {
        Self {
            options,
            client: OnceCell::new(),
            store,
            environment,
            paths,
            deadlines: Mutex::new(deadlines),
            on_complaint: OnceLock::new(),
            on_foreign_host: OnceLock::new(),
            held: Mutex::default(),
            secret: Mutex::default(),
            printed: PrintedSecrets::default(),
            overriding_flag: None,
            probed_location: OnceCell::new(),
            probe_address: None,
        }
    }

    /// Sends every probe to a server on this computer, whatever the host of its URL.
    #[must_use]
    pub fn probing_at(mut self, address: SocketAddr) -> Self {
        self.probe_address = Some(address);
        self
    }

    /// Stops hints from suggesting an environment variable that this flag overrides.
    #[must_use]
    pub fn overridden_by(mut self, flag: Option<OverridingFlag>) -> Self {
        self.overriding_flag = flag;
        self
    }

    /// Applies the timeout to a whole command, starting now: keyring, retries, every page and every
    /// profile.
    pub fn start_command(&self) {
        let mut deadlines = locked(&self.deadlines);
        deadlines.end = Some(Instant::now() + deadlines.timeout);
    }

    /// Creates the same service over another server without stored credentials: no keyring, files,
    /// environment, proxy or extra certificates.
    #[must_use]
    pub fn for_server(&self, base_url: BaseUrl) -> Self {
        let options = Options {
            base_url,
            ca_file: None,
            use_system_proxy: false,
            ..self.options.clone()
        };
        let deadlines = Deadlines {
            end: None,
            ..self.deadlines()
        };
        let store = StoreHandle::start(|_| Box::new(MemoryStore::default()));
        Self::new(options, store, Environment::default(), None, deadlines)
    }

    /// Where requests go.
    pub fn base_url(&self) -> &BaseUrl {
        &self.options.base_url
    }

    /// The local clock.
    pub fn clock(&self) -> fn() -> DateTime<Utc> {
        self.options.clock
    }

    /// The time by the local clock.
    pub fn now(&self) -> DateTime<Utc> {
        (self.options.clock)()
    }

    /// Registers a callback for configured certificates that cannot be used.
    pub fn on_complaint(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        let _already_set = self.on_complaint.set(Box::new(listener));
    }

    /// Registers a callback that receives a sentence per profile whose stored secret goes to
    /// another host than Cloudflare's.
    pub fn on_foreign_host(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        let _already_set = self.on_foreign_host.set(Box::new(listener));
    }

    /// Says that the secret of a profile goes to another host than Cloudflare's.
    pub(super) fn tell_of_foreign_host(&self, secret: &str, profile: &str) {
        let host = self.options.base_url.foreign_host();
        if let (Some(host), Some(listener)) = (host, self.on_foreign_host.get()) {
            listener(&format!("{secret} of {profile} is sent to {host}."));
        }
    }

    /// The client, built once since a pipe can be read only once.
    pub(super) async fn client(&self) -> Result<&Client, Failure> {
        self.client.get_or_try_init(|| self.build_client()).await
    }

    async fn build_client(&self) -> Result<Client, Failure> {
        let options = self.options.clone();
        let client = if options.base_url.is_https() || options.ca_file.is_some() {
            self.build(move || Client::new(&options)).await?
        } else {
            Client::new(&options).map_err(|error| error.into_failure(None))?
        };
        self.complain(client.complaint());
        Ok(client)
    }

    /// Builds a client on another thread: reading certificates takes milliseconds, and a pipe may never end.
    pub(super) async fn build<T: Send + 'static>(
        &self,
        build: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let deadlines = self.deadlines();
        match timeout_at(deadlines.request_deadline(), spawn_blocking(build)).await {
            Ok(Ok(client)) => client.map_err(|error| error.into_failure(None)),
            Ok(Err(stopped)) => Err(Failure::new(
                FailureKind::Network,
                "The HTTP client could not be built.",
                "Start tokenscope again.",
            )
            .caused_by(&stopped)),
            Err(_) => {
                let allowed = deadlines.timeout.as_secs();
                Err(Failure::new(
                    FailureKind::Timeout,
                    format!("The certificates to trust were not read within {allowed} s."),
                    "Check the files named by --ca-file, SSL_CERT_FILE and SSL_CERT_DIR.",
                ))
            }
        }
    }

    /// Says which configured certificates cannot be used, if any.
    pub(super) fn complain(&self, complaint: Option<&str>) {
        if let (Some(complaint), Some(listener)) = (complaint, self.on_complaint.get()) {
            listener(complaint);
        }
    }

    pub(super) fn deadlines(&self) -> Deadlines {
        *locked(&self.deadlines)
    }

    /// The remaining time of a command.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let end = self.deadlines().end?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    pub(super) fn paths(&self) -> Result<&Paths, Failure> {
        self.paths.as_ref().ok_or_else(no_home)
    }
}
