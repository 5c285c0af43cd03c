//! Draws the profiles, and the facts about the selected one.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::credential::{ActiveCredential, CredentialKind, CredentialSource};
use crate::domain::credential_command::CredentialCommand;
use crate::domain::text;
use crate::layout;
use crate::theme::Role;
use crate::ui::areas::{across, below, bottom, first_rows, inset, row};
use crate::ui::painter::{GAP, Painter, RenderContext, Spans};

/// ```text
/// ╭ Profiles ────────────────────────────────────────────────────────╮
/// │     Name     Kind            Scope                Secret         │
/// │ ● ★ prod     API token       account Example Ltd  Secret Service │
/// │     staging  Global API key  zone 9a7b…11c0       none           │
/// │                                                                  │
/// ├ staging ─────────────────────────────────────────────────────────┤
/// │ Credential   Global API key of ops@example.com                   │
/// │ Scope        zone 9a7b2c3d4e5f60718293a4b5c6d711c0               │
/// │ Secret       no secret stored                                    │
/// ╰──────────────────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let inner = paint.panel(area, "Profiles");
    let credentials = state.profiles.rows(&state.session.settings);
    if state.session.demo_only || credentials.is_empty() {
        paint.render_lines(inset(inner), placeholder(inner, state, ctx));
        return;
    }
    let for_list = layout::profile_list(usize::from(inner.height));
    render_rows(paint, first_rows(inner, for_list), &credentials, state);
    let facts_area = below(inner, for_list);
    let selected = credentials.get(state.profiles.selected);
    if let Some(credential) = selected.filter(|_| facts_area.height == 0) {
        paint.frame_title(bottom(area), &short_facts(credential, state, ctx));
    } else if let Some(credential) = selected {
        let name = name(credential, ctx);
        paint.divider(across(row(facts_area, 0)), &name);
        let place = inset(below(facts_area, 1));
        let facts = facts(credential, state, usize::from(place.width), ctx);
        paint.render_lines(place, facts);
    }
    if let Some(change) = &state.profiles.change {
        let doing = if change.is_removal {
            format!(" Removing {} …", change.name)
        } else {
            format!(" Making {} the default …", change.name)
        };
        let line = [ctx.spinner(state.clock.steady), ctx.plain(&doing)];
        paint.frame_title_right(row(area, 0), &line);
    }
}

/// The text of an empty list.
fn placeholder(inner: Rect, state: &State, ctx: &RenderContext<'_>) -> Vec<Spans> {
    let paragraphs = if state.session.demo_only {
        [
            "The demo neither reads nor stores profiles.",
            "Start tokenscope without --demo to use your own.",
        ]
    } else {
        [
            "No profiles yet.",
            "A profile is a name for a credential and the account or zone that it reads. \
             Its secret is kept in the OS keyring, never in a file.",
        ]
    };
    let columns = usize::from(inset(inner).width);
    let mut lines = vec![Vec::new()];
    for (role, paragraph) in [Role::Strong, Role::Muted].into_iter().zip(paragraphs) {
        lines.extend(ctx.wrapped(role, paragraph, columns));
    }
    if !state.session.demo_only {
        let add = ctx.hint(Context::Profiles, Action::AddProfile, "add one");
        lines.extend([Vec::new(), add]);
    }
    lines
}

/// The end of the bar, the symbol of the credential in use, and the star of the default profile.
const MARKER: usize = 5;

/// The widths of the columns, in cells; 0 for one without room.
struct Columns {
    name: usize,
    kind: usize,
    scope: usize,
    secret: usize,
    has_whole_ids: bool,
}

impl Columns {
    /// Shows names and IDs of accounts and zones in full if that leaves room for the name of a
    /// keyring.
    fn of(
        credentials: &[ActiveCredential],
        state: &State,
        columns: usize,
        ctx: &RenderContext<'_>,
    ) -> Self {
        const SCOPE_KIND: usize = 8;
        const SHORT_NAME: usize = 12;
        const SHORT_SECRET: usize = 16;
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            let widths = texts.map(|it| text::width(&it));
            widths.max().unwrap_or(0)
        };
        let longest = widest(&mut credentials.iter().map(|it| name(it, ctx)));
        let kind = widest(&mut credentials.iter().map(|it| {
            let kind = it.kind();
            kind.map_or_else(String::new, |kind| kind.label().to_owned())
        }));
        let scopes = |is_whole| {
            let width = widest(&mut credentials.iter().map(|it| scope(it, is_whole, state, ctx)));
            width.max(SCOPE_KIND)
        };
        let (whole, short) = (scopes(true).min(40), scopes(false).min(28));
        let room = columns.saturating_sub(MARKER + GAP + short);
        let has_secret = room >= SHORT_NAME + GAP + SHORT_SECRET;
        let has_kind = room >= SHORT_NAME + GAP + SHORT_SECRET + GAP + kind;
        let for_kind = if has_kind { kind + GAP } else { 0 };
        let for_secret = if has_secret { GAP + SHORT_SECRET } else { 0 };
        let room = (room + short).saturating_sub(for_kind + for_secret);
        let has_whole_ids = has_kind && room >= longest.clamp(4, 24) + whole;
        let scope = if has_whole_ids { whole } else { short };
        let name = longest.clamp(4, 40).min(room.saturating_sub(scope));
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

    fn names(&self) -> [(&'static str, usize); 4] {
        [
            ("Name", self.name),
            ("Kind", self.kind),
            ("Scope", self.scope),
            ("Secret", self.secret),
        ]
    }
}

fn render_rows(
    paint: &mut Painter<'_, '_>,
    area: Rect,
    credentials: &[ActiveCredential],
    state: &State,
) {
    let ctx = paint.ctx;
    let columns = Columns::of(credentials, state, usize::from(area.width), ctx);
    paint.render_spans(row(area, 0), &ctx.heading(MARKER, &columns.names()));
    let list = (credentials.iter(), credentials.len());
    let row = |credential: &_| list_row(credential, &columns, state, ctx);
    paint.render_scrolled(below(area, 1), list, Some(state.profiles.selected), row);
}

/// ```text
///  ● ★ prod  API token  account 4f1b…9c2e  Secret Service
/// ```
fn list_row(
    credential: &ActiveCredential,
    columns: &Columns,
    state: &State,
    ctx: &RenderContext<'_>,
) -> Spans {
    let ellipsis = ctx.glyphs().ellipsis;
    let marker = if is_in_use(credential, state) {
        ctx.span(Role::Calm, ctx.glyphs().active)
    } else {
        Span::raw(" ")
    };
    let star = if is_default(credential, state) {
        ctx.span(Role::Accent, ctx.glyphs().default)
    } else {
        Span::raw(" ")
    };
    let name = text::fit(&name(credential, ctx), columns.name, ellipsis);
    let name = format!("{name}{:GAP$}", "");
    let mut line = vec![
        Span::raw(" "),
        marker,
        Span::raw(" "),
        star,
        Span::raw(" "),
        ctx.plain(&name),
    ];
    if columns.kind > 0 {
        let kind = credential.kind().map_or("", CredentialKind::label);
        line.push(ctx.plain(&text::fit(kind, columns.kind + GAP, "")));
    }
    let scope = scope(credential, columns.has_whole_ids, state, ctx);
    line.push(ctx.plain(&text::fit(&scope, columns.scope, ellipsis)));
    if columns.secret > 0 {
        line.push(Span::raw(" ".repeat(GAP)));
        let place = SecretPlace::of(credential, state);
        let fits = text::width(&place.text) <= columns.secret;
        let text = if fits { &place.text } else { &place.short };
        line.push(ctx.span(place.role, text));
    }
    line
}

/// A row's name.
fn name(credential: &ActiveCredential, ctx: &RenderContext<'_>) -> String {
    let source = credential.source();
    let name = if let Some(name) = &credential.profile {
        name
    } else if matches!(source, Some(CredentialSource::Environment { .. })) {
        "environment"
    } else if source == Some(&CredentialSource::Demo) {
        "demo"
    } else {
        "this session"
    };
    ctx.clean(name).into_owned()
}

fn is_default(credential: &ActiveCredential, state: &State) -> bool {
    credential.profile.as_ref() == Some(&state.session.settings.default_profile)
}

fn is_in_use(credential: &ActiveCredential, state: &State) -> bool {
    credential.source().is_some_and(|it| state.session.uses(it))
}

/// The account or zone, by its name if that is known.
fn scope(
    credential: &ActiveCredential,
    is_whole: bool,
    state: &State,
    ctx: &RenderContext<'_>,
) -> String {
    let Some(scope) = &credential.scope else {
        return "no scope".to_owned();
    };
    match state.session.scope_name(scope) {
        Some(name) => format!("{} {}", scope.kind().word(), ctx.clean(name)),
        None => ctx.scope(scope, is_whole),
    }
}

/// Where a secret is stored, in words.
struct SecretPlace {
    role: Role,
    /// For the list.
    text: String,
    /// For the list, if the text is too wide.
    short: String,
    /// For the facts.
    fact: String,
}

impl SecretPlace {
    fn of(credential: &ActiveCredential, state: &State) -> Self {
        let place = |role, text: &str, fact: &str| Self {
            role,
            text: text.to_owned(),
            short: text.to_owned(),
            fact: fact.to_owned(),
        };
        let profile = match credential.source() {
            Some(CredentialSource::Keyring { profile }) => profile,
            Some(CredentialSource::Command { profile }) => {
                let command = state.session.settings.command_of(profile);
                let program = command.map_or("a command", CredentialCommand::program);
                let fact = format!("printed by {program}: `credential_command` in config.toml");
                return place(Role::Muted, "from a command", &fact);
            }
            Some(CredentialSource::Environment { variable }) => {
                let fact = format!("in the environment, {variable}");
                return place(Role::Muted, variable, &fact);
            }
            Some(CredentialSource::Session) => {
                return place(
                    Role::Muted,
                    "in memory",
                    "in memory, until the program ends",
                );
            }
            Some(CredentialSource::Demo) => return place(Role::Muted, "embedded", "embedded"),
            None => return place(Role::Muted, "", ""),
        };
        match state.profiles.location_of(profile) {
            Some(Ok(Some(location))) => {
                let whole = location.to_string();
                Self {
                    short: location.store.to_owned(),
                    ..place(Role::Muted, &whole, &whole)
                }
            }
            Some(Ok(None)) => place(Role::Warning, "no secret stored", "no secret stored"),
            // The summary is among the facts.
            Some(Err(failure)) => place(Role::Warning, "cannot be read", &failure.summary),
            None => place(Role::Muted, "looking …", "looking …"),
        }
    }
}

/// The kind of the selected credential and where its secret is, for the frame of a small list.
fn short_facts(credential: &ActiveCredential, state: &State, ctx: &RenderContext<'_>) -> Spans {
    let kind = credential.kind().map_or("", CredentialKind::label);
    let place = SecretPlace::of(credential, state);
    let place = ctx.span(place.role, &place.short);
    vec![ctx.span(Role::Muted, kind), ctx.dot(), place]
}

/// The facts about the selected row, in full.
///
/// ```text
/// Credential  Global API key of ops@example.com
/// Scope       zone 9a7b2c3d4e5f60718293a4b5c6d711c0
/// Secret      Secret Service, login collection
/// Use         in use, default
/// ```
fn facts(
    credential: &ActiveCredential,
    state: &State,
    columns: usize,
    ctx: &RenderContext<'_>,
) -> Vec<Spans> {
    const LABEL: usize = 12;
    let fact = |label: &str, role, text: &str| {
        vec![
            ctx.span(Role::Label, &format!("{label:LABEL$}")),
            ctx.span(role, text),
        ]
    };
    let kind = match credential.kind() {
        Some(CredentialKind::ApiToken) => "API token".to_owned(),
        Some(CredentialKind::GlobalKey { email }) => format!("Global API key of {email}"),
        None => String::new(),
    };
    let mut lines = vec![
        fact("Credential", Role::Strong, &kind),
        fact("Scope", Role::Strong, &scope(credential, true, state, ctx)),
    ];
    if let Some(scope) = &credential.scope
        && state.session.scope_name(scope).is_some()
    {
        let id = ctx.span(Role::Muted, &format!("  {}", scope.id()));
        lines[1].push(id);
    }
    let place = SecretPlace::of(credential, state);
    let role = if place.role == Role::Muted {
        Role::Strong
    } else {
        place.role
    };
    let wrapped = text::wrap(&ctx.clean(&place.fact), columns.saturating_sub(LABEL));
    for (at, line) in wrapped.iter().enumerate() {
        lines.push(fact(if at == 0 { "Secret" } else { "" }, role, line));
    }
    if place.role == Role::Warning {
        let mut way_on = vec![ctx.span(Role::Label, &format!("{:LABEL$}", ""))];
        way_on.extend(ctx.hint(Context::Profiles, Action::ReplaceCredential, "enters it"));
        lines.push(way_on);
    }
    let uses = match (is_in_use(credential, state), is_default(credential, state)) {
        (true, true) => "in use, default",
        (true, false) => "in use",
        (false, true) => "default",
        (false, false) => return lines,
    };
    lines.push(fact("Use", Role::Strong, uses));
    lines
}
