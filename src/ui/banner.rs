//! The last error: what happened, what to do, and the keys that help.
//!
//! Not here: its details (`error_details`).

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::look::Look;
use super::widgets::{cells, hint_for, put, put_right, row, width};
use crate::action::{Action, Context};
use crate::app::state::{BANNER_INDENT, Banner, Screen, State};
use crate::domain::failure::FailureKind;
use crate::domain::text;
use crate::theme::Role;

/// The width from which the way to the details is always shown.
const ROOM_FOR_KEYS: u16 = 60;

/// ```text
///  ✖ The API refused the credential. ×3
///    Re-enter it, or make a new API token.         e details  a re-enter credential
/// ```
pub(super) fn render(frame: &mut Frame<'_>, area: Rect, state: &State, look: &Look<'_>) {
    let Some(banner) = &state.banner else { return };
    let glyphs = look.glyphs();
    let (role, symbol) = match banner.failure.kind {
        FailureKind::RateLimited | FailureKind::Config => (Role::Warning, glyphs.warning),
        _ => (Role::Critical, glyphs.critical),
    };
    let count = match banner.count {
        0 | 1 => String::new(),
        count => format!(" {}{count}", glyphs.times),
    };
    // A long sentence is cut before the count, which says that the last try failed as well.
    let room =
        usize::from(area.width).saturating_sub(text::width(symbol) + text::width(&count) + 2);
    let summary = look.clean(&banner.failure.summary);
    let summary = text::truncate(&summary, room, glyphs.ellipsis);
    let first = vec![
        Span::raw(" "),
        look.span(role, symbol),
        Span::raw(" "),
        look.span(Role::Strong, &summary),
        look.span(Role::Muted, &count),
    ];
    let (middle, second) = hint_rows(banner, area, look);
    let width_left = |spans: &[Span<'_>]| usize::from(area.width).saturating_sub(width(spans) + 2);
    // The keys go where they hide nothing, and get fewer before they do.
    let mut sets = key_sets(state, banner, look);
    let fitting = sets.iter().find_map(|keys| match width(keys) {
        wide if wide <= width_left(&second) => Some((keys.clone(), false)),
        wide if wide <= width_left(&first) => Some((keys.clone(), true)),
        _ => None,
    });
    // The details hold the whole hint, so the way to them matters more than its end.
    let last = sets
        .pop()
        .filter(|_| area.width >= ROOM_FOR_KEYS)
        .unwrap_or_default();
    let (keys, beside_first) = fitting.unwrap_or((last, false));
    let narrowed = |area: Rect| Rect {
        width: area.width.saturating_sub(cells(width(&keys)) + 1),
        ..area
    };
    let rows = [row(area, 0), row(area, usize::from(area.height).max(2) - 1)];
    let buffer = frame.buffer_mut();
    if let Some(middle) = &middle {
        put(buffer, row(area, 1), middle, look);
    }
    put_right(buffer, rows[usize::from(!beside_first)], &keys, look);
    let (one, two) = if beside_first {
        (narrowed(rows[0]), rows[1])
    } else {
        (rows[0], narrowed(rows[1]))
    };
    put(buffer, one, &first, look);
    put(buffer, two, &second, look);
}

/// The hint, on a row above the last one too where there is one.
fn hint_rows(
    banner: &Banner,
    area: Rect,
    look: &Look<'_>,
) -> (Option<Vec<Span<'static>>>, Vec<Span<'static>>) {
    let columns = usize::from(area.width).saturating_sub(BANNER_INDENT + 1);
    let hint = look.clean(&banner.failure.hint);
    let indented = |line: &str| vec![Span::raw(" ".repeat(BANNER_INDENT)), look.plain(line)];
    match text::wrap(&hint, columns).as_slice() {
        [one, rest @ ..] if area.height > 2 && !rest.is_empty() => {
            (Some(indented(one)), indented(&rest.join(" ")))
        }
        _ => (None, indented(&hint)),
    }
}

/// The keys that help, all of them and then only the way to the details.
fn key_sets(state: &State, banner: &Banner, look: &Look<'_>) -> Vec<Vec<Span<'static>>> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    let details = hint(state, Action::ErrorDetails, "details", look);
    let mut sets = Vec::new();
    let credential_helps = matches!(
        banner.failure.kind,
        FailureKind::Authentication | FailureKind::NoCredential | FailureKind::Keyring
    );
    if credential_helps && state.screen != Screen::Setup {
        for label in ["re-enter credential", "re-enter"] {
            let mut both = details.clone();
            both.push(Span::raw("  "));
            both.extend(hint(state, Action::ReenterCredential, label, look));
            sets.push(both);
        }
    }
    if state.lost_name().is_some() {
        let mut both = details.clone();
        both.push(Span::raw("  "));
        both.extend(hint(state, Action::Browse, "list by its name", look));
        sets.push(both);
    }
    sets.push(details);
    for set in &mut sets {
        let context = state.context();
        let leave = look.keymap.key_for(context, Action::Back);
        if let Some(leave) = leave.filter(|_| context.is_text()) {
            // Letters are letters in a text field, so it has to be left first.
            set.insert(0, look.span(Role::Muted, " then "));
            set.insert(0, look.span(Role::Accent, &leave));
        }
        set.push(Span::raw(" "));
    }
    sets
}

fn hint(state: &State, action: Action, label: &str, look: &Look<'_>) -> Vec<Span<'static>> {
    let context = match state.context() {
        context if context.is_text() => Context::Commands,
        context => context,
    };
    hint_for(context, action, label, look).unwrap_or_default()
}
