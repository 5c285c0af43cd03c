//! The colours of a terminal, as values.

use ratatui::style::Color;

pub(crate) type Rgb = [u8; 3];

/// The value of a colour from 16 to 255, as xterm defines it.
///
/// # Panics
///
/// For the first sixteen, which the terminal's palette decides.
pub(crate) fn fixed(color: Color) -> Rgb {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Color::Indexed(index @ 16..) = color else {
        panic!("{color:?} has no fixed value");
    };
    if index >= 232 {
        return [8 + 10 * (index - 232); 3];
    }
    [36, 6, 1].map(|step| LEVELS[usize::from((index - 16) / step % 6)])
}
