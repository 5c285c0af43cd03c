//! The contrast of every theme, computed from the fixed colours of its roles.

use ratatui::style::Color;
use tokenscope::theme::{ColorDepth, Role, Theme};

use crate::support::palette::{Rgb, fixed};

const ON_DARK: [Rgb; 3] = [[0; 3], [0x1e; 3], [0x00, 0x2b, 0x36]];
const WHITE: Rgb = [0xff; 3];
const CREAM: Rgb = [0xfd, 0xf6, 0xe3];

/// Relative luminance as WCAG 2 defines it.
fn luminance(color: Rgb) -> f64 {
    let [red, green, blue] = color.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.03928 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The contrast ratio as WCAG 2 defines it.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The minimum contrast of a role's text, relative to that of status text.
fn least(role: Role, status: f64) -> f64 {
    match role {
        Role::Muted | Role::Label => 3.0,
        Role::Border => 1.5,
        _ => status,
    }
}

fn check(theme: &str, background: Rgb, status: f64) {
    let styles = Theme::named(theme, ColorDepth::Fixed).unwrap();
    for role in Role::ALL {
        let style = styles.style(role);
        // Text without a colour of its own has the terminal's.
        let Some(fg) = style.fg else { continue };
        let bg = style.bg.map_or(background, fixed);
        let (found, least) = (contrast(fixed(fg), bg), least(role, status));
        assert!(
            found >= least,
            "{theme}, {role:?} on {background:?}: {found:.2}, not {least}"
        );
    }
}

#[test]
fn every_role_of_the_dark_themes_is_readable_on_dark_backgrounds() {
    for theme in ["dark", "colorblind"] {
        for background in ON_DARK {
            check(theme, background, 4.5);
        }
    }
}

#[test]
fn every_role_of_the_light_theme_is_readable_on_light_backgrounds() {
    check("light", WHITE, 4.5);
    check("light", CREAM, 4.0);
}

/// On the bar, the symbol keeps the colour of its status.
#[test]
fn every_status_is_readable_on_the_selected_row() {
    for theme in ["dark", "light", "colorblind"] {
        let styles = Theme::named(theme, ColorDepth::Fixed).unwrap();
        let bar = fixed(styles.style(Role::Selected).bg.unwrap());
        for role in [Role::Calm, Role::Warning, Role::Critical, Role::Accent] {
            let found = contrast(fixed(styles.style(role).fg.unwrap()), bar);
            assert!(found >= 4.0, "{theme}, {role:?}: {found:.2}");
        }
    }
}

#[test]
fn no_role_is_dim() {
    for theme in Theme::names() {
        for depth in [ColorDepth::Basic, ColorDepth::Fixed] {
            let styles = Theme::named(theme, depth).unwrap();
            for role in Role::ALL {
                let modifiers = styles.style(role).add_modifier;
                let dim = ratatui::style::Modifier::DIM;
                assert!(!modifiers.contains(dim), "{theme}, {role:?}");
            }
        }
    }
}

#[test]
fn sixteen_colour_terminals_keep_their_palette() {
    for theme in Theme::names() {
        let styles = Theme::named(theme, ColorDepth::Basic).unwrap();
        for role in Role::ALL {
            let style = styles.style(role);
            assert_eq!(style.bg, None, "{theme}, {role:?}");
            let is_fixed = matches!(style.fg, Some(Color::Indexed(_) | Color::Rgb(..)));
            assert!(!is_fixed, "{theme}, {role:?}");
        }
    }
}
