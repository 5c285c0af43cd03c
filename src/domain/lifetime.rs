//! How much of its life a token has used up.

use chrono::{DateTime, Utc};

use super::status::Lifecycle;
use super::token::ServiceToken;

/// The part of the token's life that has gone by, 0 to 1, from its last renewal to its expiry.
///
/// Known only where the duration can be read and the renewal it implies lies between the creation
/// and now; a changed duration or a missing date would make the figure a lie.
#[must_use]
pub fn elapsed(token: &ServiceToken, now: DateTime<Utc>) -> Option<f64> {
    let end = Lifecycle::of(token).end()?;
    let length = token.duration.valid()?.length()?;
    let start = end.checked_sub_signed(length)?;
    let created = *token.created_at.valid()?;
    if length.num_milliseconds() <= 0 || created > start || start > now {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of a bar needs no more than f64's 52 bits"
    )]
    let share = now.signed_duration_since(start).num_milliseconds() as f64
        / length.num_milliseconds() as f64;
    Some(share.clamp(0.0, 1.0))
}
