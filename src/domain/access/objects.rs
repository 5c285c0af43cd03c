//! The objects that may name a service token: apps, policies, groups, and what lies beside them.
//! Texts are untrusted. A member that is missing or malformed is `None`, never a guess.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::rules::Rules;

/// What a policy does with those whom its rules admit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Block,
    Bypass,
    /// *Service Auth* in the dashboard.
    ServiceAuth,
    /// A decision that is not known here, or none.
    Unknown(String),
}

impl Decision {
    /// Reads the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "allow" => Self::Allow,
            "deny" => Self::Block,
            "bypass" => Self::Bypass,
            "non_identity" | "service_auth" => Self::ServiceAuth,
            word => Self::Unknown(word.to_owned()),
        }
    }

    /// The API's word.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Allow => "allow",
            Self::Block => "deny",
            Self::Bypass => "bypass",
            Self::ServiceAuth => "non_identity",
            Self::Unknown(word) => word,
        }
    }

    /// The dashboard's name.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Allow => "Allow",
            Self::Block => "Block",
            Self::Bypass => "Bypass",
            Self::ServiceAuth => "Service Auth",
            Self::Unknown(word) => word,
        }
    }

    /// Whether Access evaluates the policy in its first pass, before any Allow or Block policy.
    #[must_use]
    pub fn is_first(&self) -> bool {
        matches!(self, Self::Bypass | Self::ServiceAuth)
    }
}

/// A policy, of one app or reusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub id: String,
    pub name: String,
    pub decision: Decision,
    /// Its place among the policies of its app that are evaluated in the same pass.
    pub precedence: Option<i64>,
    pub reusable: Option<bool>,
    /// How many apps carry it, as the API counts.
    pub app_count: Option<usize>,
    /// `None` for a mere reference.
    pub rules: Option<Rules>,
}

impl Policy {
    /// Reads a policy; `None` if it is no object or has no ID.
    #[must_use]
    pub fn parse(policy: &Value) -> Option<Self> {
        let object = policy.as_object()?;
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            decision: Decision::parse(&text(object, "decision").unwrap_or_default()),
            precedence: object.get("precedence").and_then(Value::as_i64),
            reusable: object.get("reusable").and_then(Value::as_bool),
            app_count: object.get("app_count").and_then(count),
            rules: Rules::parse(object),
        })
    }
}

/// How an app treats service tokens, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    /// As the rules say.
    Usual,
    /// As the rules say; who is admitted may enrol devices.
    Enrolment,
    /// As the rules say; a client needs the portal's app and the server's app.
    Mcp,
    /// Takes Allow policies only.
    Infrastructure,
    /// Its behaviour with service tokens is not documented.
    Undocumented,
}

/// An app that Access protects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: String,
    pub name: String,
    /// The API's word for its type.
    pub kind: String,
    /// Host and path, or whatever else tells where it is.
    pub address: Option<String>,
    /// Every host and path that it protects, with stars.
    pub addresses: Vec<String>,
    /// `None` if the API did not report them.
    pub policies: Option<Vec<Policy>>,
    /// The client IDs with which Access calls its SCIM service.
    pub scim_clients: Vec<String>,
}

impl App {
    /// Reads an app; `None` if it is no object or has no ID.
    #[must_use]
    pub fn parse(app: &Value) -> Option<Self> {
        let object = app.as_object()?;
        let policies = object.get("policies").and_then(Value::as_array);
        // One policy that cannot be read makes the answer about the app uncertain.
        let policies = policies.and_then(|all| all.iter().map(Policy::parse).collect());
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            kind: text(object, "type").unwrap_or_default(),
            address: address(object),
            addresses: addresses(object),
            policies,
            scim_clients: scim_clients(object),
        })
    }

    /// How it treats service tokens. Types that are not known here are undocumented.
    #[must_use]
    pub fn behaviour(&self) -> AppKind {
        match self.kind.as_str() {
            "self_hosted" | "ssh" | "vnc" | "rdp" => AppKind::Usual,
            "warp" => AppKind::Enrolment,
            "mcp" | "mcp_portal" => AppKind::Mcp,
            "infrastructure" => AppKind::Infrastructure,
            _ => AppKind::Undocumented,
        }
    }

    /// How people know it: by its address, else its name, else its ID.
    #[must_use]
    pub fn title(&self) -> &str {
        let named = || Some(self.name.as_str()).filter(|name| !name.trim().is_empty());
        self.address.as_deref().or_else(named).unwrap_or(&self.id)
    }
}

impl AsRef<App> for App {
    fn as_ref(&self) -> &App {
        self
    }
}

fn address(app: &Map<String, Value>) -> Option<String> {
    let destinations = || app.get("destinations")?.as_array();
    let public = || {
        let is_public = |it: &&Value| it.get("type").is_none_or(|kind| kind == "public");
        let public = destinations()?
            .iter()
            .find(|it| is_public(it) && it.get("uri").is_some())?;
        filled(public.get("uri")?)
    };
    let first_domain = || filled(app.get("self_hosted_domains")?.as_array()?.first()?);
    let worker = || {
        destinations()?
            .iter()
            .find_map(|it| filled(it.get("worker_id")?))
    };
    text(app, "domain")
        .or_else(public)
        .or_else(first_domain)
        .or_else(worker)
}

/// The hosts and paths, each once, in whatever member the API reports them.
fn addresses(app: &Map<String, Value>) -> Vec<String> {
    let list = |key: &str| app.get(key).and_then(Value::as_array).into_iter().flatten();
    let is_public = |it: &&Value| it.get("type").is_none_or(|kind| kind == "public");
    let public = list("destinations").filter(is_public);
    let mut addresses: Vec<String> = text(app, "domain").into_iter().collect();
    addresses.extend(public.filter_map(|it| filled(it.get("uri")?)));
    addresses.extend(list("self_hosted_domains").filter_map(filled));
    let mut seen = HashSet::new();
    addresses.retain(|address| seen.insert(address.clone()));
    addresses
}

/// `scim_config.authentication` may be one object or a list of them.
fn scim_clients(app: &Map<String, Value>) -> Vec<String> {
    let authentication = || app.get("scim_config")?.get("authentication");
    let all = match authentication() {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let clients = all.iter().filter(|it| {
        let scheme = it.get("scheme");
        scheme.is_none_or(|scheme| scheme == "access_service_token")
    });
    let clients = clients.filter_map(|it| filled(it.get("client_id")?));
    clients.map(|client| client.to_ascii_lowercase()).collect()
}

/// An Access group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub name: String,
    /// `None` if the API did not report them.
    pub rules: Option<Rules>,
}

impl Group {
    /// Reads a group; `None` if it is no object or has no ID.
    #[must_use]
    pub fn parse(group: &Value) -> Option<Self> {
        let object = group.as_object()?;
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            rules: Rules::parse(object),
        })
    }
}

/// What the organization does with tokens that nobody uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanUp {
    Disable,
    Delete,
}

impl CleanUp {
    /// The API's word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Delete => "delete",
        }
    }
}

/// The settings of the Zero Trust organization.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Organization {
    /// Whether only Service Auth policies admit tokens.
    pub strict: Option<bool>,
    /// What happens to unused tokens after some days; `Some(None)` if nothing does.
    pub inactivity: Option<Option<(CleanUp, u32)>>,
}

impl Organization {
    /// Reads the settings.
    #[must_use]
    pub fn parse(organization: &Value) -> Self {
        let strict = organization.get("strict_service_token_auth");
        Self {
            strict: strict.and_then(Value::as_bool),
            inactivity: organization
                .get("service_token_inactivity")
                .and_then(inactivity),
        }
    }
}

/// The API fills in an action and a number of days although the clean-up is off.
fn inactivity(setting: &Value) -> Option<Option<(CleanUp, u32)>> {
    if setting.is_null() || !setting.get("enabled")?.as_bool()? {
        return Some(None);
    }
    let action = match setting.get("action")?.as_str()? {
        "disable" => CleanUp::Disable,
        "delete" => CleanUp::Delete,
        _ => return None,
    };
    let days = setting.get("inactivity_threshold_days")?.as_u64()?;
    Some(Some((action, u32::try_from(days).ok()?)))
}

/// The token with which clients of DNS over HTTPS authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DohToken {
    pub id: Option<String>,
    pub client_id: Option<String>,
}

impl DohToken {
    /// Reads the settings; `None` if they name no token.
    #[must_use]
    pub fn parse(settings: &Value) -> Option<Self> {
        let object = settings.as_object()?;
        let member = |key| text(object, key).map(|text| text.to_ascii_lowercase());
        let token = Self {
            id: member("id"),
            client_id: member("client_id"),
        };
        (token.id.is_some() || token.client_id.is_some()).then_some(token)
    }

    /// Whether it is the token with these names, in lower case.
    #[must_use]
    pub fn is(&self, id: &str, client_id: &str) -> bool {
        self.id.as_deref() == Some(id) || self.client_id.as_deref() == Some(client_id)
    }
}

/// A device profile, with the expression that selects devices for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProfile {
    pub id: String,
    pub name: String,
    pub expression: String,
}

impl DeviceProfile {
    /// Reads a profile; the default profile has no ID and no expression.
    #[must_use]
    pub fn parse(profile: &Value) -> Option<Self> {
        let object = profile.as_object()?;
        Some(Self {
            id: text(object, "policy_id")
                .or_else(|| id(object))
                .unwrap_or_default(),
            name: text(object, "name").unwrap_or_default(),
            expression: text(object, "match")
                .unwrap_or_default()
                .to_ascii_lowercase(),
        })
    }

    /// Whether its expression is about service tokens and names this one.
    #[must_use]
    pub fn names(&self, token_id: &str) -> bool {
        self.expression.contains("service_token_uuid")
            && self.expression.contains(&token_id.to_ascii_lowercase())
    }
}

/// A Hyperdrive configuration that reaches its origin through Access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hyperdrive {
    pub id: String,
    pub name: String,
    pub client_id: Option<String>,
}

impl Hyperdrive {
    /// Reads a configuration; `None` if it is no object or has no ID.
    #[must_use]
    pub fn parse(config: &Value) -> Option<Self> {
        let object = config.as_object()?;
        let client_id = || filled(object.get("origin")?.get("access_client_id")?);
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            client_id: client_id().map(|id| id.to_ascii_lowercase()),
        })
    }
}

/// The kind of the alerts that tell of expiring service tokens.
const EXPIRY_ALERT: &str = "expiring_service_token_alert";

/// An alert that tells of expiring service tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpiryAlert {
    pub emails: Vec<String>,
    /// Other ways to tell, by their kind: how many there are of each.
    pub others: BTreeMap<String, usize>,
    /// The values of its filters; empty if it is about every token.
    pub filters: Vec<String>,
}

impl ExpiryAlert {
    /// Reads an alert; `None` for one that is off, tells nobody, or is about something else.
    #[must_use]
    pub fn parse(alert: &Value) -> Option<Self> {
        let is_on = alert
            .get("enabled")
            .is_none_or(|on| on != &Value::Bool(false));
        if alert.get("alert_type")?.as_str()? != EXPIRY_ALERT || !is_on {
            return None;
        }
        let mut parsed = Self::default();
        let mechanisms = alert.get("mechanisms").and_then(Value::as_object);
        for (kind, all) in mechanisms.into_iter().flatten() {
            let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
            if kind == "email" {
                let addresses = all.iter().filter_map(|it| filled(it.get("id")?));
                parsed.emails.extend(addresses);
            } else if !all.is_empty() {
                parsed.others.insert(kind.clone(), all.len());
            }
        }
        let filters = alert.get("filters").and_then(Value::as_object);
        for values in filters.into_iter().flat_map(Map::values) {
            match values {
                // A filter without a value may mean anything.
                Value::Array(values) if values.is_empty() => parsed.filters.push(String::new()),
                Value::Array(values) => parsed.filters.extend(values.iter().map(plain)),
                Value::Null => {}
                value => parsed.filters.push(plain(value)),
            }
        }
        let tells = !parsed.emails.is_empty() || !parsed.others.is_empty();
        tells.then_some(parsed)
    }
}

/// A value as text, in lower case: IDs are compared.
fn plain(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_ascii_lowercase(),
        None => value.to_string(),
    }
}

/// The object's ID in lower case.
fn id(object: &Map<String, Value>) -> Option<String> {
    let id = text(object, "id").or_else(|| text(object, "uid"))?;
    Some(id.to_ascii_lowercase())
}

/// A member's text, unless it is blank.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    filled(object.get(key)?)
}

fn filled(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn count(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}
