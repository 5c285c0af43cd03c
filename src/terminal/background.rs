//! The terminal's background colour: the question (OSC 11) and its answer.

/// Asks for the background colour.
pub const QUESTION: &str = "\x1b]11;?\x1b\\";

/// The start of an answer, after its introducer.
pub(super) const ANSWER: &[u8] = b"11;rgb";

/// The longest answer: `11;rgba:ffff/ffff/ffff/ffff`.
pub(super) const LONGEST: usize = 32;

/// Whether text reads better in bright or in dark colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// Whether bytes may be the beginning of an answer.
pub(super) fn is_part(text: &[u8]) -> bool {
    let is_begun = ANSWER.starts_with(text) || text.starts_with(ANSWER);
    let fits = |byte: &u8| byte.is_ascii_hexdigit() || b"11;rgba:/".contains(byte);
    is_begun && text.len() <= LONGEST && text.iter().all(fits)
}

/// Reads an answer such as `11;rgb:1e1e/1e1e/1e1e`.
pub(super) fn parse(text: &[u8]) -> Option<Background> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("11;rgb")?;
    let mut channels = text
        .strip_prefix('a')
        .unwrap_or(text)
        .strip_prefix(':')?
        .split('/');
    let mut next = || channel(channels.next()?);
    let (red, green, blue) = (next()?, next()?, next()?);
    // The weights of ITU-R BT.601.
    let luma = (299 * red + 587 * green + 114 * blue) / 1000;
    Some(if luma < FULL / 2 {
        Background::Dark
    } else {
        Background::Light
    })
}

/// The largest value of a channel.
const FULL: u32 = 0xFFFF;

/// A channel of one to four hexadecimal digits, scaled to [`FULL`].
fn channel(digits: &str) -> Option<u32> {
    let length = u32::try_from(digits.len())
        .ok()
        .filter(|it| (1..=4).contains(it))?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some(value * FULL / (16_u32.pow(length) - 1))
}
