//! Maps a request to its answer: routes, paging, and the API's errors. Pure: no sockets, no waiting.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::Serialize;

use super::fixtures::{Contents, Fixtures, Item, Part};
use crate::domain::raw::RawJson;
use crate::domain::scope::{ScopeId, ScopeKind};
use crate::domain::token::TokenId;

/// A token whose requests fail with 403: the credential may not read it.
pub const FORBIDDEN_TOKEN: &str = "00000000-0000-4000-8000-000000000403";
/// A token whose requests fail with 404, like every unknown ID.
pub const MISSING_TOKEN: &str = "00000000-0000-4000-8000-000000000404";
/// A token whose requests fail with 429 and a pause of twenty seconds.
pub const LIMITED_TOKEN: &str = "00000000-0000-4000-8000-000000000429";
/// A token whose requests fail with 500.
pub const FAILING_TOKEN: &str = "00000000-0000-4000-8000-000000000500";
/// A token that exists, but whose requests take five seconds.
pub const SLOW_TOKEN: &str = "00000000-0000-4000-8000-000000005a10";

const BASE_PATH: &str = "/client/v4/";
const SLOW_REPLY: Duration = Duration::from_secs(5);
const RETRY_AFTER_SECONDS: u32 = 20;

/// A response to send.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: String,
    /// The value of `Retry-After`.
    pub(super) retry_after: Option<u32>,
    /// How long to wait before sending it.
    pub(super) delay: Duration,
}

/// The parts of a request that determine its answer.
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) is_authentic: bool,
}

/// Answers a request as the API does.
pub(super) fn answer(fixtures: &Fixtures, request: &Request<'_>) -> Answer {
    if request.method != Method::GET {
        return refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            10_405,
            "Method not allowed for this authentication scheme",
        );
    }
    if !request.is_authentic {
        return unauthorised();
    }
    let Some(rest) = request.path.strip_prefix(BASE_PATH) else {
        return no_route(request.path);
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let query = Query::parse(request.query);
    let found = match segments.as_slice() {
        ["user", "tokens", "verify"] => Some(verified(fixtures)),
        [scopes] => scope_kind(scopes).map(|kind| list_scopes(fixtures, kind, &query)),
        [scopes, scope, path @ ..] => scope_kind(scopes)
            .filter(|_| ScopeId::parse(scope).is_ok())
            .and_then(|kind| in_scope(fixtures, (kind, scope), path, &query)),
        [] => None,
    };
    found.unwrap_or_else(|| no_route(request.path))
}

/// Answers for a path below a scope; `None` if there is no such path.
fn in_scope(
    fixtures: &Fixtures,
    (kind, id): (ScopeKind, &str),
    path: &[&str],
    query: &Query,
) -> Option<Answer> {
    let Some(contents) = fixtures.contents(kind, id) else {
        return Some(refusal(
            StatusCode::FORBIDDEN,
            9109,
            "Unauthorized to access requested resource",
        ));
    };
    match path {
        ["access", "service_tokens"] => Some(list(&contents.tokens, query, &Paging::UP_TO_1000)),
        ["access", "service_tokens", token] => Some(one(&contents.tokens, token)),
        // The demo's credential belongs to a user.
        ["tokens", "verify"] if kind == ScopeKind::Account => {
            Some(refusal(StatusCode::UNAUTHORIZED, 1000, "Invalid API Token"))
        }
        path => part(contents, &path.join("/"), query),
    }
}

/// Answers requests for the parts that may name a token.
fn part(contents: &Contents, path: &str, query: &Query) -> Option<Answer> {
    let paging = match path {
        "access/policies" => Some(Paging {
            default: 100,
            ..Paging::UP_TO_1000
        }),
        "hyperdrive/configs" => Some(Paging {
            default: 20,
            most: 100,
            ..Paging::UP_TO_1000
        }),
        path if path.starts_with("access/") => Some(Paging::UP_TO_1000),
        _ => None,
    };
    Some(match (contents.parts().get(path)?, paging) {
        (Part::List(items), Some(paging)) => list(items, query, &paging),
        (Part::List(items), None) => {
            let all: Vec<&RawJson> = items.iter().map(|item| &item.json).collect();
            success(&all, None)
        }
        (Part::Object(object), _) => success(object, None),
        (Part::Failing(StatusCode::FORBIDDEN), _) => unauthorised(),
        (Part::Failing(status), _) => refusal(*status, 12_135, "access.api.error.not_found"),
    })
}

/// Verifies the demo's credential. The message of a success has the code of an error.
fn verified(fixtures: &Fixtures) -> Answer {
    let mut envelope = Envelope::success(&fixtures.credential, None);
    envelope.messages.push(Problem {
        code: 10_000,
        message: "This API Token is valid and active".to_owned(),
    });
    enveloped(StatusCode::OK, &envelope)
}

fn scope_kind(segment: &str) -> Option<ScopeKind> {
    match segment {
        "accounts" => Some(ScopeKind::Account),
        "zones" => Some(ScopeKind::Zone),
        _ => None,
    }
}

/// Lists accounts or zones. Like the API, it omits the number of pages for accounts.
fn list_scopes(fixtures: &Fixtures, kind: ScopeKind, query: &Query) -> Answer {
    let paging = Paging {
        least: 5,
        most: 50,
        default: 20,
        counts_pages: kind == ScopeKind::Zone,
    };
    list(fixtures.scopes(kind), query, &paging)
}

fn one(tokens: &[Item], id: &str) -> Answer {
    let Some(id) = TokenId::parse(id) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            12_130,
            "access.api.error.invalid_request: invalid service token id",
        );
    };
    match id.as_str() {
        FORBIDDEN_TOKEN => return unauthorised(),
        FAILING_TOKEN => {
            return refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                10_001,
                "access.api.error.internal_server_error",
            );
        }
        LIMITED_TOKEN => {
            let mut limited = refusal(
                StatusCode::TOO_MANY_REQUESTS,
                971,
                "More than 1200 requests per 300 seconds reached. Please wait and consider throttling your request \
                 speed",
            );
            limited.retry_after = Some(RETRY_AFTER_SECONDS);
            return limited;
        }
        _ => {}
    }
    match tokens.iter().find(|token| token.id == id.as_str()) {
        Some(token) => {
            let mut found = success(&token.json, None);
            if id.as_str() == SLOW_TOKEN {
                found.delay = SLOW_REPLY;
            }
            found
        }
        None => refusal(StatusCode::NOT_FOUND, 12_135, "access.api.error.not_found"),
    }
}

/// The query of a list. Invalid values are ignored.
#[derive(Default)]
struct Query {
    page: Option<usize>,
    per_page: Option<usize>,
    name: Option<String>,
    search: Option<String>,
}

impl Query {
    fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match key.as_ref() {
                "page" => query.page = value.parse().ok(),
                "per_page" => query.per_page = value.parse().ok(),
                "name" => query.name = Some(value.into_owned()),
                "search" => query.search = Some(value.to_lowercase()),
                _ => {}
            }
        }
        query
    }

    /// Whether an item matches: `name` exactly, `search` as part of the name.
    fn wants(&self, item: &Item) -> bool {
        let named = self.name.as_ref().is_none_or(|name| *name == item.name);
        let found = self
            .search
            .as_ref()
            .is_none_or(|part| item.name.to_lowercase().contains(part));
        named && found
    }
}

#[derive(Serialize)]
struct ResultInfo {
    page: usize,
    per_page: usize,
    count: usize,
    total_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_pages: Option<usize>,
}

/// How many items a page of a list has.
struct Paging {
    least: usize,
    most: usize,
    default: usize,
    counts_pages: bool,
}

impl Paging {
    const UP_TO_1000: Self = Self {
        least: 1,
        most: 1000,
        default: 1000,
        counts_pages: true,
    };
}

fn list(items: &[Item], query: &Query, paging: &Paging) -> Answer {
    let per_page = query.per_page.unwrap_or(paging.default);
    let per_page = per_page.clamp(paging.least, paging.most);
    let page = query.page.unwrap_or(1).max(1);
    let wanted: Vec<&RawJson> = items
        .iter()
        .filter(|item| query.wants(item))
        .map(|item| &item.json)
        .collect();
    let shown: Vec<&&RawJson> = wanted
        .iter()
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .collect();
    let info = ResultInfo {
        page,
        per_page,
        count: shown.len(),
        total_count: wanted.len(),
        total_pages: paging.counts_pages.then(|| wanted.len().div_ceil(per_page)),
    };
    success(&shown, Some(info))
}

#[derive(Serialize)]
struct Envelope<T> {
    result: Option<T>,
    success: bool,
    errors: Vec<Problem>,
    messages: Vec<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<ResultInfo>,
}

#[derive(Serialize)]
struct Problem {
    code: u32,
    message: String,
}

impl<T> Envelope<T> {
    fn success(result: T, result_info: Option<ResultInfo>) -> Self {
        Self {
            result: Some(result),
            success: true,
            errors: Vec::new(),
            messages: Vec::new(),
            result_info,
        }
    }
}

fn success(result: &impl Serialize, result_info: Option<ResultInfo>) -> Answer {
    enveloped(StatusCode::OK, &Envelope::success(result, result_info))
}

fn refusal(status: StatusCode, code: u32, message: &str) -> Answer {
    refusals(status, vec![(code, message.to_owned())])
}

fn refusals(status: StatusCode, problems: Vec<(u32, String)>) -> Answer {
    let envelope = Envelope::<()> {
        result: None,
        success: false,
        errors: problems
            .into_iter()
            .map(|(code, message)| Problem { code, message })
            .collect(),
        messages: Vec::new(),
        result_info: None,
    };
    enveloped(status, &envelope)
}

/// The gateway answers a wrong credential and a missing permission alike.
fn unauthorised() -> Answer {
    refusal(StatusCode::FORBIDDEN, 10_000, "Authentication error")
}

fn no_route(path: &str) -> Answer {
    let lost = format!("Could not route to {path}, perhaps your object identifier is invalid?");
    refusals(
        StatusCode::NOT_FOUND,
        vec![(7003, lost), (7000, "No route for that URI".to_owned())],
    )
}

fn enveloped(status: StatusCode, envelope: &impl Serialize) -> Answer {
    Answer {
        status,
        // Plain data always serializes.
        body: serde_json::to_string(envelope).unwrap_or_default(),
        retry_after: None,
        delay: Duration::ZERO,
    }
}
