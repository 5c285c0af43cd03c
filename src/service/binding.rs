//! Keeps a stored secret from any address but the one that it was stored for.
//!
//! What `config.toml` says of that is not enough where the secret would leave this computer for
//! somebody else than Cloudflare: `TOKENSCOPE_HOME` may name a file that came with a repository. So
//! the store keeps the address too, and both must say the same.

use super::credentials::TokenService;
use crate::config::settings;
use crate::credentials::StoreError;
use crate::domain::base_url::BaseUrl;
use crate::domain::credential::CredentialKind;
use crate::domain::failure::Failure;
use crate::domain::profile::{Profile, Target};

impl TokenService {
    /// Where requests go.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        let set = self.environment.base_url().ok().flatten();
        Target {
            base_url: &self.options.base_url,
            variable: set.map(|(_, variable)| variable),
        }
    }

    /// Says who hears of a stored secret that goes to somebody else than Cloudflare, a sentence for
    /// each profile.
    pub fn tell_foreign_hosts_to(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        // The first listener is as good as any.
        let _heard_before = self.on_foreign_host.set(Box::new(listener));
    }

    pub(super) fn tell_of_host(&self, profile: &str) {
        let host = self.options.base_url.foreign_host();
        if let (Some(host), Some(listener)) = (host, self.on_foreign_host.get()) {
            listener(&format!(
                "the stored secret of {profile} is sent to {host}."
            ));
        }
    }

    /// Refuses the stored secret of a profile where requests go to another address than its own. It
    /// is not read for that.
    ///
    /// # Errors
    /// A [`Failure`] of kind `usage` that names both addresses, or the store's.
    pub async fn may_send(&self, name: &str) -> Result<(), Failure> {
        let profile = self.profile_now(name).await?;
        if let Some(failure) = profile.is_kept_from(self.target()) {
            return Err(self.with_open_ways(failure));
        }
        let Some(wanted) = recorded(&profile.base_url) else {
            return Ok(());
        };
        let asking = self.store.binding(name);
        match self
            .ask_store(asking)
            .await
            .map_err(|error| self.store_failure(error, name))?
        {
            Some(kept) if kept == wanted => Ok(()),
            _ => Err(self.with_open_ways(profile.is_unproved())),
        }
    }

    /// The profile as the file has it now, which another instance may have changed; a secret without
    /// a profile is Cloudflare's.
    async fn profile_now(&self, name: &str) -> Result<Profile, Failure> {
        let paths = self.paths()?.clone();
        let loading = tokio::task::spawn_blocking(move || settings::load(&paths)).await;
        let loaded = loading.unwrap_or_else(|_| Ok(settings::Loaded::default()))?;
        let profile = loaded.settings.profile(name).cloned();
        Ok(profile.unwrap_or_else(|| Profile {
            name: name.to_owned(),
            kind: CredentialKind::ApiToken,
            scope: None,
            base_url: BaseUrl::default(),
        }))
    }

    /// Has the store forget which address the secret of a profile is for. Before the secret changes:
    /// what fails half-way then leaves one that goes nowhere else.
    pub(super) async fn unbind(&self, name: &str) -> Result<(), StoreError> {
        self.store.bind(name, None).await
    }

    /// Has the store remember that the secret of a profile is for the address in force.
    pub(super) async fn bind(&self, name: &str) -> Result<(), StoreError> {
        match recorded(&self.options.base_url) {
            None => Ok(()),
            kept => self.store.bind(name, kept).await,
        }
    }
}

/// What the store keeps of an address. It keeps nothing of Cloudflare's, which is meant where nothing
/// is said, nor of this computer's own, which nobody elsewhere is behind.
fn recorded(base_url: &BaseUrl) -> Option<String> {
    let leaves_for_strangers = !base_url.is_default() && !base_url.is_loopback();
    leaves_for_strangers.then(|| base_url.to_string())
}
