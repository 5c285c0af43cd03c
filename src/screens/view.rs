//! Draws the whole terminal: header, screen, banner, overlay, footer.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::for_each_screen;
use crate::app::state::{Overlay, Screen, State};
use crate::domain::text;
use crate::layout;
use crate::theme::Theme;
use crate::ui::areas::{below, cells, first_rows, row};
use crate::ui::bars::{render_banner, render_footer};
use crate::ui::header::render_header;
pub use crate::ui::painter::{Drawn, LocalTime};
use crate::ui::painter::{Painter, RenderContext};

/// Draws the state. Returns where the selected row begins, for the terminal's hidden cursor, and where
/// the rows of lists are.
pub fn render(frame: &mut Frame<'_>, state: &State, theme: &Theme, local: LocalTime) -> Drawn {
    let area = frame.area();
    let ctx = RenderContext {
        keymap: &state.keymap,
        theme,
        ascii: state.ascii,
        calm: state.session.settings.calm,
        local,
    };
    let paint = &mut Painter::new(frame, &ctx);
    if area.width < layout::SMALLEST.0 || area.height < layout::SMALLEST.1 {
        render_too_small(paint, area);
        return Drawn::default();
    }
    let banner = state.banner_lines();
    let banner_rows = banner.as_ref().map_or(0, |banner| banner.lines.len());
    let (_, body_rows) = layout::body((area.width, area.height), cells(banner_rows));
    let body = first_rows(below(area, 1), usize::from(body_rows));
    let lower = below(area, usize::from(1 + body_rows));
    let footer = row(lower, banner_rows);
    render_header(paint, row(area, 0), state);
    paint.is_covered = state.overlay.is_some();
    render_screen(paint, body, state);
    if let Some(banner) = &banner {
        render_banner(paint, lower, banner, state.overlay.is_none());
    }
    render_overlay(paint, body, state);
    render_footer(paint, footer, state);
    paint.finish()
}

macro_rules! define_views {
    (
        screens { $($screen:ident: $module:ident,)* }
        overlays { $($overlay:ident $({ $field:ident: $type:ty })?: $folder:ident,)* }
    ) => {
        fn render_screen(paint: &mut Painter<'_, '_>, body: Rect, state: &State) {
            match state.screen {
                $(Screen::$screen => super::$module::view::render(paint, body, state),)*
            }
        }

        fn render_overlay(paint: &mut Painter<'_, '_>, body: Rect, state: &State) {
            match state.overlay {
                $(Some(Overlay::$overlay $({ $field })?) => {
                    super::$folder::view::render(paint, body, state $(, $field)?);
                })*
                None => {}
            }
        }
    };
}

for_each_screen!(define_views);

/// Draws the longest request for a larger terminal that fits.
///
/// ```text
/// tokenscope needs 40×10; this is 39×9
/// ```
fn render_too_small(paint: &mut Painter<'_, '_>, area: Rect) {
    let ctx = paint.ctx;
    let times = ctx.glyphs().times;
    let (width, height) = layout::SMALLEST;
    let needed = format!("{width}{times}{height}");
    let is = format!("{}{times}{}", area.width, area.height);
    let forms = [
        format!("tokenscope needs {needed}; this is {is}"),
        format!("needs {needed}; this is {is}"),
        format!("needs {needed}; is {is}"),
        format!("needs {needed}"),
        needed,
    ];
    let fits = |form: &&String| text::width(form) <= usize::from(area.width);
    if let Some(form) = forms.iter().find(fits) {
        paint.render_spans(row(area, 0), &[ctx.plain(form)]);
    }
}
