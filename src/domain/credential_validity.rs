//! Whether the credential itself is active, and until when: as the API verifies it.

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};

use super::status::{EvaluationContext, Lifecycle, Status};

/// The validity of an API token, as the API reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialValidity {
    /// The API's word. Untrusted text.
    pub word: String,
    pub end: CredentialEnd,
    /// When it began to be valid, if it has a beginning.
    pub start: Option<DateTime<Utc>>,
}

/// When a credential ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialEnd {
    Never,
    At(DateTime<Utc>),
    /// The API sent something that is no date.
    Unreadable,
}

impl CredentialValidity {
    /// A Global API key, which has no end.
    pub fn of_global_key() -> Self {
        Self {
            word: "active".to_owned(),
            end: CredentialEnd::Never,
            start: None,
        }
    }

    /// Reads the API's object; `None` without a status.
    pub fn parse(object: &Map<String, Value>) -> Option<Self> {
        let word = object.get("status")?.as_str()?.to_owned();
        let end = match object.get("expires_on") {
            None | Some(Value::Null) => CredentialEnd::Never,
            Some(end) => date(end).map_or(CredentialEnd::Unreadable, CredentialEnd::At),
        };
        let start = object.get("not_before").and_then(date);
        Some(Self { word, end, start })
    }

    /// When it ends, if that is known and it ends at all.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        match self.end {
            CredentialEnd::At(end) => Some(end),
            CredentialEnd::Never | CredentialEnd::Unreadable => None,
        }
    }

    /// Its status, by the rules and thresholds for tokens.
    pub fn status(&self, context: EvaluationContext) -> Status {
        match self.word.as_str() {
            "disabled" => Status::Disabled,
            "expired" => Status::Expired,
            "active" => Status::at(self.life(), context),
            _ => Status::Unknown,
        }
    }

    /// The dates that its status depends on while it is active.
    pub fn life(&self) -> Lifecycle {
        let expires_at = self.expires_at();
        Lifecycle {
            enabled: Some(true),
            forever: self.end == CredentialEnd::Never,
            expires_at,
            duration: expires_at
                .zip(self.start)
                .map(|(end, start)| end.signed_duration_since(start)),
        }
    }
}

/// Parses a date. Go's zero time means that there is none.
fn date(value: &Value) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc3339(value.as_str()?.trim()).ok()?;
    let date = date.with_timezone(&Utc);
    (date.year() > 1).then_some(date)
}
