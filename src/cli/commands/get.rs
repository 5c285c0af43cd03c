//! The command that shows one token.

use std::sync::Arc;

use crate::cli::args::Get;
use crate::cli::fetch::Fetcher;
use crate::cli::output::OutputFormat;
use crate::cli::output::Report;
use crate::cli::output::print::{Output, print};
use crate::domain::failure::{Failure, FailureKind, and_more, misplaced};
use crate::domain::text;
use crate::domain::token::{InvalidTokenRef, ServiceToken, TokenRef};
use crate::startup::Context;

/// A hint lists at most this many IDs.
const MOST_IDS: usize = 10;

pub(super) async fn get(context: Context, wanted: &Get, out: &mut Output) -> Result<u8, Failure> {
    let token = parse(&wanted.token)?;
    let fetcher = Fetcher::connect(context).await?;
    let access = fetcher.access(token.scope())?;
    let found = fetcher.look_up(&access, &token).await?;
    let [one] = found.value.as_slice() else {
        return Err(ambiguous(&found.value, &token));
    };
    let is_table = wanted.output == OutputFormat::Table;
    let report = Report::Token {
        token: one,
        scope: &access.scope,
        context: fetcher.evaluation_context(found.clock, is_table),
    };
    print(report, wanted.output, out, fetcher.context.style)?;
    Ok(0)
}

/// Parses a token reference.
pub(super) fn parse(text: &str) -> Result<TokenRef, Failure> {
    TokenRef::parse(text).map_err(|error| match error {
        InvalidTokenRef::Secret => misplaced(),
        InvalidTokenRef::Empty => Failure::new(
            FailureKind::Usage,
            // Not repeated: a URL may hold a secret.
            format!("Invalid token reference: {error}."),
            "Pass an ID, a client ID, an exact name, or a URL that contains the ID.",
        ),
    })
}

/// The failure if several tokens match.
pub(super) fn ambiguous(tokens: &[Arc<ServiceToken>], token: &TokenRef) -> Failure {
    let what = match token {
        TokenRef::Name(_) => "name",
        TokenRef::ClientId(_) => "client ID",
        TokenRef::Digits(_) => "ID or client ID",
        TokenRef::Id(_) | TokenRef::Url { .. } => "ID",
    };
    let first = tokens.iter().take(MOST_IDS);
    let mut ids: Vec<_> = first
        .map(|token| text::beginning(token.id_text()))
        .collect();
    let more = tokens.len().saturating_sub(MOST_IDS);
    let more = (more > 0).then(|| and_more(more));
    ids.extend(more.as_deref());
    Failure::new(
        FailureKind::Ambiguous,
        format!("{} service tokens have this {what}.", tokens.len()),
        format!("Use one of their IDs: {}.", ids.join(", ")),
    )
}
