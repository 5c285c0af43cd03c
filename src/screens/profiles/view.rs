//! The profiles, and the question before one is removed.
//!
//! Not here: their rules (`screens::profiles`). No secret is ever here.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::credential::{ActiveCredential, CredentialKind, CredentialSource, Location};
use crate::domain::failure::Failure;
use crate::domain::profile::DEFAULT_PROFILE;
use crate::domain::text;
use crate::theme::Role;
use crate::ui::layout;
use crate::ui::render_context::RenderContext;
use crate::ui::widgets::{
    cells, divider, first_shown, frame_title, frame_title_right, hint_for, inset, panel,
    render_spans, row, spinner, width,
};

type Line = Vec<Span<'static>>;

/// The rows that the facts about the selected profile take, with the line above them.
const FACTS: usize = 5;

/// ```text
/// ╭ Profiles ────────────────────────────────────────────────────────╮
/// │   Name            Kind             Scope              Secret     │
/// │ ● prod (default)  API token        account 4f1b…9c2e  Secret Se… │
/// │   staging         Global API key   zone 9a7b…11c0     none       │
/// │                                                                  │
/// ├ staging ─────────────────────────────────────────────────────────┤
/// │ Credential   Global API key of ops@example.com                   │
/// │ Scope        zone 9a7b2c3d4e5f60718293a4b5c6d711c0               │
/// │ Secret       none is stored; c enters it                         │
/// ╰──────────────────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &RenderContext<'_>) {
    let inner = panel(frame.buffer_mut(), area, "Profiles", look);
    let credentials = state.profiles.rows(&state.session.settings);
    let rows = usize::from(inner.height);
    if state.session.demo_only || credentials.is_empty() {
        render_none(frame, inner, state, look);
        return;
    }
    let has_facts = rows >= FACTS + 4;
    let for_list = if has_facts { rows - FACTS } else { rows };
    let list = Rect {
        height: cells(for_list),
        ..inner
    };
    render_list(frame, list, &credentials, state, look);
    if let Some(credential) = credentials
        .get(state.profiles.selected)
        .filter(|_| has_facts)
    {
        let top = inner.y + cells(for_list);
        let (name, _) = name(credential, state);
        divider(frame.buffer_mut(), area, top, &name, look);
        let below = Rect {
            y: top + 1,
            height: cells(FACTS - 1),
            ..inset(inner)
        };
        for (at, line) in facts(credential, state, usize::from(below.width), look)
            .iter()
            .enumerate()
        {
            render_spans(frame.buffer_mut(), row(below, at), line, look);
        }
    }
    if let Some(change) = &state.profiles.change {
        let doing = if change.is_removal {
            format!(" Removing {} …", change.name)
        } else {
            format!(" Making {} the default …", change.name)
        };
        let line = [spinner(state.clock.steady, look), look.plain(&doing)];
        frame_title_right(frame.buffer_mut(), area, area.y, &line, look);
    }
}

/// What there is to say where there is nothing to choose from.
fn render_none(frame: &mut Frame<'_>, inner: Rect, state: &State, look: &RenderContext<'_>) {
    let area = inset(inner);
    let paragraphs = if state.session.demo_only {
        [
            "The demo needs no profile: it reads none and keeps nothing.",
            "Start tokenscope without --demo to use your own.",
        ]
    } else {
        [
            "There is no profile yet.",
            "A profile is a name for a credential and the account or zone that it reads. \
             Its secret is kept in the OS keyring, never in a file.",
        ]
    };
    let mut lines: Vec<Line> = vec![Vec::new()];
    for (role, paragraph) in [Role::Strong, Role::Muted].into_iter().zip(paragraphs) {
        let wrapped = text::wrap(paragraph, usize::from(area.width));
        lines.extend(wrapped.iter().map(|line| vec![look.span(role, line)]));
    }
    if !state.session.demo_only {
        lines.push(Vec::new());
        let adds = hint_for(Context::Profiles, Action::AddProfile, "adds one", look);
        lines.extend(adds);
    }
    for (at, line) in lines.iter().enumerate() {
        render_spans(frame.buffer_mut(), row(area, at), line, look);
    }
}

/// Between two columns, in cells.
const GAP: usize = 2;

/// The widths of the columns, in cells; 0 for one that there is no room for.
struct Columns {
    name: usize,
    kind: usize,
    scope: usize,
    secret: usize,
    has_whole_ids: bool,
}

impl Columns {
    /// A whole ID is shown where that leaves room for the name of a keyring.
    fn of(
        credentials: &[ActiveCredential],
        state: &State,
        columns: usize,
        look: &RenderContext<'_>,
    ) -> Self {
        const MARKER: usize = 3;
        const SCOPE_KIND: usize = 8;
        const ID: usize = 32;
        const SHORT_NAME: usize = 12;
        const SHORT_SECRET: usize = 16;
        let names = credentials.iter().map(|credential| {
            let (name, tag) = name(credential, state);
            text::width(&look.clean(&name)) + tag.len()
        });
        let longest = names.max().unwrap_or(0);
        let kinds = credentials
            .iter()
            .map(|credential| credential.kind().map_or(0, |kind| kind.label().len()));
        let kind = kinds.max().unwrap_or(0);
        let short_id = text::width(&look.abbreviate(&"0".repeat(ID)));
        let room = columns.saturating_sub(MARKER + GAP + SCOPE_KIND + short_id);
        let has_secret = room >= SHORT_NAME + GAP + SHORT_SECRET;
        let has_kind = room >= SHORT_NAME + GAP + SHORT_SECRET + GAP + kind;
        let for_kind = if has_kind { kind + GAP } else { 0 };
        let for_secret = if has_secret { GAP + SHORT_SECRET } else { 0 };
        let room = room.saturating_sub(for_kind + for_secret);
        let has_whole_ids = has_kind && room + short_id >= longest.min(24) + ID;
        let id = if has_whole_ids { ID } else { short_id };
        let name = longest
            .clamp(4, 40)
            .min((room + short_id).saturating_sub(id));
        let scope = SCOPE_KIND + id;
        let taken = MARKER + name + GAP + for_kind + scope + GAP;
        let secret = columns.saturating_sub(taken);
        Self {
            name,
            kind: if has_kind { kind } else { 0 },
            scope,
            secret: if has_secret { secret } else { 0 },
            has_whole_ids,
        }
    }
}

fn render_list(
    frame: &mut Frame<'_>,
    area: Rect,
    credentials: &[ActiveCredential],
    state: &State,
    look: &RenderContext<'_>,
) {
    let columns = Columns::of(credentials, state, usize::from(area.width), look);
    let titles = [
        ("Name", columns.name),
        ("Kind", columns.kind),
        ("Scope", columns.scope),
        ("Secret", columns.secret),
    ];
    let titles: Vec<String> = titles
        .into_iter()
        .filter(|(_, width)| *width > 0)
        .map(|(title, width)| text::fit(title, width, ""))
        .collect();
    let titles = format!("   {}", titles.join(&" ".repeat(GAP)));
    let titles = [look.span(Role::Label, titles.trim_end())];
    render_spans(frame.buffer_mut(), row(area, 0), &titles, look);
    let rows = usize::from(area.height).saturating_sub(1);
    let selected = state
        .profiles
        .selected
        .min(credentials.len().saturating_sub(1));
    let first = first_shown(selected, credentials.len(), rows);
    for (at, credential) in credentials.iter().enumerate().skip(first).take(rows) {
        let place = row(area, at - first + 1);
        let line = list_row(credential, &columns, state, look);
        render_spans(frame.buffer_mut(), place, &line, look);
        if at == selected {
            frame
                .buffer_mut()
                .set_style(place, look.style(Role::Selected));
        }
    }
}

/// ```text
///  ● prod (default)  API token        account 4f1b…9c2e  Secret Service
/// ```
fn list_row(
    credential: &ActiveCredential,
    columns: &Columns,
    state: &State,
    look: &RenderContext<'_>,
) -> Line {
    let ellipsis = look.glyphs().ellipsis;
    let marker = if is_in_use(credential, state) {
        look.span(Role::Calm, look.glyphs().info)
    } else {
        Span::raw(" ")
    };
    let (name, tag) = name(credential, state);
    let name = look.clean(&name).into_owned();
    // Where there is no room for both, the name matters more.
    let has_tag = text::width(&name) + tag.len() <= columns.name;
    let tag = if has_tag { tag } else { String::new() };
    let room = columns.name.saturating_sub(tag.len());
    let name = text::truncate(&name, room, ellipsis).into_owned();
    let gap = room.saturating_sub(text::width(&name));
    let mut line = vec![
        Span::raw(" "),
        marker,
        Span::raw(" "),
        look.plain(&name),
        look.span(Role::Muted, &tag),
        Span::raw(" ".repeat(gap + GAP)),
    ];
    if columns.kind > 0 {
        let kind = credential.kind().map_or("", CredentialKind::label);
        let kind = text::fit(kind, columns.kind + GAP, "");
        line.push(look.plain(&kind));
    }
    let scope = scope(credential, columns.has_whole_ids, look);
    line.push(look.plain(&text::fit(&scope, columns.scope, ellipsis)));
    if columns.secret == 0 {
        return line;
    }
    line.push(Span::raw(" ".repeat(GAP)));
    let (role, secret) = secret(credential, state);
    // The collection, and why nothing is known, are among the facts below.
    let short = match stored_in(credential, state) {
        _ if role == Role::Critical => "not known",
        Some(Ok(Some(location))) if text::width(&secret) > columns.secret => location.store,
        _ => &secret,
    };
    line.push(look.span(role, short));
    line
}

/// A row's name, and what is said of it.
fn name(credential: &ActiveCredential, state: &State) -> (String, String) {
    let Some(name) = &credential.profile else {
        let name = match credential.source() {
            Some(CredentialSource::Environment { .. }) => "environment",
            Some(CredentialSource::Demo) => "demo",
            Some(CredentialSource::Session | CredentialSource::Keyring { .. }) | None => {
                "this session"
            }
        };
        return (name.to_owned(), String::new());
    };
    let is_default = *name == state.session.settings.default_profile;
    // A profile may be called so, and be the default or not.
    let tag = match (is_default, name.as_str()) {
        (true, DEFAULT_PROFILE) => " (the default)",
        (true, _) => " (default)",
        (false, _) => "",
    };
    (name.clone(), tag.to_owned())
}

fn is_in_use(credential: &ActiveCredential, state: &State) -> bool {
    let identity = state.session.identity.as_ref();
    identity.is_some_and(|identity| Some(&identity.source) == credential.source())
}

fn scope(credential: &ActiveCredential, is_whole: bool, look: &RenderContext<'_>) -> String {
    let Some(scope) = &credential.scope else {
        return "no scope".to_owned();
    };
    let id = if is_whole {
        scope.id().to_owned()
    } else {
        look.abbreviate(scope.id())
    };
    format!("{} {id}", scope.kind().word())
}

/// Where the secret is.
fn secret(credential: &ActiveCredential, state: &State) -> (Role, String) {
    match credential.source() {
        Some(CredentialSource::Environment { variable }) => (Role::Muted, (*variable).to_owned()),
        Some(CredentialSource::Session) => (Role::Muted, "in memory".to_owned()),
        Some(CredentialSource::Demo) => (Role::Muted, "embedded".to_owned()),
        Some(CredentialSource::Keyring { .. }) => match stored_in(credential, state) {
            Some(Ok(Some(location))) => (Role::Muted, location.to_string()),
            Some(Ok(None)) => (Role::Warning, "no secret stored".to_owned()),
            Some(Err(failure)) => (Role::Critical, failure.summary.clone()),
            None => (Role::Muted, "looking …".to_owned()),
        },
        None => (Role::Muted, String::new()),
    }
}

/// Where a credential store keeps the secret, once known.
fn stored_in<'a>(
    credential: &ActiveCredential,
    state: &'a State,
) -> Option<&'a Result<Option<Location>, Failure>> {
    match credential.source()? {
        CredentialSource::Keyring { profile } => state.profiles.location_of(profile),
        CredentialSource::Environment { .. }
        | CredentialSource::Session
        | CredentialSource::Demo => None,
    }
}

/// The facts about the selected row, in full.
///
/// ```text
/// Credential  Global API key of ops@example.com
/// Scope       zone 9a7b2c3d4e5f60718293a4b5c6d711c0
/// Secret      Secret Service, login collection
/// Use         in use now, and used when no other is named
/// ```
fn facts(
    credential: &ActiveCredential,
    state: &State,
    columns: usize,
    look: &RenderContext<'_>,
) -> Vec<Line> {
    let fact = |label: &str, role, text: &str| {
        vec![
            look.span(Role::Label, &text::fit(label, 12, "")),
            look.span(role, text),
        ]
    };
    let kind = match credential.kind() {
        Some(CredentialKind::ApiToken) => "API token".to_owned(),
        Some(CredentialKind::GlobalKey { email }) => format!("Global API key of {email}"),
        None => String::new(),
    };
    let (role, place) = secret(credential, state);
    let place = match credential.source() {
        Some(CredentialSource::Session) => "in memory, until the program ends".to_owned(),
        Some(CredentialSource::Environment { variable }) => {
            format!("in the environment, {variable}")
        }
        Some(CredentialSource::Keyring { .. } | CredentialSource::Demo) | None => place,
    };
    let is_default = credential.profile.as_ref() == Some(&state.session.settings.default_profile);
    let uses = match (is_in_use(credential, state), is_default) {
        (true, true) => "in use now; the default where no other is named",
        (true, false) => "in use now",
        (false, true) => "the default where no other is named",
        (false, false) => "",
    };
    let mut lines = vec![
        fact("Credential", Role::Strong, &kind),
        fact("Scope", Role::Strong, &scope(credential, true, look)),
    ];
    let role = if role == Role::Muted {
        Role::Strong
    } else {
        role
    };
    for (at, line) in text::wrap(&look.clean(&place), columns.saturating_sub(12))
        .iter()
        .enumerate()
    {
        lines.push(fact(if at == 0 { "Secret" } else { "" }, role, line));
    }
    if !uses.is_empty() {
        lines.push(fact("Use", Role::Strong, uses));
    }
    lines
}

/// ```text
/// ╭ Remove the profile staging? ─────────────────────────────╮
/// │ Its secret is removed too, from Secret Service, login    │
/// │ collection. It is the one in use.                        │
/// ╰ y removes it · n keeps it ───────────────────────────────╯
/// ```
pub(crate) fn render_confirm(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    look: &RenderContext<'_>,
) {
    let name = state
        .profiles
        .pending_removal
        .as_deref()
        .unwrap_or_default();
    let name = look.clean(name).into_owned();
    let mut text = match state.profiles.location_of(name.as_str()) {
        Some(Ok(Some(location))) => format!("Its secret is removed too, from {location}."),
        Some(Ok(None)) => "No secret is stored for it.".to_owned(),
        _ => "Its secret is removed from the keyring too.".to_owned(),
    };
    if state.session.profile.as_deref() == Some(name.as_str()) {
        text.push_str(" It is the one in use.");
    }
    let widest = layout::overlay(body, 64, 0).width;
    let lines = text::wrap(&text, usize::from(widest.saturating_sub(4)));
    let area = layout::overlay(body, 64, cells(lines.len() + 2));
    Clear.render(area, frame.buffer_mut());
    let room = usize::from(area.width).saturating_sub(28);
    let name = text::truncate(&name, room, look.glyphs().ellipsis);
    let title = format!("Remove the profile {name}?");
    let inner = inset(panel(frame.buffer_mut(), area, &title, look));
    for (at, line) in lines.iter().enumerate() {
        render_spans(
            frame.buffer_mut(),
            row(inner, at),
            &[look.plain(line)],
            look,
        );
    }
    let mut keys: Line = Vec::new();
    for (action, label) in [(Action::Submit, "removes it"), (Action::Back, "keeps it")] {
        if width(&keys) > 0 {
            keys.push(look.span(Role::Muted, look.glyphs().dot));
        }
        keys.extend(hint_for(Context::Confirm, action, label, look).unwrap_or_default());
    }
    let y = area.bottom().saturating_sub(1);
    frame_title(frame.buffer_mut(), area, y, &keys, look);
}
