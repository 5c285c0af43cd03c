//! What the API says about a credential, as rows of a label and a value.

use super::table::{LabelledRow, row};
use crate::domain::access::map::Part;
use crate::domain::credential_survey::{
    CredentialEnd, CredentialSurvey, CredentialValidity, PartSample, SampleState,
};
use crate::domain::failure::Failure;
use crate::domain::status::Tone;
use crate::formats::rfc3339;

/// The rows: the credential, each part, and what works therefore.
pub(super) fn rows(status: &CredentialSurvey) -> Vec<LabelledRow> {
    let mut rows = vec![validity(status.validity.as_ref())];
    rows.extend(status.samples.iter().map(sample));
    let (works, limits) = commands(status);
    if !works.is_empty() {
        rows.push(row("Works", works.join(", ")));
    }
    if !limits.is_empty() {
        rows.push(row("Limited", limits.join("; ")));
    }
    rows
}

fn validity(validity: Option<&Result<CredentialValidity, Failure>>) -> LabelledRow {
    let (value, tone) = match validity {
        None => (
            "not known: a Global API key never expires and cannot be verified".to_owned(),
            None,
        ),
        Some(Err(failure)) => (
            format!("not known: {} {}", failure.summary, failure.hint),
            Some(Tone::Warning),
        ),
        Some(Ok(validity)) if validity.word == "active" => {
            let end = match validity.end {
                CredentialEnd::Never => "yes, without an end".to_owned(),
                CredentialEnd::At(end) => format!("yes, until {}", rfc3339(end)),
                CredentialEnd::Unreadable => "yes; its end is not a date".to_owned(),
            };
            (end, Some(Tone::Calm))
        }
        Some(Ok(validity)) => (format!("no: {}", validity.word), Some(Tone::Critical)),
    };
    ("Active".to_owned(), value, tone)
}

fn sample(sample: &PartSample) -> LabelledRow {
    let (value, tone) = match &sample.state {
        SampleState::Readable => {
            let count = sample
                .count
                .map_or_else(String::new, |count| format!(", {count} visible"));
            (format!("readable{count}"), Some(Tone::Calm))
        }
        SampleState::Empty if matches!(sample.part, Part::Doh) => {
            ("readable, not set".to_owned(), Some(Tone::Calm))
        }
        SampleState::Empty => (
            "nothing visible: empty, or hidden from this credential".to_owned(),
            Some(Tone::Warning),
        ),
        SampleState::Failed(failure) => {
            let value = match (sample.code(), sample.permission()) {
                ("refused", Some(permission)) => format!("refused: needs {permission}"),
                (code, _) => format!("{code}: {}", failure.summary),
            };
            (value, Some(Tone::Critical))
        }
        SampleState::NotAsked => ("not asked: only an account has this".to_owned(), None),
    };
    (sample.part.title().to_owned(), value, tone)
}

/// Lists the features that work, and those that work only in part or not at all.
fn commands(status: &CredentialSurvey) -> (Vec<&'static str>, Vec<String>) {
    let (mut works, mut limits) = (Vec::new(), Vec::new());
    if status.may_list_tokens() {
        works.extend(["get", "list", "check", "the screens"]);
    } else {
        limits.push("get, list, check and the screens see no token".to_owned());
    }
    let is_unread = |part: &Part| {
        let mut samples = status.samples.iter();
        samples.any(|it| it.part == *part && it.failure().is_some())
    };
    let mut lacks = |parts: &[Part], what: &str| {
        let unread = parts.iter().filter(|part| is_unread(part));
        let unread: Vec<&str> = unread.map(|part| part.label()).collect();
        if !unread.is_empty() {
            limits.push(format!("{what} without {}", unread.join(", ")));
        }
        unread.is_empty()
    };
    let is_whole = lacks(&Part::OF_VERDICTS, "uses: verdicts are incomplete");
    let deletion = [Part::Doh, Part::DeviceProfiles, Part::Hyperdrive];
    lacks(&deletion, "uses: what may be deleted is not known");
    lacks(
        &[Part::Organization],
        "uses: strict mode and clean-up are not known",
    );
    lacks(&[Part::Alerts], "uses: who is told is not known");
    let is_asked = |sample: &PartSample| sample.state != SampleState::NotAsked;
    if !status.samples.iter().all(is_asked) {
        let unknown = "uses: in a zone, what may be deleted and who is told are not known";
        limits.push(unknown.to_owned());
    }
    let sees_some = Part::OF_VERDICTS
        .into_iter()
        .any(|part| status.may_read(part));
    if is_whole && sees_some {
        works.push("uses");
    } else if is_whole {
        limits.push("uses: no app, policy or group is visible".to_owned());
    }
    works.push("probe");
    (works, limits)
}
