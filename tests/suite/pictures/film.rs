//! A picture as a file: a still, or frames that CSS alternates. It has colours for a dark and a
//! light page, loads nothing and runs no script.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use super::grid::{CAPTION, FRAME, PAGE};
use super::shapes::{CELL, number};
use super::svg::{Colors, Element, Layer, escaped};

/// The space around the screen.
const MARGIN: f32 = 14.0;

/// The height of the bar above the screen.
const BAR: f32 = 38.0;

/// The rules common to all pictures.
const STYLE: &str = "\
text{fill:currentColor;font:15px ui-monospace,SFMono-Regular,Menlo,\"Cascadia Mono\",Consolas,\
\"DejaVu Sans Mono\",\"Liberation Mono\",monospace}\
path,rect{fill:currentColor}\
.l,.h{fill:none;stroke:currentColor;stroke-width:1.2}\
.h{stroke-width:2.6}\
.b{font-weight:bold}\
.m{text-anchor:middle}";

/// A screen and how long it is shown.
pub(crate) struct Frame {
    pub(crate) elements: Vec<Element>,
    pub(crate) lasts: Duration,
}

/// A picture without its frames.
pub(crate) struct Picture {
    /// The text for screen readers.
    pub(crate) title: String,
    /// Columns and rows.
    pub(crate) size: (u16, u16),
    /// The frame to show if nothing moves.
    pub(crate) poster: usize,
}

impl Picture {
    /// The file of a picture.
    pub(crate) fn file(&self, frames: &[Frame], colors: &mut Colors) -> String {
        let width = f32::from(self.size.0) * CELL.0 + 2.0 * MARGIN;
        let height = f32::from(self.size.1) * CELL.1 + BAR + MARGIN;
        let [page, frame, caption] = [PAGE, FRAME, CAPTION].map(|color| colors.class(color));
        let (style, screen) = self.screen(frames);
        let title = escaped(&self.title);
        let [middle, inner_width, inner_height] =
            [width / 2.0, width - 1.0, height - 1.0].map(number);
        let [width, height] = [width, height].map(number);
        let outline =
            format!(r#"x=".5" y=".5" width="{inner_width}" height="{inner_height}" rx="8""#);
        let (dark, light) = (colors.rules(0), colors.rules(1));
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title">
<title id="title">{title}</title>
<style>{STYLE}{dark}@media (prefers-color-scheme:light){{{light}}}{style}</style>
<rect class="{page}" {outline}/>
<rect class="{frame} l" {outline}/>
<text class="{caption} m" x="{middle}" y="24">tokenscope --demo</text>
<g transform="translate({MARGIN} {BAR})">
{screen}</g>
</svg>
"#
        )
    }

    /// The rules that alternate frames, and the elements. Elements shared by several frames appear
    /// once.
    fn screen(&self, frames: &[Frame]) -> (String, String) {
        let mut shown: BTreeMap<&Element, Vec<bool>> = BTreeMap::new();
        for (index, frame) in frames.iter().enumerate() {
            for element in &frame.elements {
                let shown = shown
                    .entry(element)
                    .or_insert_with(|| vec![false; frames.len()]);
                shown[index] = true;
            }
        }
        let mut groups: BTreeMap<(Layer, Vec<bool>), Vec<&str>> = BTreeMap::new();
        for (element, shown) in shown {
            groups
                .entry((element.layer, shown))
                .or_default()
                .push(&element.markup);
        }
        let mut turns: Vec<Vec<bool>> = Vec::new();
        let mut screen = String::new();
        for ((_, shown), elements) in groups {
            let elements = elements.join("\n");
            if shown.iter().all(|is_shown| *is_shown) {
                screen.push_str(&elements);
                screen.push('\n');
                continue;
            }
            let known = turns.iter().position(|it| *it == shown);
            let turn = known.unwrap_or_else(|| {
                turns.push(shown);
                turns.len() - 1
            });
            let _infallible = writeln!(screen, "<g class=\"a v{turn}\">\n{elements}\n</g>");
        }
        (self.turns(frames, &turns), screen)
    }

    /// The rules for groups of elements that only some frames show.
    fn turns(&self, frames: &[Frame], turns: &[Vec<bool>]) -> String {
        if turns.is_empty() {
            return String::new();
        }
        let whole: Duration = frames.iter().map(|frame| frame.lasts).sum();
        let seconds = whole.as_secs_f64();
        let mut rules = format!(
            ".a{{animation-duration:{seconds}s;animation-timing-function:step-end;animation-iteration-count:infinite}}"
        );
        let word = |is_shown: bool| if is_shown { "visible" } else { "hidden" };
        for (index, shown) in turns.iter().enumerate() {
            let poster = word(shown[self.poster]);
            let _infallible = write!(
                rules,
                ".v{index}{{visibility:{poster};animation-name:v{index}}}@keyframes v{index}{{"
            );
            let mut passed = Duration::ZERO;
            let mut before = None;
            for (frame, is_shown) in frames.iter().zip(shown) {
                if before != Some(is_shown) {
                    let part = 100.0 * passed.as_secs_f64() / seconds;
                    let _infallible = write!(rules, "{part:.3}%{{visibility:{}}}", word(*is_shown));
                }
                before = Some(is_shown);
                passed += frame.lasts;
            }
            rules.push('}');
        }
        rules.push_str("@media (prefers-reduced-motion:reduce){.a{animation:none}}");
        rules
    }
}
