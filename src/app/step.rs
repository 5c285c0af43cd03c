//! What a screen asks of the program around it.
//!
//! A screen changes itself and returns steps; `perform` carries them out on the whole state. So no
//! screen knows another. Not here: carrying them out.

use std::sync::Arc;

use super::effect::Effect;
use crate::domain::credential::{Access, ActiveCredential, Credential, CredentialRef, Identity};
use crate::domain::failure::Failure;
use crate::domain::profile::Profile;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};

/// Something for the program around a screen to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Have the outside world do something.
    Run(Effect),
    /// Show a short message for a few seconds.
    Tell(String),
    /// Show an error.
    Report(Failure),
    /// Send one line to the clipboard, as it is shown: what a terminal would act on is replaced.
    Copy(Option<String>),
    /// Send lines of ours that quote strangers, each as it is shown.
    CopyLines(Vec<String>),
    /// Send text to the clipboard as the API sent it.
    CopyRaw(Option<String>),
    /// Look a token up with the credential in use.
    LookUp { token: TokenRef, scope: Scope },
    /// Look a token up again, with the credential that did so before.
    LookUpAgain(Recent),
    /// Look a token up.
    Fetch { access: Access, token: TokenRef },
    /// Fetch the token in view again.
    Refresh,
    /// Show the look-up panel.
    OpenLookup,
    /// Show the list of all tokens.
    OpenBrowse,
    /// Fetch the list of all tokens again.
    ListAgain,
    /// Show a token of the list, and fetch it.
    OpenRow(Arc<ServiceToken>),
    /// Stop waiting for the token in view.
    DropLookUp,
    /// Show the profiles.
    OpenProfiles,
    /// Show the form, to add a credential or to replace one that no longer works.
    OpenSetup { is_replacing: bool },
    /// Try the form's credential on the API, then store it, or only keep it in memory.
    Check {
        asker: CredentialRef,
        scope: Scope,
        session_only: bool,
    },
    /// Store the form's credential, where one was typed, and its profile.
    Save {
        profile: Profile,
        credential: Option<Credential>,
    },
    /// Show an empty form for another profile.
    AddProfile,
    /// Show the form of a profile, to change it or only to type its credential again.
    EditProfile {
        profile: Profile,
        is_replacing: bool,
    },
    /// Find out where the secrets of the profiles are kept.
    FindSecrets,
    /// Ask whether a profile is to be removed.
    AskToRemove,
    /// Remove a profile and its secret.
    RemoveProfile(String),
    /// Make a profile the default.
    MakeDefault(String),
    /// Go on with another credential, and drop everything of the one in use.
    Switch(ActiveCredential),
    /// The profile in use is gone: go on with what else there is.
    Vacate,
    /// Go back to the screen that the profiles were opened from.
    LeaveProfiles,
    /// List the accounts and zones to choose from.
    PickScope(CredentialRef),
    /// List them with the credential in use.
    PickScopeInUse,
    /// Put an account or zone into the form.
    UseScope(Scope),
    /// Go on with the embedded demo, which runs.
    EnterDemo(Access),
    /// Go on with a credential that works.
    Enter {
        identity: Identity,
        profile: Option<String>,
        scope: Scope,
    },
}
