//! Key handling of the profiles.

use crate::action::{Action, Context, Motion};
use crate::app::credential_switch::switch;
use crate::app::handler::{Handler, Pending, Profiles};
use crate::app::message::Effect;
use crate::app::navigation::open_setup;
use crate::app::state::{Overlay, State};
use crate::domain::credential::{ActiveCredential, CredentialSource};
use crate::domain::profile::Profile;
use crate::layout;
use crate::screens::profiles::state::Change;
use crate::screens::setup::state::Setup;

impl Handler for Profiles {
    fn context(&self, state: &State) -> Context {
        // `--demo` neither reads nor writes profiles.
        if state.session.demo_only {
            Context::Commands
        } else {
            Context::Profiles
        }
    }

    fn can(&self, state: &State, action: Action) -> bool {
        let row = selected(state);
        let profile = row.as_ref().and_then(|row| row.profile.as_ref());
        let is_of_profile = matches!(
            action,
            Action::EditProfile | Action::ReplaceCredential | Action::RemoveProfile
        );
        if action == Action::Submit {
            row.is_some()
        } else if is_of_profile {
            profile.is_some()
        } else if action == Action::MakeDefault {
            let default = &state.session.settings.default_profile;
            profile.is_some_and(|profile| profile != default)
        } else {
            action != Action::AddProfile || can_change(state)
        }
    }

    fn crumbs(&self, _: &State) -> Vec<String> {
        vec!["Profiles".to_owned()]
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Profiles]
    }

    fn submit(&self, state: &mut State) {
        if let Some(credential) = selected(state) {
            switch(state, credential);
        }
    }

    fn back(&self, state: &mut State) {
        state.screen = state.before_profiles;
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        if state.session.demo_only {
            return;
        }
        // One row shows the column names.
        let rows = layout::profile_list(state.body_rows()).saturating_sub(1);
        let profiles = &mut state.profiles;
        let last = profiles.rows(&state.session.settings).len();
        let last = last.saturating_sub(1);
        profiles.selected = motion.from(profiles.selected, rows, last);
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        let is_changing = state.profiles.change.is_some();
        is_changing.then_some(Pending::First)
    }
}

fn can_change(state: &State) -> bool {
    !state.session.demo_only && state.profiles.change.is_none()
}

/// The selected row, unless a change is pending.
fn selected(state: &State) -> Option<ActiveCredential> {
    let profiles = &state.profiles;
    let rows = can_change(state).then(|| profiles.rows(&state.session.settings))?;
    rows.into_iter().nth(profiles.selected)
}

/// The selected profile. If the row is not a profile, notifies why it cannot be changed.
fn selected_profile(state: &mut State) -> Option<Profile> {
    let credential = selected(state)?;
    let settings = &state.session.settings;
    let name = credential.profile.as_deref();
    let profile = name.and_then(|name| settings.profile(name)).cloned();
    if profile.is_none() {
        state.notify(match credential.source() {
            Some(CredentialSource::Environment { variable }) => {
                format!("Not a profile: set in the environment by {variable}.")
            }
            Some(CredentialSource::Session) => {
                "Not a profile: kept in memory until you quit.".to_owned()
            }
            Some(
                CredentialSource::Keyring { .. }
                | CredentialSource::Command { .. }
                | CredentialSource::Demo,
            )
            | None => "Not a profile: the demo stores nothing.".to_owned(),
        });
    }
    profile
}

/// Opens the form for a new profile.
pub(crate) fn add(state: &mut State) {
    let setup = Setup::adding(&state.session.settings);
    open_setup(state, setup);
}

/// Opens the form of the selected profile.
pub(crate) fn edit(state: &mut State) {
    open_form(state, false);
}

/// Opens the form of the selected profile to enter its credential again.
pub(crate) fn replace(state: &mut State) {
    open_form(state, true);
}

fn open_form(state: &mut State, is_replacing: bool) {
    let Some(profile) = selected_profile(state) else {
        return;
    };
    if let Some(command) = profile.command.as_ref().filter(|_| is_replacing) {
        return state.notify(format!(
            "{} prints this credential: change `credential_command` in config.toml.",
            command.program()
        ));
    }
    let is_missing = matches!(state.profiles.location_of(&profile.name), Some(Ok(None)));
    let mut setup = Setup::changing(profile, is_replacing, &state.session.settings);
    setup.has_stored = !is_missing;
    open_setup(state, setup);
}

/// Makes the selected profile the default.
pub(crate) fn make_default(state: &mut State) {
    if let Some(profile) = selected_profile(state) {
        change(state, profile.name, false);
    }
}

/// Asks whether to remove the selected profile.
pub(crate) fn remove(state: &mut State) {
    if let Some(profile) = selected_profile(state) {
        state.profiles.pending_removal = Some(profile.name);
        state.overlay = Some(Overlay::Confirm);
    }
}

/// Removes a profile, or makes it the default.
pub(crate) fn change(state: &mut State, name: String, is_removal: bool) {
    let request = state.next_request();
    state.banner = None;
    state.profiles.change = Some(Change {
        request,
        name: name.clone(),
        is_removal,
    });
    state.emit(if is_removal {
        Effect::RemoveProfile { request, name }
    } else {
        Effect::UseProfile { request, name }
    });
}
