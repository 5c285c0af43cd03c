//! Draws what the list of all profiles adds: how far it is, and what is missing from it.

use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::app::profile_reads::{Outcome, ProfileReads};
use crate::app::state::State;
use crate::domain::failure::Failure;
use crate::domain::text;

use crate::layout;
use crate::theme::Role;
use crate::ui::painter::{RenderContext, Spans, width};

/// The progress, as a part of a line.
///
/// ```text
/// 2 of 5 profiles, 120 tokens
/// ```
pub(crate) fn progress(state: &State) -> Option<String> {
    let (read, all) = state.list.profiles.as_ref()?.progress();
    let received = text::counted(state.list.progress.received, "token", "tokens");
    Some(format!("{read} of {all} profiles, {received}"))
}

/// What is missing, in one line, and the key that shows all failures. After a failure, also which
/// profiles were read.
///
/// ```text
/// ▲ not read: edge (HTTP 403) · read: prod, staging             e details
/// ```
pub(crate) fn note(state: &State, columns: usize, ctx: &RenderContext<'_>) -> Option<Spans> {
    let profiles = state.list.profiles.as_ref()?;
    let mut doubts = profiles.doubts();
    if doubts.is_empty() {
        return None;
    }
    let has_failed = profiles.failures().next().is_some();
    let read = profiles.read_names().join(", ");
    if has_failed && !read.is_empty() {
        doubts.push(format!("read: {read}"));
    }
    let glyphs = ctx.glyphs();
    let (role, symbol, key) = if has_failed {
        let key = ctx.hint(Context::Browse, Action::ErrorDetails, "details");
        (Role::Warning, glyphs.warning, key)
    } else {
        (Role::Muted, " ", Spans::new())
    };
    let room = columns.saturating_sub(3 + 2 + width(&key) + 1);
    let doubts = ctx.clean(&doubts.join(glyphs.dot)).into_owned();
    let mut spans = ctx.lead(role, symbol);
    spans.push(ctx.plain(&text::fit(&doubts, room, glyphs.ellipsis)));
    spans.push(Span::raw("  "));
    spans.extend(key);
    Some(spans)
}

/// Why profiles could not be read and what to do about it.
struct Reason<'a> {
    names: Vec<&'a str>,
    why: &'a str,
    hint: &'a str,
}

/// Each reason once, with the names of its profiles.
fn reasons(profiles: &ProfileReads) -> Vec<Reason<'_>> {
    let mut reasons: Vec<Reason<'_>> = Vec::new();
    for read in &profiles.reads {
        let Outcome::Failed { reason, failure } = &read.outcome else {
            continue;
        };
        let (why, hint) = (reason.as_str(), failure.hint.text.as_str());
        let name = read.origin.profile.as_str();
        let is_it = |it: &&mut Reason<'_>| (it.why, it.hint) == (why, hint);
        match reasons.iter_mut().find(is_it) {
            Some(known) => known.names.push(name),
            None => reasons.push(Reason {
                names: vec![name],
                why,
                hint,
            }),
        }
    }
    reasons
}

/// The text in place of the rows of an empty list, wrapped: that nothing could be read and why,
/// with the next step, or that nothing is listed and what is missing.
///
/// ```text
/// ✖ Neither profile could be read.
///   prod, staging: The keyring is locked.
///   Unlock it, or set CLOUDFLARE_API_TOKEN.
/// ```
pub(crate) fn nothing(
    state: &State,
    columns: usize,
    ctx: &RenderContext<'_>,
) -> Option<Vec<Spans>> {
    let list = &state.list;
    let profiles = list.profiles.as_ref()?;
    if list.extent.value().is_none() && list.extent.failure().is_none() {
        return None;
    }
    let failures: Vec<&Failure> = profiles.failures().collect();
    let all = profiles.reads.len() + profiles.without_scope.len();
    let read = profiles.read_names();
    let glyphs = ctx.glyphs();
    let blank = (Role::Muted, " ");
    let mark = match (failures.is_empty(), read.is_empty()) {
        (true, _) => blank,
        (false, true) => (Role::Critical, glyphs.critical),
        (false, false) => (Role::Warning, glyphs.warning),
    };
    let what = match (failures.is_empty(), read.len(), all) {
        (true, _, 1) => "No service tokens in 1 profile.".to_owned(),
        (true, _, _) => format!("No service tokens in {all} profiles."),
        (false, 0, 1) => "The profile could not be read.".to_owned(),
        (false, 0, 2) => "Neither profile could be read.".to_owned(),
        (false, 0, _) => format!("None of the {all} profiles could be read."),
        (false, _, _) => {
            format!(
                "No service tokens in what could be read: {}.",
                read.join(", ")
            )
        }
    };
    let columns = columns.saturating_sub(2);
    let text = |mark, role, text: &str| {
        let lines = layout::marked(mark, role, &ctx.clean(text), columns);
        ctx.lines(&lines)
    };
    let mut lines = text(mark, Some(Role::Strong), &what);
    let reasons = reasons(profiles);
    for (at, Reason { names, why, hint }) in reasons.iter().enumerate() {
        lines.extend(text(blank, None, &format!("{}: {why}", names.join(", "))));
        // The same next step is said once, after the last reason for it.
        let is_last = !reasons[at + 1..].iter().any(|later| later.hint == *hint);
        if is_last && !hint.is_empty() {
            lines.extend(text(blank, Some(Role::Muted), hint));
        }
    }
    if failures.is_empty() || !read.is_empty() {
        let failed = usize::from(!failures.is_empty());
        let others = profiles.doubts().into_iter().skip(failed);
        let others = others.collect::<Vec<_>>().join(glyphs.dot);
        if !others.is_empty() {
            lines.extend(text(blank, Some(Role::Muted), &others));
        }
    }
    // As wide as each other, so that they are centred as a block.
    let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    for line in &mut lines {
        let blank = widest.saturating_sub(width(line));
        line.push(Span::raw(" ".repeat(blank)));
    }
    Some(lines)
}
