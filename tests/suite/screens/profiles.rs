//! Snapshots of the profiles and the picker at several sizes, with a fixed clock.

use tokenscope::action::Action;
use tokenscope::app::form::TextField;
use tokenscope::app::state::{Overlay, Screen, Session, State};
use tokenscope::app::update;
use tokenscope::credentials::StoreError;
use tokenscope::domain::credential::{
    ActiveCredential, CredentialKind, CredentialSource, Identity, VisibleScopes,
};
use tokenscope::domain::credential_command::CredentialCommand;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Received, Remote, RequestId};
use tokenscope::domain::profile::{Profile, Settings};
use tokenscope::domain::scope::{BaseUrl, NamedScope, Scope, ScopeId};
use tokenscope::screens::profiles::state::Change;
use tokenscope::screens::setup::state::SetupButton::Save;
use tokenscope::screens::setup::state::{Opener, SetupField};

use crate::screens::scenes::selected_rows;
use crate::screens::scenes::{
    LARGE, SKETCH, SMALL, Scene, USUAL, account, banner, choice, detail_other_fields, now,
    renderer, setup, state, text, token_with, type_secret, zone,
};
use crate::screens::views::{check, every_size, sweep};
use crate::support::app::{act, keys, press};
use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::sessions::login_keyring;

/// The number of scenes, at the beginning, that are drawn at every usual size.
const MAIN: usize = 9;

pub(crate) const SCENES: [Scene; 27] = [
    ("profiles", profiles),
    ("profiles_environment", profiles_environment),
    ("profiles_none", profiles_none),
    ("profiles_confirm", profiles_confirm),
    ("picker_loading", picker_loading),
    ("picker", picker),
    ("picker_filtered", picker_filtered),
    ("picker_partial", picker_partial),
    ("picker_refused", picker_refused),
    ("profiles_looking", profiles_looking),
    ("profiles_locked", profiles_locked),
    ("profiles_demo", profiles_demo),
    ("profiles_many", profiles_many),
    ("profiles_removing", profiles_removing),
    ("profiles_refused", profiles_refused),
    ("profiles_no_keyring", profiles_no_keyring),
    ("profiles_confirm_unreadable", profiles_confirm_unreadable),
    ("lookup_no_choice", lookup_no_choice),
    ("setup_adding", setup_adding),
    ("setup_changing", setup_changing),
    ("setup_by_name", setup_by_name),
    ("lookup_by_name", lookup_by_name),
    ("picker_empty", picker_empty),
    ("picker_hostile", picker_hostile),
    ("profiles_command", profiles_command),
    ("setup_command", setup_command),
    ("find_command", find_command),
];

fn profile(name: &str, email: Option<&str>, scope: Option<Scope>) -> Profile {
    let kind = match email {
        Some(email) => CredentialKind::GlobalKey {
            email: email.to_owned(),
        },
        None => CredentialKind::ApiToken,
    };
    Profile {
        name: name.to_owned(),
        kind,
        scope,
        scope_name: None,
        base_url: BaseUrl::default(),
        command: None,
    }
}

fn settings() -> Settings {
    Settings {
        default_profile: "prod".to_owned(),
        profiles: vec![
            profile("prod", None, Some(account())),
            profile("staging", Some("ops@example.com"), Some(zone())),
            profile("half", None, None),
        ],
        ..Settings::default()
    }
}

fn fetched<T>(value: T) -> Remote<T> {
    Remote::Ready(Received { value, at: now() })
}

fn profiles_looking() -> State {
    let mut state = state();
    state.session.settings = settings();
    state.screen = Screen::Profiles;
    state
}

pub(crate) fn profiles() -> State {
    let mut state = profiles_looking();
    let location = login_keyring();
    state.profiles.locations = fetched(vec![
        ("prod".to_owned(), Ok(Some(location.clone()))),
        ("staging".to_owned(), Ok(Some(location))),
        ("half".to_owned(), Ok(None)),
    ]);
    state.profiles.selected = 1;
    state
}

fn locked() -> Failure {
    Failure::new(
        FailureKind::Keyring,
        "The keyring is locked and was not unlocked.",
        "Unlock it on the desktop, or with `gnome-keyring-daemon --unlock`, and try again.",
    )
}

fn profiles_locked() -> State {
    let mut state = profiles();
    state.profiles.locations = fetched(vec![
        ("prod".to_owned(), Err(locked())),
        ("staging".to_owned(), Err(locked())),
        ("half".to_owned(), Err(locked())),
    ]);
    state
}

/// The screen as its key opens it, with a credential of the environment in use.
fn profiles_environment() -> State {
    let mut state = profiles();
    state.screen = Screen::Find;
    state.session.active.identity = Some(Identity {
        source: CredentialSource::Environment {
            variable: "CLOUDFLARE_API_TOKEN",
        },
        kind: CredentialKind::ApiToken,
    });
    state.session.active.profile = None;
    update(&mut state, now(), press(Action::Profiles));
    state
}

fn profiles_none() -> State {
    let mut state = State::new(Session::default(), keys(), now(), USUAL);
    state.screen = Screen::Profiles;
    state
}

fn profiles_demo() -> State {
    let mut state = profiles_none();
    state.session.demo_only = true;
    state
}

/// More profiles than rows, with names of maximum length and wide characters.
fn profiles_many() -> State {
    let mut state = profiles();
    for number in 0..40 {
        let name = match number % 3 {
            0 => format!("customer-{number}"),
            1 => format!("客户-{number}"),
            _ => format!("{}{number}", "long-name-".repeat(6)),
        };
        let profile = profile(&name, None, Some(account()));
        state.session.settings.profiles.push(profile);
    }
    state.profiles.selected = 35;
    state
}

fn profiles_confirm() -> State {
    let mut state = profiles();
    state.profiles.pending_removal = Some("prod".to_owned());
    state.overlay = Some(Overlay::Confirm);
    state
}

fn profiles_removing() -> State {
    let mut state = profiles();
    state.profiles.change = Some(Change {
        request: RequestId(9),
        name: "staging".to_owned(),
        is_removal: true,
    });
    state
}

fn profiles_refused() -> State {
    let mut state = profiles();
    state.banner = Some(banner(locked()));
    state
}

/// Two profiles, neither in use, and no keyring.
fn profiles_no_keyring() -> State {
    let mut state = State::new(Session::default(), keys(), now(), USUAL);
    state.screen = Screen::Profiles;
    let profiles = ["a", "b"].map(|name| profile(name, None, Some(account())));
    state.session.settings.profiles = profiles.to_vec();
    let missing = |name: &str| (name.to_owned(), Err(StoreError::NoBus.into()));
    state.profiles.locations = fetched(vec![missing("a"), missing("b")]);
    state
}

fn profiles_confirm_unreadable() -> State {
    let mut state = profiles_no_keyring();
    state.profiles.pending_removal = Some("a".to_owned());
    state.overlay = Some(Overlay::Confirm);
    state
}

fn lookup_no_choice() -> State {
    let mut state = profiles_no_keyring();
    state.screen = Screen::Find;
    state
}

fn setup_adding() -> State {
    let mut state = setup();
    state.setup.opener = Opener::Profiles;
    state.setup.name = TextField::default();
    state.setup.form.focus = SetupField::Name;
    state
}

fn setup_changing() -> State {
    let mut state = setup();
    state.setup.opener = Opener::Profiles;
    state.setup.original = settings().profile("staging").cloned();
    state.setup.is_global_key = true;
    state.setup.email = TextField::with("ops@example.com");
    state.setup.scope_kind = zone().kind();
    state.setup.scope_id = TextField::with(zone().id());
    state.setup.form.focus = SetupField::ScopeId;
    state
}

/// The profiles, with a credential command for `prod`.
fn profiles_command() -> State {
    let mut state = profiles();
    let prod = &mut state.session.settings.profiles[0];
    let words = ["op", "read", "op://work/cloudflare/token"];
    prod.command = CredentialCommand::new(words.map(str::to_owned).to_vec()).ok();
    state.session.active = ActiveCredential::of(prod);
    state.profiles.selected = 0;
    state
}

fn setup_command() -> State {
    let mut state = profiles_command();
    act(&mut state, Action::EditProfile);
    state
}

/// Find while the command runs.
fn find_command() -> State {
    let mut state = profiles_command();
    act(&mut state, Action::Submit);
    state.notice = None;
    state
}

fn setup_by_name() -> State {
    let mut state = setup();
    type_secret(&mut state.setup);
    state.setup.form.focus = SetupField::ScopeId;
    state
}

fn lookup_by_name() -> State {
    let mut state = state();
    state.session.active.scope = None;
    state
}

fn picker_loading() -> State {
    let mut state = lookup_by_name();
    state.picker.scopes.begin(RequestId(3), now());
    state.overlay = Some(Overlay::Picker);
    state
}

fn id(number: u32) -> ScopeId {
    ScopeId::parse(&format!("{number:08x}e90afafe46438415bbbc4a0e")).unwrap()
}

fn scopes() -> VisibleScopes {
    let named = |scope, name: &str| NamedScope {
        scope,
        name: name.to_owned(),
    };
    let mut zones = vec![named(zone(), "example.com")];
    zones.extend((0..60).map(|number| {
        let name = format!("shop-{number:03}.example.net");
        named(Scope::Zone(id(number)), &name)
    }));
    VisibleScopes {
        accounts: Ok(vec![
            named(account(), "Example Ltd"),
            named(Scope::Account(id(7)), "株式会社サンプル"),
        ]),
        zones: Ok(zones),
    }
}

fn picking(scopes: VisibleScopes) -> State {
    let mut state = lookup_by_name();
    state.picker.scopes = fetched(scopes);
    state.picker.refilter();
    state.overlay = Some(Overlay::Picker);
    state
}

fn picker() -> State {
    let mut state = picking(scopes());
    state.picker.selected = 2;
    state
}

fn picker_filtered() -> State {
    let mut state = picking(scopes());
    state.picker.filter = TextField::with("shop-01");
    state.picker.refilter();
    state.picker.selected = 4;
    state
}

fn no_accounts() -> Failure {
    Failure::new(
        FailureKind::Permission,
        "An account-owned API token cannot list accounts (HTTP 400, code 1001).",
        "Enter the account ID by hand; the token can still read its service tokens.",
    )
}

fn no_zones() -> Failure {
    Failure::new(
        FailureKind::Permission,
        "The API token works, but may not list zones (HTTP 403, code 9109).",
        "Give it the permission Zone Read, or enter the zone ID by hand.",
    )
}

fn picker_partial() -> State {
    picking(VisibleScopes {
        accounts: Err(no_accounts()),
        ..scopes()
    })
}

fn picker_refused() -> State {
    picking(VisibleScopes {
        accounts: Err(no_accounts()),
        zones: Err(no_zones()),
    })
}

fn picker_empty() -> State {
    picking(VisibleScopes {
        accounts: Ok(Vec::new()),
        zones: Ok(Vec::new()),
    })
}

fn picker_hostile() -> State {
    let names = [
        "\u{1b}]0;x\u{7}\u{1b}[2Jok\u{202e}gnp",
        "",
        "👩‍👩‍👧‍👦 e\u{301} ﷽ \t tab\nnext line",
    ];
    let accounts = names.into_iter().zip(0..).map(|(name, number)| NamedScope {
        scope: Scope::Account(id(number)),
        name: name.to_owned(),
    });
    picking(VisibleScopes {
        accounts: Ok(accounts.collect()),
        zones: Ok(Vec::new()),
    })
}

#[test]
fn profiles_and_picker_match_snapshots() {
    let (main, rest) = SCENES.split_at(MAIN);
    check(main, &[SMALL, USUAL, SKETCH, LARGE]);
    check(rest, &[SMALL, USUAL]);
}

#[test]
fn profiles_and_picker_match_snapshots_in_ascii_and_small_terminals() {
    let scenes: [fn() -> State; 5] = [
        profiles,
        profiles_confirm,
        picker,
        picker_partial,
        setup_changing,
    ];
    let mut all = String::new();
    for scene in scenes {
        all.push_str(&text(&renderer("mono", true).draw(scene(), USUAL).0));
        for size in [(40, 10), (46, 14)] {
            all.push_str(&text(&renderer("dark", false).draw(scene(), size).0));
        }
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("profiles_ascii_and_smallest", all);
    });
}

/// Meaning does not depend on colour: the row that keys act on is reversed; signs and words mark
/// the profile in use and the default.
#[test]
fn mono_distinguishes_the_selected_the_used_and_the_default_profile() {
    let (buffer, _) = renderer("mono", false).draw(profiles(), USUAL);
    let shown = text(&buffer);
    let row = |name: &str| {
        let at = shown.lines().position(|line| line.contains(name)).unwrap();
        (u16::try_from(at).unwrap(), shown.lines().nth(at).unwrap())
    };
    let (selected, _) = row("staging");
    assert_eq!(selected_rows(&buffer), [selected]);
    let (_, in_use) = row("● ★ prod");
    assert!(!in_use.contains("staging"), "{in_use}");
}

#[test]
fn the_selected_profile_stays_visible_at_every_size() {
    for size in [(40, 10), (60, 12), SMALL, USUAL, LARGE] {
        for selected in [0, 1, 20, 42] {
            let mut state = profiles_many();
            state.profiles.selected = selected;
            let (buffer, _) = renderer("dark", false).draw(state, size);
            let rows = selected_rows(&buffer).len();
            assert_eq!(rows, 1, "profile {selected} at {size:?}");
        }
    }
}

#[test]
fn hostile_names_of_accounts_shift_no_column() {
    let (buffer, _) = renderer("dark", false).draw(picker_hostile(), USUAL);
    let shown = text(&buffer);
    let ids: Vec<usize> = shown
        .lines()
        .filter_map(|line| {
            line.find("e90afafe")
                .map(|at| tokenscope::domain::text::width(&line[..at]))
        })
        .collect();
    assert_eq!(ids.len(), 3, "{shown}");
    assert!(ids.iter().all(|at| *at == ids[0]), "{shown}");
}

#[test]
fn profiles_can_be_drawn_at_every_size() {
    sweep(&profiles_many(), every_size());
}

#[test]
fn the_question_can_be_drawn_at_every_size() {
    sweep(&profiles_confirm(), every_size());
}

#[test]
fn the_picker_can_be_drawn_at_every_size() {
    sweep(&picker_partial(), every_size());
}

fn choice_of_many() -> State {
    let mut state = choice();
    state.detail.choices = (0..30).map(|_| token_with(&[])).collect();
    state
}

fn choice_row(state: &mut State) -> &mut usize {
    match &mut state.overlay {
        Some(Overlay::Choice { selected }) => selected,
        overlay => panic!("{overlay:?}"),
    }
}

/// The list's rows on screen are where its items are highlighted as the selection moves.
#[test]
fn page_keys_move_by_the_visible_rows() {
    type Selected = fn(&mut State) -> &mut usize;
    let lists: [(Scene, Selected, usize); 6] = [
        (
            ("fields", detail_other_fields),
            |state| &mut state.detail.selected,
            detail_other_fields().detail.fields().len(),
        ),
        (("choice", choice_of_many), choice_row, 30),
        (
            ("picker", picker),
            |state| &mut state.picker.selected,
            picker().picker.count(),
        ),
        (
            ("picker_filtered", picker_filtered),
            |state| &mut state.picker.selected,
            picker_filtered().picker.count(),
        ),
        (
            ("picker_partial", picker_partial),
            |state| &mut state.picker.selected,
            picker_partial().picker.count(),
        ),
        (
            ("profiles", profiles_many),
            |state| &mut state.profiles.selected,
            43,
        ),
    ];
    for size in [(40, 10), (60, 12), SMALL, USUAL, (80, 40)] {
        for ((name, scene), selected, total) in lists {
            let mut rows = Vec::new();
            for at in 0..total {
                let mut state = scene();
                *selected(&mut state) = at;
                let (buffer, _) = renderer("dark", false).draw(state, size);
                rows.extend(selected_rows(&buffer));
            }
            let page = rows.iter().max().unwrap() - rows.iter().min().unwrap() + 1;
            let mut state = scene();
            state.size = size;
            *selected(&mut state) = 0;
            act(&mut state, Action::PageDown);
            let expected = usize::from(page).min(total - 1);
            assert_eq!(*selected(&mut state), expected, "{name} at {size:?}");
        }
    }
}

#[test]
fn the_heading_of_the_profiles_is_complete_if_it_fits() {
    for columns in 72..=120 {
        let screen = text(
            &renderer("dark", false)
                .draw(profiles_no_keyring(), (columns, 24))
                .0,
        );
        for word in ["Name", "Kind", "Scope", "Secret"] {
            assert_contains(&screen, word);
        }
    }
}

#[test]
fn profiles_without_a_keyring_claim_nothing_about_secrets() {
    let screen = text(
        &renderer("dark", false)
            .draw(profiles_no_keyring(), (100, 30))
            .0,
    );
    assert_contains(&screen, "no profile in use");
    assert_contains(&screen, "cannot be read");
    assert_contains(&screen, "No OS keyring is reachable");
    assert_contains(&screen, "c enters it");
    assert_lacks(&screen, "no credential yet");
    let screen = text(
        &renderer("dark", false)
            .draw(profiles_confirm_unreadable(), (100, 30))
            .0,
    );
    assert_contains(&screen, "if the keyring can be reached");
    let screen = text(
        &renderer("dark", false)
            .draw(lookup_no_choice(), (100, 30))
            .0,
    );
    assert_contains(&screen, "No profile is in use: press Enter to choose one.");
}

#[test]
fn a_form_that_does_not_fit_marks_the_hidden_side() {
    let small = |state: State| text(&renderer("dark", false).draw(state, (40, 10)).0);
    let screen = small(setup_adding());
    for field in ["Profile", "Kind", "Token", "Scope", "Account ID"] {
        assert_contains(&screen, field);
    }
    assert_contains(&screen, "\u{2193} ");
    assert_lacks(&screen, "\u{2191} ");
    let mut state = setup_adding();
    state.setup.form.focus = SetupField::Button(Save);
    let screen = small(state);
    assert_contains(&screen, "Check and save");
    assert_contains(&screen, "\u{2191} ");
}

#[test]
fn a_hidden_remark_appears_when_its_field_has_the_focus() {
    let mut state = setup_adding();
    state.setup.form.focus = SetupField::Kind;
    let screen = text(&renderer("dark", false).draw(state, (40, 10)).0);
    assert_contains(&screen, "Needs the permission");
}
