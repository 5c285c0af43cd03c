//! Draws the whole terminal: header, screen, banner, overlay, footer.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{
    browse, choice, confirm, detail, error_details, help, lookup, picker, profiles, setup,
};
use crate::app::state::{Overlay, Screen, State};
use crate::domain::text;
use crate::layout;
use crate::theme::Theme;
use crate::ui::list::{below, first_rows, render_spans, row};
pub use crate::ui::render_context::LocalTime;
use crate::ui::render_context::RenderContext;
use crate::ui::{banner, footer, header};

/// Draws a state.
pub fn render(frame: &mut Frame<'_>, state: &State, theme: &Theme, local: LocalTime) {
    let ctx = &RenderContext {
        keymap: &state.keymap,
        theme,
        ascii: state.ascii,
        local,
    };
    let area = frame.area();
    if area.width < layout::SMALLEST.0 || area.height < layout::SMALLEST.1 {
        render_too_small(frame.buffer_mut(), area, ctx);
        return;
    }
    let banner_rows = state.banner_rows();
    let (_, body_rows) = layout::body((area.width, area.height), banner_rows);
    let body = first_rows(below(area, 1), usize::from(body_rows));
    let lower = below(area, usize::from(1 + body_rows));
    let footer = row(lower, usize::from(banner_rows));
    header::render(frame.buffer_mut(), row(area, 0), state, ctx);
    match state.screen {
        Screen::Setup => setup::view::render(frame, body, state, ctx),
        Screen::Lookup => lookup::view::render(frame, body, state, ctx),
        Screen::Browse => browse::view::render(frame, body, state, ctx),
        Screen::Profiles => profiles::view::render(frame, body, state, ctx),
        Screen::Detail => detail::view::render(frame, body, state, ctx),
    }
    banner::render(frame.buffer_mut(), lower, state, ctx);
    match state.overlay {
        Some(Overlay::Help { top }) => help::view::render(frame, body, state, top, ctx),
        Some(Overlay::ErrorDetails { top }) => {
            error_details::view::render(frame, body, state, top, ctx);
        }
        Some(Overlay::Picker) => picker::view::render(frame, body, state, ctx),
        Some(Overlay::Confirm) => confirm::view::render(frame, body, state, ctx),
        Some(Overlay::Choice { selected }) => {
            choice::view::render(frame, body, state, selected, ctx);
        }
        None => {}
    }
    footer::render(frame.buffer_mut(), footer, state, ctx);
}

/// Draws the longest form of the request for room that fits.
///
/// ```text
/// tokenscope needs at least 40×10 (this is 30×8)
/// ```
fn render_too_small(buffer: &mut Buffer, area: Rect, ctx: &RenderContext<'_>) {
    let times = ctx.glyphs().times;
    let (width, height) = layout::SMALLEST;
    let needed = format!("{width}{times}{height}");
    let is = format!("{}{times}{}", area.width, area.height);
    let forms = [
        format!("tokenscope needs at least {needed} (this is {is})"),
        format!("needs {needed} (this is {is})"),
        format!("needs {needed}, is {is}"),
        format!("needs {needed}"),
        needed,
    ];
    let fits = |form: &&String| text::width(form) <= usize::from(area.width);
    if let Some(form) = forms.iter().find(fits) {
        render_spans(buffer, row(area, 0), &[ctx.plain(form)], ctx);
    }
}
