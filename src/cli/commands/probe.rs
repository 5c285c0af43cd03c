//! The command that sends a token to an app and says whose fault a refusal is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::auth::piped;
use super::get::{ambiguous, parse};
use crate::cli::args::Probe;
use crate::cli::error_report::warn;
use crate::cli::fetch::Fetcher;
use crate::cli::output::print::{Output, print};
use crate::cli::output::{OutputFormat, ProbeReport, Report};
use crate::cli::progress::Progress;
use crate::cli::prompt::{Purpose, answer, check_terminal};
use crate::config::log;
use crate::domain::access::conclusion::conclude;
use crate::domain::access::map::{AccessMap, Part};
use crate::domain::access::probe::{AppView, InvalidProbeUrl, PolicyView, ProbeUrl};
use crate::domain::access::token_pair::{
    Recognised, TokenHeader, TokenPair, is_same_client, read_client_id, read_secret,
};
use crate::domain::credential::{Access, Secret};
use crate::domain::failure::{Failure, FailureKind, misplaced};
use crate::domain::fetched::ServerClock;
use crate::domain::token::{ClientId, ServiceToken, TokenRef};
use crate::startup::Context;

/// The parts of the access map that decide whether an app opens for a token.
const PARTS: [Part; 4] = [Part::Apps, Part::Policies, Part::Groups, Part::Organization];

pub(super) async fn probe(
    context: Context,
    wanted: &Probe,
    out: &mut Output,
) -> Result<u8, Failure> {
    let url = parse_url(&wanted.url, context.flags.demo)?;
    let header = wanted.header.as_deref().map(parse_header).transpose()?;
    let named = wanted.token.as_deref().map(parse).transpose()?;
    let given = wanted.client_id.as_deref().map(read_client_id);
    let given = given.map(|read| said("--client-id", read)).transpose()?;
    let source = SecretSource::find(&context, wanted).await?;
    let fetcher = Fetcher::connect(context).await?;
    let known = source.client_id().or(given.as_ref());
    let subject = Subject::find(&fetcher, named.as_ref(), known, &url).await?;
    let client_id = one_client_id([
        ("--client-id", given.as_ref()),
        ("TOKEN", subject.client_id.as_ref()),
        (source.id_variable(), source.client_id()),
    ])?;
    let progress = Progress::of_app(fetcher.context.style.is_dumb, url.host());
    let pair = source.pair(&fetcher, &client_id, &url, &progress);
    let service = &fetcher.context.service;
    let probing = service.probe_url(&url, header.as_ref(), pair);
    let answers = progress.beside(probing).await?;
    answers.failure.iter().for_each(log::failed);
    let (policies, client_id) = (subject.policies.as_ref(), client_id.as_str());
    let conclusion = conclude(&url, &answers, policies, client_id);
    let is_table = wanted.output == OutputFormat::Table;
    let report = Report::Probe(ProbeReport {
        url: &url,
        token: subject.token.as_deref(),
        client_id,
        answers: &answers,
        policies,
        conclusion: &conclusion,
        checked_at: fetcher.evaluation_context(subject.clock, is_table).now,
    });
    print(report, wanted.output, out, fetcher.context.style)?;
    Ok(conclusion.exit_code())
}

fn usage(summary: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Usage, summary, hint.into())
}

/// Reads the URL. The demo answers for its own hosts alone.
fn parse_url(text: &str, is_demo: bool) -> Result<ProbeUrl, Failure> {
    let url = ProbeUrl::parse(text).map_err(|error| match error {
        InvalidProbeUrl::Secret => misplaced(),
        InvalidProbeUrl::Empty
        | InvalidProbeUrl::Malformed
        | InvalidProbeUrl::Scheme
        | InvalidProbeUrl::Credentials
        | InvalidProbeUrl::Token
        | InvalidProbeUrl::Star => usage(
            format!("The URL cannot be probed: {error}."),
            "Pass the address of the app, such as https://app.example.com/path.",
        ),
    })?;
    if is_demo && !url.is_of_demo() {
        return Err(usage(
            format!("The demo does not answer for {}.", url.host()),
            "Probe a host under example.com, such as https://deploy.example.com/hooks.",
        ));
    }
    Ok(url)
}

fn parse_header(text: &str) -> Result<TokenHeader, Failure> {
    TokenHeader::parse(text).ok_or_else(|| {
        usage(
            "--header is not the name of a header that an app can read a token from.",
            "Pass only the name, such as --header Authorization; the value comes from the token.",
        )
    })
}

/// The value, after a warning of what had to be put right.
fn said<T>(place: &str, read: Result<Recognised<T>, impl std::fmt::Display>) -> Result<T, Failure> {
    let read = read.map_err(|error| {
        usage(
            format!("{place} cannot be used: {error}."),
            "Copy the client ID and the secret again from where the token was made.",
        )
    })?;
    for remark in read.remarks {
        warn(&format!(
            "{place}: {remark}; a client that sends it as it is written there is refused."
        ));
    }
    Ok(read.value)
}

/// Where the secret comes from.
enum SecretSource {
    Stdin(Secret),
    Variables {
        pair: TokenPair,
        id_variable: &'static str,
    },
    Prompt,
}

impl SecretSource {
    /// Chooses the first source that is available. The demo reads no variables.
    async fn find(context: &Context, wanted: &Probe) -> Result<Self, Failure> {
        if wanted.secret_stdin {
            if wanted.token.is_none() && wanted.client_id.is_none() {
                return Err(usage(
                    "--secret-stdin brings the secret, but no client ID.",
                    "Add --client-id ID, or name the token.",
                ));
            }
            let text = piped(Duration::from_secs(context.flags.timeout)).await?;
            let secret = said("Standard input", read_secret(text.expose()))?;
            return Ok(Self::Stdin(secret));
        }
        let (set, purpose) = if context.flags.demo {
            (None, Purpose::DemoProbe)
        } else {
            (context.environment.token_pair()?, Purpose::Probe)
        };
        let Some(set) = set else {
            check_terminal(purpose)?;
            return Ok(Self::Prompt);
        };
        let client_id = said(set.id_variable, read_client_id(set.client_id))?;
        let secret = said(set.secret_variable, read_secret(set.secret.expose()))?;
        Ok(Self::Variables {
            pair: TokenPair { client_id, secret },
            id_variable: set.id_variable,
        })
    }

    fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Variables { pair, .. } => Some(&pair.client_id),
            Self::Stdin(_) | Self::Prompt => None,
        }
    }

    fn id_variable(&self) -> &'static str {
        match self {
            Self::Variables { id_variable, .. } => id_variable,
            Self::Stdin(_) | Self::Prompt => "",
        }
    }

    /// The pair to send. Asks for the secret if nothing else brought it.
    async fn pair(
        self,
        fetcher: &Fetcher,
        client_id: &ClientId,
        url: &ProbeUrl,
        progress: &Progress,
    ) -> Result<TokenPair, Failure> {
        let secret = match self {
            Self::Variables { pair, .. } => return Ok(pair),
            Self::Stdin(secret) => secret,
            Self::Prompt => {
                progress.pause();
                let label = format!("Secret of {client_id} for {} (not shown): ", url.host());
                let is_dumb = fetcher.context.style.is_dumb;
                let typed = answer(label, Purpose::Probe, is_dumb).await?;
                // The time spent typing does not count.
                fetcher.context.service.start_command();
                progress.go_on();
                said("The input", read_secret(typed.expose()))?
            }
        };
        Ok(TokenPair {
            client_id: client_id.clone(),
            secret,
        })
    }
}

/// The one client ID that all places agree on.
fn one_client_id(places: [(&str, Option<&ClientId>); 3]) -> Result<ClientId, Failure> {
    let mut named = places
        .into_iter()
        .filter_map(|(place, id)| Some((place, id?)));
    let Some((first, id)) = named.next() else {
        return Err(usage(
            "No token given to probe with.",
            "Name it or pass --client-id ID, with its secret on a terminal or by --secret-stdin; or set \
             CLOUDFLARE_ACCESS_CLIENT_ID and CLOUDFLARE_ACCESS_CLIENT_SECRET.",
        ));
    };
    match named.find(|(_, other)| !is_same_client(id.as_str(), other.as_str())) {
        Some((place, other)) => Err(usage(
            format!("{first} is {id}, but {place} is {other}."),
            "Probe with one token: correct or leave out one of them.",
        )),
        None => Ok(id.clone()),
    }
}

/// The token, as far as it could be looked up.
#[derive(Default)]
struct Subject {
    client_id: Option<ClientId>,
    token: Option<Arc<ServiceToken>>,
    policies: Option<PolicyView>,
    clock: ServerClock,
}

impl Subject {
    /// Looks the token and its policies up, if a credential may read them. That is needed only for a
    /// token that is not named by its client ID.
    async fn find(
        fetcher: &Fetcher,
        named: Option<&TokenRef>,
        known: Option<&ClientId>,
        url: &ProbeUrl,
    ) -> Result<Self, Failure> {
        let own = match named {
            Some(TokenRef::ClientId(id)) => Some(id.clone()),
            Some(digits @ TokenRef::Digits(_)) => ClientId::parse(&format!("{digits}.access")),
            Some(TokenRef::Id(_) | TokenRef::Url { .. } | TokenRef::Name(_)) | None => None,
        };
        let access = fetcher.access(named.and_then(TokenRef::scope));
        let reference = match (named, &own) {
            (Some(named), None) => {
                let access = access.map_err(needs_credential)?;
                return Self::read(fetcher, &access, named, url).await;
            }
            (Some(named), Some(_)) => Some(named.clone()),
            (None, _) => known.cloned().map(TokenRef::ClientId),
        };
        let unread = Self {
            client_id: own,
            ..Self::default()
        };
        let (Some(reference), Ok(access)) = (reference, access) else {
            return Ok(unread);
        };
        // The probe itself needs the rest of the time.
        let half = Duration::from_secs(fetcher.context.flags.timeout) / 2;
        let read = timeout(half, Self::read(fetcher, &access, &reference, url)).await;
        let why = match read {
            Ok(Ok(subject)) => return Ok(subject),
            Ok(Err(failure)) => {
                log::failed(&failure);
                failure.summary
            }
            Err(_) => "The API did not answer in time.".to_owned(),
        };
        warn(&format!(
            "{why} The probe goes on without the token's policies."
        ));
        Ok(unread)
    }

    async fn read(
        fetcher: &Fetcher,
        access: &Access,
        reference: &TokenRef,
        url: &ProbeUrl,
    ) -> Result<Self, Failure> {
        let mut map = AccessMap::new(access.scope.clone());
        let service = &fetcher.context.service;
        let progress = Progress::new(fetcher.context.style.is_dumb);
        let mut take = |answer| map.take(answer);
        let on_network = || progress.network();
        let reading = service.read_access(access, Some(reference), &PARTS, on_network, &mut take);
        let found = progress.beside(reading).await?;
        let [token] = found.value.as_slice() else {
            return Err(ambiguous(&found.value, reference));
        };
        let client_id = read_client_id(token.client_id_text()).map_err(|_| {
            Failure::new(
                FailureKind::InvalidResponse,
                "The API reports no client ID for this token.",
                "Pass the token's client ID instead of its name or ID.",
            )
        })?;
        let context = fetcher.evaluation_context(found.clock, false);
        let policies = PolicyView::of(&map, token, context, url);
        if policies.app == AppView::HostNotListed {
            warn(&format!(
                "no app that this credential sees has the host {}.",
                url.host()
            ));
        }
        Ok(Self {
            client_id: Some(client_id.value),
            token: Some(Arc::clone(token)),
            policies: Some(policies),
            clock: found.clock,
        })
    }
}

/// The failure if a token has to be looked up and no credential can do it.
fn needs_credential(mut failure: Failure) -> Failure {
    failure.kind = FailureKind::Usage;
    failure.hint = "A token's name or ID has to be looked up: give --client-id ID instead, or set \
                    CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID."
        .into();
    failure
}
