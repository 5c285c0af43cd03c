//! What the API tells about a credential: whether it is active and until when, and which parts of a scope
//! it may read.

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};

use super::access::map::Part;
use super::failure::{Failure, FailureKind};
use super::status::{EvaluationContext, Lifecycle, Status};

/// The validity of a credential according to the API, and the parts that it may read.
#[derive(Debug, Clone)]
pub struct CredentialSurvey {
    /// Whether it is active, or why that is not known; `None` for a Global API key, which cannot be
    /// verified.
    pub validity: Option<Result<CredentialValidity, Failure>>,
    /// One for each part, in the order of [`Part::ALL`].
    pub samples: Vec<PartSample>,
}

impl CredentialSurvey {
    /// The survey if nothing could be asked.
    pub fn failed(failure: &Failure) -> Self {
        let failure = failure.clone().scrubbed();
        let sample = |part| PartSample {
            part,
            state: SampleState::Failed(failure.clone()),
            count: None,
        };
        Self {
            samples: Part::ALL.map(sample).into(),
            validity: Some(Err(failure.clone())),
        }
    }

    /// Whether the part is readable and has something to read.
    pub fn may_read(&self, part: Part) -> bool {
        let mut of_part = self.samples.iter().filter(|sample| sample.part == part);
        of_part.any(PartSample::is_readable)
    }

    /// Whether the credential can list service tokens, and sees some.
    pub fn may_list_tokens(&self) -> bool {
        self.may_read(Part::Tokens)
    }
}

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

/// Whether a part can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSample {
    pub part: Part,
    pub state: SampleState,
    /// How many entries the API says there are, if it says so.
    pub count: Option<usize>,
}

/// The outcome of reading one entry of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleState {
    Readable,
    /// Nothing is visible. A credential without the permission may get the same answer.
    Empty,
    Failed(Failure),
    /// The scope has no such part.
    NotAsked,
}

impl PartSample {
    /// The word used in JSON.
    pub fn code(&self) -> &'static str {
        match &self.state {
            SampleState::Readable => "readable",
            SampleState::Empty => "empty",
            SampleState::Failed(failure) if failure.kind == FailureKind::Permission => "refused",
            SampleState::Failed(_) => "failed",
            SampleState::NotAsked => "not_asked",
        }
    }

    /// The permission that is missing, if the API refused and its documentation names one.
    pub fn permission(&self) -> Option<&'static str> {
        let is_refused = self
            .failure()
            .is_some_and(|failure| failure.kind == FailureKind::Permission);
        self.part.permission().filter(|_| is_refused)
    }

    /// Why it could not be read.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.state {
            SampleState::Failed(failure) => Some(failure),
            SampleState::Readable | SampleState::Empty | SampleState::NotAsked => None,
        }
    }

    /// Whether there is something to read.
    pub fn is_readable(&self) -> bool {
        self.state == SampleState::Readable
    }
}
