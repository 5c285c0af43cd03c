//! A string inside raw JSON, kept as its place there: lists hold tens of thousands of tokens, and
//! each would keep its ID, client ID and name twice.
//!
//! Not here: which value a piece is of.

use super::raw::RawJson;

/// A string of some raw JSON, which has to be at hand to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawStr(Source);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Raw { start: u32, end: u32 },
    Decoded(Box<str>),
}

impl RawStr {
    /// A JSON string that is among the raw JSON's members and has no escapes; nothing for others.
    #[must_use]
    pub fn within(raw: &RawJson, value: &str) -> Option<Self> {
        let text = value.strip_prefix('"')?.strip_suffix('"')?;
        let range = raw.range_of(text)?;
        let source = Source::Raw {
            start: u32::try_from(range.start).ok()?,
            end: u32::try_from(range.end).ok()?,
        };
        (!text.contains('\\')).then_some(Self(source))
    }

    /// A string that the raw JSON has in another form.
    #[must_use]
    pub fn decoded(text: &str) -> Self {
        Self(Source::Decoded(text.into()))
    }

    /// The text, given the raw JSON that it is a piece of.
    #[must_use]
    pub fn text<'a>(&'a self, raw: &'a RawJson) -> &'a str {
        match &self.0 {
            Source::Raw { start, end } => raw
                .as_str()
                .get(*start as usize..*end as usize)
                .unwrap_or(""),
            Source::Decoded(text) => text,
        }
    }
}
