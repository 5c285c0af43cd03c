//! Draws the profiles, and the facts about the selected one.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::state::State;
use crate::domain::credential::{ActiveCredential, CredentialKind, CredentialSource};
use crate::domain::profile::DEFAULT_PROFILE;
use crate::domain::text;
use crate::layout;
use crate::theme::Role;
use crate::ui::painter::{GAP, Painter, RenderContext, Spans, below, first_rows, inset, row};

/// ```text
/// ╭ Profiles ────────────────────────────────────────────────────────╮
/// │   Name            Kind             Scope              Secret     │
/// │ ● prod (default)  API token        account 4f1b…9c2e  Secret Se… │
/// │   staging         Global API key   zone 9a7b…11c0     none       │
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
    if let Some(credential) = credentials.get(state.profiles.selected)
        && facts_area.height > 0
    {
        let (name, _) = name(credential, state);
        let line = Rect {
            y: facts_area.y,
            height: 1,
            ..area
        };
        paint.divider(line, &name);
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

/// The mark of the credential in use, with a space at each side.
const MARKER: usize = 3;

/// The widths of the columns, in cells; 0 for one without room.
struct Columns {
    name: usize,
    kind: usize,
    scope: usize,
    secret: usize,
    has_whole_ids: bool,
}

impl Columns {
    /// Shows IDs in full if that leaves room for the name of a keyring.
    fn of(
        credentials: &[ActiveCredential],
        state: &State,
        columns: usize,
        ctx: &RenderContext<'_>,
    ) -> Self {
        const SCOPE_KIND: usize = 8;
        const ID: usize = 32;
        const SHORT_NAME: usize = 12;
        const SHORT_SECRET: usize = 16;
        let names = credentials.iter().map(|credential| {
            let (name, tag) = name(credential, state);
            text::width(&ctx.clean(&name)) + tag.len()
        });
        let longest = names.max().unwrap_or(0);
        let kinds = credentials
            .iter()
            .map(|credential| credential.kind().map_or(0, |kind| kind.label().len()));
        let kind = kinds.max().unwrap_or(0);
        let short_id = text::width(&ctx.id(&"0".repeat(ID), false));
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
///  ● prod (default)  API token        account 4f1b…9c2e  Secret Service
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
    let (name, tag) = name(credential, state);
    let name = ctx.clean(&name);
    // If only one fits, keep the name.
    let has_tag = text::width(&name) + tag.len() <= columns.name;
    let tag = if has_tag { tag } else { "" };
    let room = columns.name.saturating_sub(tag.len());
    let name = text::truncate(&name, room, ellipsis);
    let gap = room.saturating_sub(text::width(&name));
    let mut line = vec![
        Span::raw(" "),
        marker,
        Span::raw(" "),
        ctx.plain(&name),
        ctx.span(Role::Muted, tag),
        Span::raw(" ".repeat(gap + GAP)),
    ];
    if columns.kind > 0 {
        let kind = credential.kind().map_or("", CredentialKind::label);
        line.push(ctx.plain(&text::fit(kind, columns.kind + GAP, "")));
    }
    let scope = scope(credential, columns.has_whole_ids, ctx);
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

/// A row's name, followed by a remark.
fn name(credential: &ActiveCredential, state: &State) -> (String, &'static str) {
    let Some(name) = &credential.profile else {
        let name = match credential.source() {
            Some(CredentialSource::Environment { .. }) => "environment",
            Some(CredentialSource::Demo) => "demo",
            Some(CredentialSource::Session | CredentialSource::Keyring { .. }) | None => {
                "this session"
            }
        };
        return (name.to_owned(), "");
    };
    let is_default = *name == state.session.settings.default_profile;
    // A profile may be called "default" without being the default.
    let tag = match (is_default, name.as_str()) {
        (true, DEFAULT_PROFILE) => " (the default)",
        (true, _) => " (default)",
        (false, _) => "",
    };
    (name.clone(), tag)
}

fn is_in_use(credential: &ActiveCredential, state: &State) -> bool {
    let identity = state.session.active.identity.as_ref();
    identity.is_some_and(|identity| Some(&identity.source) == credential.source())
}

fn scope(credential: &ActiveCredential, is_whole: bool, ctx: &RenderContext<'_>) -> String {
    let scope = credential.scope.as_ref();
    scope.map_or_else(|| "no scope".to_owned(), |scope| ctx.scope(scope, is_whole))
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
            Some(Err(failure)) => place(Role::Critical, "not known", &failure.summary),
            None => place(Role::Muted, "looking …", "looking …"),
        }
    }
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
        fact("Scope", Role::Strong, &scope(credential, true, ctx)),
    ];
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
    let is_default = credential.profile.as_ref() == Some(&state.session.settings.default_profile);
    let uses = match (is_in_use(credential, state), is_default) {
        (true, true) => "in use, default",
        (true, false) => "in use",
        (false, true) => "default",
        (false, false) => return lines,
    };
    lines.push(fact("Use", Role::Strong, uses));
    lines
}
