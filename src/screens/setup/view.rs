//! Draws the form that sets up a credential. Never draws a character of a secret.

use ratatui::layout::Rect;

use super::state::{Opener, Phase, SetupButton, SetupField};
use crate::action::Action;
use crate::app::form::TextField;
use crate::app::state::State;

use crate::layout::glyphs::Glyphs;
use crate::theme::Role;
use crate::ui::form::{self, Form, FormRow};
use crate::ui::painter::{Painter, RenderContext, Spans};

/// ```text
/// ╭ Set up a credential ─────────────────────────────────╮
/// │                                                      │
/// │   Profile    default                                 │
/// │   Kind       ‹ API token ›   Global API key          │
/// │              Needs the permission Access: Service …  │
/// │ › API token  ••••••••                                │
/// │   Scope      ‹ Account ›   Zone                      │
/// │   ID         32 hexadecimal digits                   │
/// │                                                      │
/// │   Will be stored in Secret Service, login collection.  │
/// │                                                      │
/// │   [ Check and save ]                                 │
/// │                                                      │
/// │   No account at hand? F4 opens a demo …              │
/// ╰──────────────────────────────────────────────────────╯
/// ```
pub(crate) fn render(paint: &mut Painter<'_, '_>, area: Rect, state: &State) {
    let ctx = paint.ctx;
    let title = match (&state.setup.original, state.setup.is_replacing) {
        (_, true) => "Re-enter the credential",
        (Some(_), false) => "Change a profile",
        (None, false) if state.setup.opener == Opener::Profiles => "Add a profile",
        (None, false) => "Set up a credential",
    };
    let inner = paint.panel(area, title);
    let form = Form {
        ctx,
        columns: usize::from(inner.width),
        is_editing: state.setup.is_editing() && state.overlay.is_none(),
    };
    form::render(paint, inner, rows(&form, state));
}

fn rows(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let setup = &state.setup;
    let mut rows = vec![FormRow::spacer()];
    if let Some(original) = &setup.original {
        let why = "(cannot be renamed)";
        rows.push(form.fixed("Profile", &original.name, why));
    }
    let all = setup.rows().into_iter();
    let (buttons, fields): (Vec<_>, Vec<_>) = all.partition(|row| row.is_button());
    for field in fields {
        if matches!(field, SetupField::Kind | SetupField::ScopeKind) {
            rows.push(FormRow::spacer());
        }
        rows.extend(field_rows(form, state, field));
    }
    rows.push(FormRow::spacer());
    rows.extend(store(form, state));
    rows.push(FormRow::spacer());
    if let Some(line) = waiting(form.ctx, state) {
        rows.push(FormRow::indented(3, line).in_view());
    } else {
        let buttons = buttons.into_iter();
        rows.extend(buttons.flat_map(|it| field_rows(form, state, it)));
    }
    rows.push(FormRow::spacer());
    rows.extend(demo(form.ctx, state));
    rows
}

fn field_rows(form: &Form<'_>, state: &State, field: SetupField) -> Vec<FormRow> {
    let setup = &state.setup;
    let has_focus = setup.form.focus == field;
    let text = |label, value, placeholder| form.plain_field(label, value, placeholder, has_focus);
    // A mask of the same length for every secret.
    let is_empty = setup.secret.secret().is_empty();
    let mask = TextField::with(if is_empty { "" } else { form.ctx.glyphs().mask });
    let mut rows = vec![match field {
        SetupField::Name => text("Profile", &setup.name, "a name for this credential"),
        SetupField::Kind => form.choice(
            "Kind",
            ["API token", "Global API key"],
            usize::from(setup.is_global_key),
            has_focus,
        ),
        SetupField::Email => text("Email", &setup.email, "the address of the key's user"),
        SetupField::ScopeKind => form.scope_kind(setup.scope_kind, has_focus),
        SetupField::ScopeId => form.scope_id(setup.scope_kind, &setup.scope_id, has_focus),
        SetupField::Secret => text(
            if setup.is_global_key { "Key" } else { "Token" },
            &mask,
            if setup.keeps_secret() {
                "leave empty to keep the stored one"
            } else {
                "type or paste it; it stays hidden"
            },
        ),
        SetupField::Button(button) => {
            let (label, note) = match button {
                SetupButton::Save => ("Check and save", ""),
                SetupButton::SaveUnchecked => ("Save without checking", ""),
                SetupButton::SessionOnly => {
                    let note = "checked first; gone when you quit";
                    ("Keep for this session only", note)
                }
                SetupButton::SessionUnchecked => ("Keep without checking", "gone when you quit"),
                SetupButton::ProbeAgain => ("Try the keyring again", ""),
            };
            form.button(label, note, has_focus)
        }
    }];
    if field == SetupField::Kind {
        rows.extend(kind_remark(form, state));
    }
    if field == SetupField::Secret {
        rows.extend(host_remark(form, state));
        rows.extend(setup.lookalike().into_iter().flat_map(|other| {
            let remark = format!("{} {}", form.ctx.glyphs().warning, other.remark());
            form.remark(Role::Warning, &remark)
        }));
    }
    let complaint = form.complaint(setup.form.complaint_about(field));
    let can_pick = field == SetupField::ScopeId && setup.scope_id.is_blank() && setup.can_ask();
    if complaint.is_empty() && can_pick {
        rows.extend(form.scopes_by_name(state.context()));
    }
    rows.extend(complaint);
    rows
}

fn kind_remark(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    if state.setup.is_global_key {
        let text = "A Global API key can do everything its user can. Prefer an API token.";
        let warning = form.ctx.glyphs().warning;
        return form.remark(Role::Warning, &format!("{warning} {text}"));
    }
    let needed = "Needs the permission Access: Service Tokens Read.";
    let mut rows = form.remark(Role::Muted, needed);
    let context = state.screen.handler().context(state);
    if let Some(key) = form.ctx.keymap.key_for(context, Action::MakeToken) {
        let way = format!("{key} opens the page that makes one.");
        rows.extend(form.remark(Role::Muted, &way));
    }
    rows
}

/// Where the credential goes, if not to Cloudflare.
fn host_remark(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    // The form is never for the demo, even if opened over it.
    let Some(host) = state.session.base_url.foreign_host() else {
        return Vec::new();
    };
    let warning = form.ctx.glyphs().warning;
    let kept = if state.setup.store.failure().is_some() {
        "only"
    } else {
        "and stored for that host only"
    };
    let text = format!("{warning} It is sent to {host} {kept}.");
    form.remark(Role::Warning, &text)
}

/// Where the secret will be stored, or what to do if storing is impossible.
fn store(form: &Form<'_>, state: &State) -> Vec<FormRow> {
    let setup = &state.setup;
    let without_store = |problem: &str| {
        let mut rows = form.paragraph(Role::Warning, &way_out(state));
        rows.extend(form.paragraph(Role::Muted, problem));
        rows
    };
    if let Some(command) = setup.command() {
        let program = form.ctx.clean(command.program());
        let text = format!("{program} prints the credential: `credential_command` in config.toml.");
        return form.paragraph(Role::Muted, &text);
    }
    if let Some(failure) = setup.store.failure() {
        without_store(&failure.summary)
    } else if let Some(location) = setup.store.value() {
        form.paragraph(Role::Muted, &format!("Will be stored in {location}."))
    } else if setup.store_is_slow {
        without_store("Waiting for the OS keyring (an unlock prompt may be on the desktop) …")
    } else if setup.store.is_loading() {
        form.paragraph(Role::Muted, "Checking the keyring …")
    } else {
        Vec::new()
    }
}

/// Advice for a computer without a keyring.
fn way_out(state: &State) -> String {
    let variables = if state.setup.is_global_key {
        "CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL"
    } else {
        "CLOUDFLARE_API_TOKEN"
    };
    let instead = if state.session.is_named {
        "and omit --profile"
    } else {
        "instead"
    };
    let warning = Glyphs::of(state.ascii).warning;
    format!("{warning} Keep it for this session only, or set {variables} {instead}.")
}

/// The progress of the form's request.
///
/// ```text
///   ⠋ Verifying with one read of the list …  Esc cancel
/// ```
fn waiting(ctx: &RenderContext<'_>, state: &State) -> Option<Spans> {
    let text = match (state.setup.phase, state.setup.store.value()) {
        (Phase::Open, _) => return None,
        (Phase::Checking { .. }, _) => " Verifying with one read of the list …  ".to_owned(),
        (Phase::Saving { .. }, Some(location)) => format!(" Saving in {location} …  "),
        (Phase::Saving { .. }, None) => " Saving …  ".to_owned(),
    };
    let mut spans = vec![ctx.spinner(state.clock.steady), ctx.plain(&text)];
    spans.extend(ctx.hint(state.context(), Action::Back, "cancel"));
    Some(spans)
}

fn demo(ctx: &RenderContext<'_>, state: &State) -> Option<FormRow> {
    let is_first = !state.setup.is_replacing && state.setup.opener == Opener::Program;
    if state.session.is_demo() || !is_first {
        return None;
    }
    let key = ctx.keymap.key_for(state.context(), Action::OpenDemo)?;
    Some(FormRow::text(vec![
        ctx.span(Role::Muted, "   Just looking? Press "),
        ctx.span(Role::Accent, &key),
        ctx.span(Role::Muted, " for a demo; no account needed."),
    ]))
}
