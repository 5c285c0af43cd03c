//! A calendar of expiries after RFC 5545: one event a token, with alarms at its thresholds.
//!
//! The ID of an event is that of its token, so that a calendar imported again moves the event of a
//! token that was renewed instead of adding another one.

use std::io::{self, Write};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike};

use crate::domain::list_report::{ListReport, Origin, Origins};
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle};
use crate::domain::text;
use crate::domain::token::ServiceToken;

/// Writes the calendar. Tokens that never expire or are disabled have no event, nor have those that are
/// [`left_out`].
///
/// # Errors
/// The writer's.
pub fn list(out: &mut impl Write, report: &ListReport) -> io::Result<()> {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//tokenscope//Access service tokens//EN"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("METHOD", "PUBLISH"))
        .append_property(("X-WR-CALNAME", "Access service tokens"));
    for (at, token) in report.tokens.iter().enumerate() {
        let scope = match (&report.origin, report.origin_of(at)) {
            (_, Some(Origin { scope, .. })) | (Origins::Scope(scope), None) => Some(scope),
            (Origins::Profiles { .. }, None) => None,
        };
        if let Some(event) = event(token, scope, report.context) {
            calendar.push(event);
        }
    }
    write!(out, "{calendar}")
}

/// How many tokens may expire unseen: they have no date, or nothing that identifies their event.
pub fn left_out(report: &ListReport) -> usize {
    let may_expire = |life: &Lifecycle| !life.is_disabled() && !life.forever;
    let tokens = report.tokens.iter();
    let is_left_out =
        |token: &&Arc<ServiceToken>| may_expire(&Lifecycle::of(token)) && instant(token).is_none();
    tokens.filter(is_left_out).count()
}

/// When a token's event takes place, if it has one.
fn instant(token: &ServiceToken) -> Option<DateTime<Utc>> {
    let life = Lifecycle::of(token);
    let has_event = !life.is_disabled() && !identity(token).is_empty();
    life.end().filter(|_| has_event)
}

/// The ID, or the client ID of a token without one.
fn identity(token: &ServiceToken) -> String {
    let ids = [token.id_text(), token.client_id_text()];
    let mut ids = ids.into_iter().map(text::line);
    ids.find(|id| !id.is_empty()).unwrap_or_default().into()
}

fn event(token: &ServiceToken, scope: Option<&Scope>, context: EvaluationContext) -> Option<Event> {
    let end = instant(token)?;
    let (id, name) = (identity(token), text::line(token.name_text()));
    let name = if name.is_empty() { &*id } else { &*name };
    let summary = format!("Access service token {name} expires");
    let mut lines = vec![
        "Every request with it is refused from then on. Renew it before (same secret, a year more), \
         or rotate it with a grace period."
            .to_owned(),
        format!("ID: {}", text::line(token.id_text())),
        format!("Client ID: {}", text::line(token.client_id_text())),
    ];
    lines.extend(scope.map(|scope| format!("Scope: {scope}")));
    let mut event = Event::new();
    event
        .uid(&format!("{id}@tokenscope"))
        .timestamp(context.now)
        .starts(end)
        .summary(&summary)
        .description(&lines.join("\n"))
        // Nobody is busy at that time.
        .add_property("TRANSP", "TRANSPARENT");
    if let Some(scope) = scope {
        event.url(&scope.dashboard_url());
    }
    let thresholds = context
        .thresholds
        .for_duration(Lifecycle::of(token).duration);
    let critical = Some(thresholds.critical).filter(|critical| *critical != thresholds.warn);
    for before in [thresholds.warn].into_iter().chain(critical) {
        let mut alarm = Alarm::display(&summary, -before);
        // Without these it takes a random ID and the clock.
        alarm
            .uid(&format!("{id}-{}@tokenscope", before.num_seconds()))
            .timestamp(context.now);
        event.alarm(alarm);
    }
    Some(event.done())
}
