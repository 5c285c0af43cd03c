//! A stored secret is bound to the address that it was stored for: a variable that names another one
//! must not lead it there.
//!
//! Not here: storing it, and finding out which address is in force (`service`).

use super::base_url::BaseUrl;
use super::failure::{Failure, FailureKind, ScreenHint};
use super::profile::Profile;

/// The address that requests go to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The address.
    pub base_url: &'a BaseUrl,
    /// The variable that names it, where one does.
    pub variable: Option<&'a str>,
}

/// What is left to do on a screen.
const ON_SCREEN: ScreenHint = ScreenHint::Instead(
    "Store it again for this address under Profiles, or take the credential from the environment \
     too.",
);

impl Profile {
    /// Why the profile's stored secret must not go to an address; nothing where it may.
    #[must_use]
    pub fn is_kept_from(&self, target: Target<'_>) -> Option<Failure> {
        if self.base_url == *target.base_url {
            return None;
        }
        let (own, other) = told_apart(&self.base_url, target.base_url);
        let name = &self.name;
        let (names, first) = match target.variable {
            Some(variable) => (format!("{variable} names {other}"), "Store".to_owned()),
            None => (
                format!("requests go to {other}"),
                format!("Set CLOUDFLARE_BASE_URL to {}, or store", self.base_url),
            ),
        };
        Some(refusal(
            format!("The secret of profile {name} was stored for {own}, but {names}."),
            format!("{first} {}", ways_out(name, &other)),
        ))
    }

    /// The failure where the file binds the profile's secret to an address that the store knows
    /// nothing of, or another one: anybody can write a file.
    #[must_use]
    pub fn is_unproved(&self) -> Failure {
        let (name, host) = (&self.name, self.base_url.host());
        refusal(
            format!(
                "config.toml says that the secret of profile {name} was stored for {host}, but the \
                 keyring does not."
            ),
            format!("Store {}", ways_out(name, &host)),
        )
    }
}

fn refusal(summary: String, hint: String) -> Failure {
    let mut failure = Failure::new(FailureKind::Usage, summary, hint);
    failure.hint_on_screen = Some(ON_SCREEN);
    failure
}

/// What may follow the word *store*.
fn ways_out(profile: &str, host: &str) -> String {
    format!(
        "the secret again for {host} with `tokenscope auth set --profile {profile}`, or take the \
         credential from the environment too, in CLOUDFLARE_API_TOKEN."
    )
}

/// The hosts of two addresses, or the addresses themselves where their hosts are the same.
fn told_apart(one: &BaseUrl, other: &BaseUrl) -> (String, String) {
    if one.host() == other.host() {
        (one.to_string(), other.to_string())
    } else {
        (one.host(), other.host())
    }
}
