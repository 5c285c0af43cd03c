//! What the hosts under `example.com` answer, so that a probe shows every outcome. Pure: no sockets,
//! no waiting.
//!
//! The server takes a request for one of these hosts by its `Host` header. An app of the demo is
//! protected: without a token, and with a token that its policies do not admit or whose secret is not
//! [`DEMO_SECRET`], Access refuses as it does on the edge. Access does not admit a token through a
//! group, as its users report.
//!
//! In the account Example Ltd, with [`DEMO_SECRET`]:
//!
//! | URL | Token | Without it | With it | Shows |
//! |---|---|---|---|---|
//! | `https://deploy.example.com/hooks` | CI/CD token | 401 of Access | 200 | it opens |
//! | `https://deploy.example.com/hooks` | CI/CD token, any other secret | 401 of Access | 401 of Access | the secret is not the current one |
//! | `https://mobile.example.com/v2` | mobile-api-gateway, with `--header Authorization` | 403 of Access | 200 | it opens, by one header |
//! | `https://api.example.com/` | CI/CD token | login | 200 | it opens, where the policies depend on the address |
//! | `https://registry.example.com/` | github-actions-deploy | login | 401 | Access lets it through, the origin refuses |
//! | `https://health.example.com/` | tunnel-health-probe | 403 of Access | 403 | the same: cloudflared expects another `audTag` |
//! | `https://soap.example.com/` | legacy-soap-bridge | 403 of Access | 530 | its tunnel is down |
//! | `https://backups.example.com/` | nightly-backup-legacy | 403 of Access | 403 of Access | the token has expired |
//! | `https://audit.example.com/` | vendor-audit-2025 | 403 of Access | 403 of Access | the token is disabled |
//! | `https://metrics.example.com/` | any | login | login | the policy's action is Allow |
//! | `https://wiki.example.com/` | partner-webhooks | login | login | the policy's action is Block |
//! | `https://billing.example.com/export` | warehouse-etl | 403 of Access | 403 of Access | a rule fails |
//! | `https://admin.example.com/` | any | login | login | no policy names it |
//! | `https://grafana.example.com/` | tunnel-health-probe | login | login | unknown: it is named by a group |
//! | `https://pos.example.com/` | Café Zürich ☕ point of sale | 403 of Access | 403 of Access | unknown: it depends on a certificate |
//! | `https://metrics.example.com/-/healthy` | any | 403 of Access | 200 | it opens against the policies: another app answers here |
//! | `https://mcp.example.com/` | github-actions-deploy | 401 of OAuth | 200 | the app has logins of its own |
//! | `https://shop.example.com/` | any | 403, error 1010 | | blocked before Access |
//! | `https://forum.example.com/` | any | challenge | | blocked before Access |
//! | `https://files.example.com/` | any | 403 of Access | block page | blocked before Access, with the token alone |
//! | `https://status.example.com/` | any | 200 | | no Access: a Bypass policy |
//! | `https://www.example.com/` | any | 200 | | no Access |
//! | `https://example.com/` | any | redirect | | no Access: it is at www.example.com |
//! | `https://lab.example.com/` | any | 530, error 1033 | | undecided: down, with or without Access |
//! | `https://slow.example.com/` | any | nothing | | undecided: too slow |
//! | `https://closing.example.com/` | any | closes | | undecided: cut |
//!
//! In the account Example Branch, whose organization is in strict mode:
//!
//! | URL | Token | Without it | With it | Shows |
//! |---|---|---|---|---|
//! | `https://stock.branch.example.com/` | store-inventory-sync | login | 200 | it opens |
//! | `https://stock.branch.example.com/` | the same, any other secret | login | 401 of Access | the secret is not the current one |
//! | `https://stock.branch.example.com/returns` | store-inventory-sync | login | 403 of Access | the secret is right, the policy has changed |
//! | `https://tills.branch.example.com/` | till-updater, any other secret | login | 401 of Access | the secret, or the token itself |
//! | `https://tills.branch.example.com/` | till-updater | login | 403 of Access | unknown: it is named by a group |

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::header::{CONTENT_TYPE, HeaderName, LOCATION, WWW_AUTHENTICATE};
use hyper::{HeaderMap, StatusCode};
use serde_json::Value;
use url::Url;

use super::fixtures::{Contents, Fixtures, Item};
use crate::domain::access::address;
use crate::domain::access::map::{AccessMap, Part, PartAnswer, PartObjects, PartState};
use crate::domain::access::objects::{App, Group, Organization, Policy};
use crate::domain::access::probe::DEMO_SECRET;
use crate::domain::access::uses::Lookup;
use crate::domain::access::verdict::Verdict;
use crate::domain::fetched::ClockOffset;
use crate::domain::scope::{Scope, ScopeId};
use crate::domain::status::{EvaluationContext, Thresholds};
use crate::domain::token::ServiceToken;

/// How long a host that is too slow keeps silent: longer than any deadline.
const SILENCE: Duration = Duration::from_secs(24 * 3600);

const ACCESS_AUD: HeaderName = HeaderName::from_static("cf-access-aud");
const ACCESS_DOMAIN: HeaderName = HeaderName::from_static("cf-access-domain");
const MITIGATED: HeaderName = HeaderName::from_static("cf-mitigated");

/// The answer of a host.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: &'static str,
    /// How long to wait before sending it.
    pub(super) delay: Duration,
}

impl Reply {
    /// A page.
    fn new(status: StatusCode, body: &'static str) -> Self {
        Self::typed(status, "text/html; charset=utf-8", body)
    }

    /// An error without a page.
    fn error(status: StatusCode, body: &'static str) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", body)
    }

    fn typed(status: StatusCode, kind: &str, body: &'static str) -> Self {
        let reply = Self {
            status,
            headers: Vec::new(),
            body,
            delay: Duration::ZERO,
        };
        reply.with(CONTENT_TYPE, kind)
    }

    fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The world behind the hosts: the accounts of the demo with their apps and tokens.
pub(super) struct Hosts {
    accounts: Vec<ProtectedAccount>,
}

/// A request for a host.
pub(super) struct HostRequest<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: &'a HeaderMap,
    /// The server's time.
    pub(super) now: DateTime<Utc>,
}

impl Hosts {
    pub(super) fn new(fixtures: &Fixtures) -> Self {
        let accounts = fixtures.accounts_with_tokens();
        Self {
            accounts: accounts.filter_map(ProtectedAccount::read).collect(),
        }
    }

    /// The answer to a request; `None` to close the connection without one.
    pub(super) fn answer(&self, request: &HostRequest<'_>) -> Option<Reply> {
        let (host, path) = (
            request.url.host_str().unwrap_or_default(),
            request.url.path(),
        );
        let reply = match (host, path) {
            ("closing.example.com", _) => return None,
            ("slow.example.com", _) => Reply {
                delay: SILENCE,
                ..page("At last")
            },
            ("example.com", _) => Reply::new(StatusCode::MOVED_PERMANENTLY, "")
                .with(LOCATION, "https://www.example.com/"),
            ("www.example.com", _) => page("Example Ltd"),
            // A Bypass policy lets everybody in.
            ("status.example.com", _) => page("All systems normal"),
            ("shop.example.com", _) => Reply::error(StatusCode::FORBIDDEN, "error code: 1010"),
            ("forum.example.com", _) => {
                Reply::new(StatusCode::FORBIDDEN, "Just a moment...").with(MITIGATED, "challenge")
            }
            ("lab.example.com", _) => tunnel_error(),
            // Apps that no list shows.
            ("files.example.com", _) => self.of_others(request, || {
                Reply::new(StatusCode::FORBIDDEN, "Sorry, you have been blocked")
            }),
            ("metrics.example.com", "/-/healthy") => self.of_others(request, || page("Healthy")),
            // The answer of a listed app.
            _ => (self.accounts.iter().find_map(|it| it.answer(request)))
                .unwrap_or_else(|| Reply::new(StatusCode::NOT_FOUND, "Nothing here")),
        };
        Some(reply)
    }

    /// The answer of another organization's app, which admits every token.
    fn of_others(&self, request: &HostRequest<'_>, admitted: impl Fn() -> Reply) -> Reply {
        let pair = Pair::of(request.headers, None);
        let is_known = |pair: Pair| self.accounts.iter().any(|it| it.token(&pair).is_some());
        if pair.is_some_and(is_known) {
            admitted()
        } else {
            stamped(StatusCode::FORBIDDEN, request.url, "0123456789abcdef")
        }
    }
}

/// An account with an organization.
struct ProtectedAccount {
    map: AccessMap,
    tokens: Vec<ServiceToken>,
    /// The apps as the API gives them, by their IDs.
    apps: BTreeMap<String, Value>,
    /// The host of the organization's login page.
    team: String,
}

impl ProtectedAccount {
    fn read((account, contents): (&str, &Contents)) -> Option<Self> {
        let list = |path: &str| contents.values(path);
        let mut map = AccessMap::new(Scope::Account(ScopeId::parse(account).ok()?));
        let apps = list("access/apps");
        let organization = list("access/organizations").pop().unwrap_or_default();
        let policies = parsed(&list("access/policies"), Policy::parse);
        let groups = parsed(&list("access/groups"), Group::parse);
        let settings = Organization::parse(&organization);
        for (part, objects) in [
            (Part::Apps, PartObjects::Apps(parsed(&apps, App::parse))),
            (Part::Policies, PartObjects::Policies(policies)),
            (Part::Groups, PartObjects::Groups(groups)),
            (Part::Organization, PartObjects::Organization(settings)),
        ] {
            map.take(PartAnswer {
                part,
                state: PartState::Read,
                count: 0,
                objects,
            });
        }
        let id = |app: &Value| app["id"].as_str().unwrap_or_default().to_owned();
        let token = |item: &Item| ServiceToken::parse(&item.json);
        Some(Self {
            map,
            tokens: contents.tokens.iter().map(token).collect(),
            apps: apps.into_iter().map(|app| (id(&app), app)).collect(),
            team: organization["auth_domain"].as_str()?.to_owned(),
        })
    }

    /// The answer of Access or, if it admits the token, of the app behind it; `None` if no app of this
    /// account is there.
    fn answer(&self, request: &HostRequest<'_>) -> Option<Reply> {
        let apps = self.map.objects().apps.iter().map(AsRef::as_ref);
        let app = address::app_of(apps, request.url)?;
        let json = self.apps.get(&app.id)?;
        let refusal = || self.refusal(request.url, app, json);
        let header = json["read_service_tokens_from_header"].as_str();
        let Some(pair) = Pair::of(request.headers, header) else {
            return Some(refusal());
        };
        let token = self.token(&pair);
        if token.is_some_and(|token| self.admits(token, app, request)) {
            return Some(origin(request.url));
        }
        let audience = json["aud"].as_str().unwrap_or_default();
        let strict = |status| stamped(status, request.url, audience);
        Some(match (self.map.objects().organization.strict, token) {
            (Some(true), None) => strict(StatusCode::UNAUTHORIZED),
            (Some(true), Some(_)) => strict(StatusCode::FORBIDDEN),
            _ => refusal(),
        })
    }

    /// The token of a pair, if its secret is right.
    fn token(&self, pair: &Pair) -> Option<&ServiceToken> {
        let is_it = |token: &&ServiceToken| token.client_id_text() == pair.client_id;
        let token = self.tokens.iter().find(is_it);
        token.filter(|_| pair.secret == DEMO_SECRET)
    }

    /// Whether Access admits a token to an app.
    fn admits(&self, token: &ServiceToken, app: &App, request: &HostRequest<'_>) -> bool {
        // Its policy has changed since the API was asked.
        if request.url.host_str() == Some("stock.branch.example.com")
            && request.url.path() == "/returns"
        {
            return false;
        }
        let context = EvaluationContext {
            now: request.now,
            clock_offset: ClockOffset::default(),
            thresholds: Thresholds::default(),
        };
        let uses = Lookup::new(&self.map).uses(token, context);
        let answer = uses.apps.iter().find(|answer| answer.app.id == app.id);
        match answer.map(|answer| answer.verdict) {
            Some(Verdict::Opens | Verdict::OpenToAll) => true,
            // This computer is in the office, but has neither a certificate nor an attestation.
            Some(Verdict::Depends) => app.title() == "api.example.com",
            Some(Verdict::OpensByGroup | Verdict::Refused | Verdict::Unknown) | None => false,
        }
    }

    /// The answer of Access to a request without a token that it admits.
    fn refusal(&self, url: &Url, app: &App, json: &Value) -> Reply {
        let audience = json["aud"].as_str().unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        if app.kind == "mcp_portal" {
            let metadata = format!(
                r#"Bearer realm="OAuth", resource_metadata="https://{host}/.well-known/oauth-protected-resource""#
            );
            return stamped(StatusCode::UNAUTHORIZED, url, audience)
                .with(WWW_AUTHENTICATE, metadata);
        }
        if json["service_auth_401_redirect"] == true {
            return stamped(StatusCode::UNAUTHORIZED, url, audience);
        }
        let mut policies = app.policies.iter().flatten();
        if policies.any(|policy| !policy.decision.is_first()) {
            let login = format!(
                "https://{}/cdn-cgi/access/login/{host}?kid={audience}&redirect_url={}",
                self.team,
                url.path()
            );
            return Reply::new(StatusCode::FOUND, "")
                .with(LOCATION, login)
                .with(WWW_AUTHENTICATE, "Cloudflare-Access")
                .with(ACCESS_DOMAIN, host);
        }
        stamped(StatusCode::FORBIDDEN, url, audience)
    }
}

fn parsed<T>(values: &[Value], parse: fn(&Value) -> Option<T>) -> Vec<T> {
    values.iter().filter_map(parse).collect()
}

/// A client ID and a secret of a request.
struct Pair {
    client_id: String,
    secret: String,
}

impl Pair {
    /// The pair of the two usual headers or, where an app reads a single one, of that as JSON.
    fn of(headers: &HeaderMap, single: Option<&str>) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        let json: Option<Value> = match single {
            Some(name) => Some(serde_json::from_str(&text(name)?).ok()?),
            None => None,
        };
        let member = |name| match &json {
            Some(json) => json[name].as_str().map(str::to_owned),
            None => text(name),
        };
        Some(Self {
            client_id: member("cf-access-client-id")?,
            secret: member("cf-access-client-secret")?,
        })
    }
}

/// A refusal by Access itself.
fn stamped(status: StatusCode, url: &Url, audience: &str) -> Reply {
    Reply::new(status, "You do not have access to this app.")
        .with(ACCESS_AUD, audience)
        .with(ACCESS_DOMAIN, url.host_str().unwrap_or_default())
}

/// The answer of the app itself to a request that Access admits.
fn origin(url: &Url) -> Reply {
    match url.host_str().unwrap_or_default() {
        "registry.example.com" => Reply::error(StatusCode::UNAUTHORIZED, "authentication required")
            .with(WWW_AUTHENTICATE, r#"Basic realm="registry""#),
        // As cloudflared answers if its list of audience tags lacks the app's.
        "health.example.com" => Reply::new(StatusCode::FORBIDDEN, ""),
        "soap.example.com" => tunnel_error(),
        "v1.example.com" => Reply::error(StatusCode::NOT_FOUND, "no such endpoint"),
        _ => page("Ready"),
    }
}

fn page(body: &'static str) -> Reply {
    Reply::new(StatusCode::OK, body)
}

/// The error of a tunnel without a connection.
fn tunnel_error() -> Reply {
    let status = StatusCode::from_u16(530).unwrap_or(StatusCode::BAD_GATEWAY);
    Reply::error(status, "error code: 1033")
}
