//! A fake API with everything that may name a token: the documentation's example, each part of
//! which can be replaced by another answer.
//!
//! The example serves `access/*.json` unchanged: "CI/CD token" is named by two apps, a group, a
//! policy that no app uses, SCIM, DNS over HTTPS and a device profile, and one app is hidden. The
//! server's clock says noon on 25 November 2026.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use crate::support::api::{Fake, Reply, http, refusal, success};
use crate::support::tokens::ACCOUNT;

/// An active token that a Hyperdrive configuration names.
pub(crate) const DATABASE_TOKEN: &str = "f174e90a-0a01-4643-bbbc-4a0ed4fc8415";
/// An active token that nothing names, last seen in June.
pub(crate) const UNNAMED_TOKEN: &str = "f174e90a-0a02-4643-bbbc-4a0ed4fc8415";
/// A token that expired in September and that nothing names.
pub(crate) const EXPIRED_TOKEN: &str = "f174e90a-0a04-4643-bbbc-4a0ed4fc8415";

/// The paths of the parts, after the scope.
pub(crate) const TOKENS: &str = "access/service_tokens";
pub(crate) const APPS: &str = "access/apps";
pub(crate) const POLICIES: &str = "access/policies";
pub(crate) const GROUPS: &str = "access/groups";
pub(crate) const ORGANIZATION: &str = "access/organizations";
pub(crate) const DOH: &str = "access/organizations/doh";
pub(crate) const DEVICE_PROFILES: &str = "devices/policies";
pub(crate) const DEFAULT_PROFILE: &str = "devices/policy";
pub(crate) const HYPERDRIVE: &str = "hyperdrive/configs";
pub(crate) const ALERTS: &str = "alerting/v3/policies";

/// The path that verifies an API token, from the API's root.
pub(crate) const VERIFY_USER: &str = "/user/tokens/verify";
/// The path that verifies an account-owned API token, after the scope.
pub(crate) const VERIFY_ACCOUNT: &str = "tokens/verify";

const DATE: &str = "Wed, 25 Nov 2026 12:00:00 GMT";

/// The documentation's lists and objects, as bodies.
const EXAMPLE: [(&str, &str); 10] = [
    (TOKENS, include_str!("access/tokens.json")),
    (APPS, include_str!("access/apps.json")),
    (POLICIES, include_str!("access/policies.json")),
    (GROUPS, include_str!("access/groups.json")),
    (ORGANIZATION, include_str!("access/organization.json")),
    (DOH, include_str!("access/doh.json")),
    (DEVICE_PROFILES, include_str!("access/device_profiles.json")),
    (DEFAULT_PROFILE, include_str!("access/default_profile.json")),
    (HYPERDRIVE, include_str!("access/hyperdrive.json")),
    (ALERTS, include_str!("access/alerts.json")),
];

/// The answer of a path.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A body. The lists of the example are sent unchanged if they fit a page, otherwise in pages.
    Body(String),
    /// A list in pages of the requested size, up to this maximum.
    Pages(Vec<String>, usize),
    /// Computed from the head of a request.
    Custom(Arc<dyn Fn(&str) -> Reply + Send + Sync>),
}

impl Answer {
    /// A list of JSON texts.
    pub(crate) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> Self {
        Self::paged(items, 1000)
    }

    /// A list in pages of at most `most` items, whatever is requested.
    pub(crate) fn paged<T: ToString>(items: impl IntoIterator<Item = T>, most: usize) -> Self {
        let items = items.into_iter().map(|item| item.to_string());
        Self::Pages(items.collect(), most)
    }

    /// A result that is not a list.
    pub(crate) fn object(result: &impl ToString) -> Self {
        Self::Body(success(&result.to_string()))
    }

    pub(crate) fn empty() -> Self {
        Self::list::<String>([])
    }

    /// A success without a result.
    pub(crate) fn null() -> Self {
        Self::object(&Value::Null)
    }

    /// An error in the format of the API.
    pub(crate) fn failing(status: u16) -> Self {
        let (code, message) = match status {
            401 | 403 => (10_000, "Authentication error"),
            404 => (12_135, "access.api.error.not_found"),
            429 => (
                971,
                "Please wait and consider throttling your request speed",
            ),
            _ => (10_001, "access.api.error.internal_server_error"),
        };
        let errors = json!([{"code": code, "message": message}]).to_string();
        Self::bytes(http(status, &[("date", DATE)], refusal(&errors)))
    }

    /// A success that ends in the middle of its JSON.
    pub(crate) fn malformed() -> Self {
        Self::Body(r#"{"success":true,"errors":[],"result":[{"id":"#.to_owned())
    }

    /// No answer, with the connection open.
    pub(crate) fn silence() -> Self {
        Self::custom(|_| Reply::ThenSilence(Vec::new()))
    }

    /// This answer after a pause.
    pub(crate) fn after(self, pause: Duration) -> Self {
        Self::custom(move |head| {
            std::thread::sleep(pause);
            self.reply(head)
        })
    }

    /// This answer for the first page, `later` for all others.
    pub(crate) fn then(self, later: Self) -> Self {
        Self::custom(move |head| match Request::of(head).page {
            1 => self.reply(head),
            _ => later.reply(head),
        })
    }

    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self::custom(move |_| Reply::Bytes(bytes.clone()))
    }

    pub(crate) fn custom(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::Custom(Arc::new(reply))
    }

    pub(crate) fn reply(&self, head: &str) -> Reply {
        let request = Request::of(head);
        match self {
            Self::Body(body) => match items_of(body) {
                Some(items) if request.page > 1 || items.len() > request.per_page => {
                    ok(&page(&items, &request, request.per_page))
                }
                _ => ok(body),
            },
            Self::Pages(items, most) => ok(&page(items, &request, request.per_page.min(*most))),
            Self::Custom(reply) => reply(head),
        }
    }
}

/// A fake API before it is started.
pub(crate) struct AccessApi {
    scope: String,
    answers: BTreeMap<String, Answer>,
}

impl AccessApi {
    /// The documentation's example, in the account of the other fakes.
    pub(crate) fn example() -> Self {
        let body = |body: &str| Answer::Body(body.to_owned());
        let answers = EXAMPLE.map(|(path, text)| (path.to_owned(), body(text)));
        let verified = r#"{"id":"ed17574386854bf78a67040be0a770b0","status":"active"}"#;
        let mut api = Self {
            scope: format!("/accounts/{ACCOUNT}/"),
            answers: BTreeMap::from(answers),
        };
        api.set(VERIFY_USER, Answer::object(&verified));
        api.set(VERIFY_ACCOUNT, Answer::failing(403));
        api
    }

    /// The same in a zone, which has tokens, apps, groups and an organization.
    pub(crate) fn in_zone(mut self, zone: &str) -> Self {
        self.scope = format!("/zones/{zone}/");
        let own = [TOKENS, APPS, GROUPS, ORGANIZATION, VERIFY_USER];
        self.answers.retain(|path, _| own.contains(&path.as_str()));
        self
    }

    /// Replaces the answer of a path, after the scope or, if it begins with a slash, from the API's
    /// root. Adds other paths, such as `access/apps/ID/policies`.
    pub(crate) fn with(mut self, path: &str, answer: Answer) -> Self {
        self.set(path, answer);
        self
    }

    fn set(&mut self, path: &str, answer: Answer) {
        self.answers.insert(path.to_owned(), answer);
    }

    pub(crate) fn start(self) -> Fake {
        Fake::start(move |head, _| self.answer(head))
    }

    fn answer(&self, head: &str) -> Reply {
        let request = Request::of(head);
        let rest = request.path.strip_prefix(self.scope.as_str());
        let path = rest.unwrap_or(&request.path);
        if let Some(answer) = self.answers.get(path) {
            return answer.reply(head);
        }
        let one = path
            .strip_prefix(TOKENS)
            .and_then(|rest| rest.strip_prefix('/'));
        let tokens = match self.answers.get(TOKENS) {
            Some(Answer::Body(body)) => items_of(body).unwrap_or_default(),
            Some(Answer::Pages(items, _)) => items.clone(),
            Some(Answer::Custom(_)) | None => Vec::new(),
        };
        let is_it = |token: &&String| {
            let token: Value = serde_json::from_str(token).unwrap();
            one.is_some_and(|id| token["id"] == id)
        };
        match tokens.iter().find(is_it) {
            Some(token) => ok(&success(token)),
            None => Answer::failing(404).reply(head),
        }
    }
}

/// A copy of an object in the example, by its path and index in the list.
pub(crate) fn example(path: &str, place: usize) -> Value {
    let (_, body) = EXAMPLE.iter().find(|(known, _)| *known == path).unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    match &body["result"] {
        Value::Array(items) => items[place].clone(),
        result => result.clone(),
    }
}

/// The path and page of a request.
struct Request {
    path: String,
    page: usize,
    per_page: usize,
}

impl Request {
    fn of(head: &str) -> Self {
        let target = head.split(' ').nth(1).unwrap_or("/");
        let url = Url::parse("http://api.invalid").unwrap();
        let url = url.join(target).unwrap();
        let number = |key: &str, default: usize| {
            let found = url.query_pairs().find(|(name, _)| name == key);
            found.map_or(default, |(_, value)| value.parse().unwrap())
        };
        let path = url.path();
        Self {
            path: path.strip_prefix("/client/v4").unwrap_or(path).to_owned(),
            page: number("page", 1),
            per_page: number("per_page", 1000).max(1),
        }
    }
}

fn ok(body: &str) -> Reply {
    Reply::Bytes(http(200, &[("date", DATE)], body))
}

/// The items of a body's list, with their bytes.
fn items_of(body: &str) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        result: Vec<&'a RawValue>,
    }
    let list: List<'_> = serde_json::from_str(body).ok()?;
    Some(list.result.iter().map(|it| it.get().to_owned()).collect())
}

fn page(items: &[String], request: &Request, size: usize) -> String {
    let shown = items
        .chunks(size)
        .nth(request.page.saturating_sub(1))
        .unwrap_or_default();
    let info = json!({
        "page": request.page, "per_page": size, "count": shown.len(),
        "total_count": items.len(), "total_pages": items.len().div_ceil(size),
    });
    let shown = shown.join(",");
    format!(
        r#"{{"success":true,"errors":[],"messages":[],"result_info":{info},"result":[{shown}]}}"#
    )
}
