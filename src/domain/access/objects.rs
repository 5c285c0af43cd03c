//! The objects that may name a service token: apps, policies, groups, and what lies beside them.
//! Texts are untrusted. A member that is missing or malformed is `None`, never a guess.

use std::collections::{BTreeMap, HashSet};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::rules::{Rules, client_id, mentions, with_dashes};
use crate::domain::words::words;

/// The decision of a policy about callers that match its rules.
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
    pub fn label(&self) -> &str {
        match self {
            Self::Allow => "Allow",
            Self::Block => "Block",
            Self::Bypass => "Bypass",
            Self::ServiceAuth => "Service Auth",
            Self::Unknown(word) => word,
        }
    }

    /// Whether a policy may let in a token for what its rules say about it.
    pub fn may_admit(&self) -> bool {
        match self {
            Self::ServiceAuth | Self::Unknown(_) => true,
            Self::Allow | Self::Block | Self::Bypass => false,
        }
    }

    /// Whether Access evaluates the policy in its first pass, before any Allow or Block policy.
    pub fn is_first(&self) -> bool {
        matches!(self, Self::Bypass | Self::ServiceAuth)
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
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

    /// Its name, or the ID of one without a name. Untrusted text.
    pub fn title(&self) -> &str {
        title(&self.name, &self.id)
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
    /// The one header that Access reads tokens from, instead of the usual two.
    pub token_header: Option<String>,
    /// The client IDs with which Access calls its SCIM service.
    pub scim_clients: Vec<String>,
    /// Whether they could be read.
    pub is_scim_read: bool,
    /// What else may be the ID or client ID of a token, in lower case.
    pub mentions: Vec<String>,
}

impl App {
    /// Reads an app; `None` if it is no object or has no ID.
    pub fn parse(app: &Value) -> Option<Self> {
        let object = app.as_object()?;
        let policies = object.get("policies").and_then(Value::as_array);
        // One policy that cannot be read makes the answer about the app uncertain.
        let policies = policies.and_then(|all| all.iter().map(Policy::parse).collect());
        let (scim_clients, is_scim_read) = scim_clients(object);
        let mut mentions = mentions(object, &["policies"]);
        mentions.retain(|name| !scim_clients.contains(name));
        let addresses = addresses(object);
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            kind: text(object, "type").unwrap_or_default(),
            address: addresses.first().cloned().or_else(|| worker(object)),
            addresses,
            policies,
            token_header: text(object, "read_service_tokens_from_header"),
            scim_clients,
            is_scim_read,
            mentions,
        })
    }

    /// How it treats service tokens. Types that are not known here are undocumented.
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
    pub fn title(&self) -> &str {
        let named = || Some(self.name.as_str()).filter(|name| !name.trim().is_empty());
        self.address.as_deref().or_else(named).unwrap_or(&self.id)
    }
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

/// The ID of the worker that an app without an address protects.
fn worker(app: &Map<String, Value>) -> Option<String> {
    let mut destinations = app.get("destinations")?.as_array()?.iter();
    destinations.find_map(|it| filled(it.get("worker_id")?))
}

/// The schemes by which Access calls a SCIM service without a service token.
const SCIM_SCHEMES: [&str; 3] = ["httpbasic", "oauth2", "oauthbearertoken"];

/// The names in `scim_config.authentication`, which may be one object or a list of them, and whether
/// it could be read.
fn scim_clients(app: &Map<String, Value>) -> (Vec<String>, bool) {
    let authentication = match app.get("scim_config") {
        None | Some(Value::Null) => return (Vec::new(), true),
        Some(Value::Object(config)) => config.get("authentication"),
        Some(_) => return (Vec::new(), false),
    };
    let all = match authentication {
        None | Some(Value::Null) => &[],
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let client = |it: &Value| filled(it.get("client_id")?);
    // Anything but these may be a service token.
    let is_other = |scheme: &str| SCIM_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str());
    let is_read = |it: &Value| {
        let scheme = it.get("scheme").and_then(Value::as_str);
        client(it).is_some() || scheme.is_some_and(is_other)
    };
    let clients = all.iter().filter_map(client);
    let clients = clients.map(|client| client_id(&client));
    (clients.collect(), all.iter().all(is_read))
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
    pub fn parse(group: &Value) -> Option<Self> {
        let object = group.as_object()?;
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            rules: Rules::parse(object),
        })
    }

    /// Its name, or the ID of one without a name. Untrusted text.
    pub fn title(&self) -> &str {
        title(&self.name, &self.id)
    }
}

words! {
    /// The organization's clean-up of unused tokens.
    pub enum CleanUp: code, does, done {
        Disable = ("disable", "disables", "disabled"),
        Delete = ("delete", "deletes", "deleted"),
    }
}

/// The settings of the Zero Trust organization.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Organization {
    /// Whether only Service Auth policies admit tokens.
    #[serde(rename = "strict_service_token_auth")]
    pub strict: Option<bool>,
    /// The action on unused tokens.
    pub inactivity: Inactivity,
}

impl Organization {
    /// Reads the settings.
    pub fn parse(organization: &Value) -> Self {
        let strict = organization.get("strict_service_token_auth");
        Self {
            strict: strict.and_then(Value::as_bool),
            inactivity: organization
                .get("service_token_inactivity")
                .map_or(Inactivity::Unknown, Inactivity::parse),
        }
    }
}

/// The organization's action on unused tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(untagged)]
pub enum Inactivity {
    /// Not reported, or not in a form that is known here.
    #[default]
    Unknown,
    /// Nothing.
    Ignored,
    /// It disables or deletes them after some days.
    CleanedUp { action: CleanUp, days: u32 },
}

impl Inactivity {
    /// Reads the setting. The API fills in an action and a number of days although it is off.
    fn parse(setting: &Value) -> Self {
        match setting.get("enabled").and_then(Value::as_bool) {
            _ if setting.is_null() => Self::Ignored,
            None => Self::Unknown,
            Some(false) => Self::Ignored,
            Some(true) => Self::clean_up(setting).unwrap_or_default(),
        }
    }

    fn clean_up(setting: &Value) -> Option<Self> {
        let action = setting.get("action")?.as_str()?;
        let action = CleanUp::ALL.into_iter().find(|it| it.code() == action)?;
        let days = setting.get("inactivity_threshold_days")?.as_u64()?;
        let days = u32::try_from(days).ok()?;
        Some(Self::CleanedUp { action, days })
    }
}

/// The token with which clients of DNS over HTTPS authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DohToken {
    pub id: Option<String>,
    pub client_id: Option<String>,
}

impl DohToken {
    /// Reads the settings; `None` if they name no token.
    pub fn parse(settings: &Value) -> Option<Self> {
        let object = settings.as_object()?;
        let member = |key| text(object, key).map(|text| text.to_ascii_lowercase());
        let token = Self {
            id: member("id").map(|it| with_dashes(&it)),
            client_id: member("client_id").map(|it| client_id(&it)),
        };
        (token.id.is_some() || token.client_id.is_some()).then_some(token)
    }

    /// Whether it is the token with these names, in lower case.
    pub fn is(&self, id: &str, client_id: &str) -> bool {
        self.id.as_deref() == Some(id) || self.client_id.as_deref() == Some(client_id)
    }
}

/// A device profile, with the expression that selects devices for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProfile {
    pub id: String,
    pub name: String,
    /// In lower case.
    pub expression: String,
}

/// The selector of devices by the token that enrolled them.
const BY_TOKEN: &str = "identity.service_token_uuid";

impl DeviceProfile {
    /// Reads a profile; `None` if its expression is no text. The default profile has neither ID nor
    /// expression.
    pub fn parse(profile: &Value) -> Option<Self> {
        let object = profile.as_object()?;
        let expression = match object.get("match") {
            None | Some(Value::Null) => "",
            Some(Value::String(expression)) => expression,
            Some(_) => return None,
        };
        Some(Self {
            id: text(object, "policy_id")
                .or_else(|| id(object))
                .unwrap_or_default(),
            name: text(object, "name").unwrap_or_default(),
            expression: expression.to_ascii_lowercase(),
        })
    }

    /// The texts in its expression that may be IDs or client IDs, in whatever quotes.
    pub fn literals(&self) -> impl Iterator<Item = String> {
        let is_inner = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '_');
        let words = self.expression.split(move |letter| !is_inner(letter));
        let words = words.filter(|word| !word.is_empty());
        words.flat_map(|word| [with_dashes(word), client_id(word)])
    }

    /// Whether it selects by tokens that it does not list: by a list kept elsewhere, or a pattern.
    pub fn is_unclear(&self) -> bool {
        let mut uses = self.expression.split(BY_TOKEN).skip(1);
        uses.any(|rest| !compares_literals(rest))
    }
}

/// Whether what follows a selector compares it with texts, one by one.
fn compares_literals(rest: &str) -> bool {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("not ").map_or(rest, str::trim_start);
    let operators = ["==", "!=", "eq", "ne", "in"];
    let after = operators.iter().find_map(|it| rest.strip_prefix(it));
    let quoted = |text: &str| {
        text.starts_with(['"', '\'', '`']) || text.starts_with("r\"") || text.starts_with("r#")
    };
    after.is_some_and(|after| {
        let after = after.trim_start();
        match after.strip_prefix('{') {
            Some(set) => set.trim_start().starts_with('}') || quoted(set.trim_start()),
            None => quoted(after),
        }
    })
}

/// A Hyperdrive configuration that reaches its origin through Access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hyperdrive {
    pub id: String,
    pub name: String,
    pub client_id: Option<String>,
    /// What else may be the ID or client ID of a token, in lower case.
    pub mentions: Vec<String>,
}

impl Hyperdrive {
    /// Reads a configuration; `None` if it is no object, has no ID, or a client ID that is no text.
    pub fn parse(config: &Value) -> Option<Self> {
        let object = config.as_object()?;
        let origin = object.get("origin").filter(|origin| !origin.is_null());
        let named = match origin.map(Value::as_object) {
            None => None,
            Some(origin) => origin?.get("access_client_id"),
        };
        let client_id = match named {
            None | Some(Value::Null) => None,
            Some(id) => Some(client_id(id.as_str()?)),
        };
        let client_id = client_id.filter(|id| !id.is_empty());
        let mut mentions = mentions(object, &[]);
        mentions.retain(|name| Some(name) != client_id.as_ref());
        Some(Self {
            id: id(object)?,
            name: text(object, "name").unwrap_or_default(),
            client_id,
            mentions,
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
    /// The values of its filters, in lower case; empty if it is about every token. A member that
    /// cannot be read counts as a filter that may mean anything: an empty text.
    pub filters: Vec<String>,
}

impl ExpiryAlert {
    /// Reads an alert; `None` for one that is off, tells nobody, or is about something else.
    pub fn parse(alert: &Value) -> Option<Self> {
        if alert.get("alert_type")?.as_str()? != EXPIRY_ALERT {
            return None;
        }
        let mut parsed = Self::default();
        match alert.get("enabled") {
            Some(Value::Bool(false)) => return None,
            None | Some(Value::Null | Value::Bool(true)) => {}
            Some(_) => parsed.filters.push(String::new()),
        }
        match alert.get("filters") {
            None | Some(Value::Null) => {}
            Some(Value::Object(filters)) => {
                parsed.filters.extend(filters.values().flat_map(values));
            }
            Some(_) => parsed.filters.push(String::new()),
        }
        let is_unread = match alert.get("mechanisms") {
            None | Some(Value::Null) => false,
            Some(Value::Object(all)) => all.iter().any(|(kind, all)| !parsed.tell(kind, all)),
            Some(_) => true,
        };
        let tells = !parsed.emails.is_empty() || !parsed.others.is_empty();
        if is_unread && !tells {
            parsed.filters.push(String::new());
        }
        (tells || is_unread).then_some(parsed)
    }

    /// Adds the recipients of one mechanism. Returns whether it could be read.
    fn tell(&mut self, kind: &str, all: &Value) -> bool {
        let all = match all {
            Value::Null => return true,
            Value::Array(all) => all,
            _ => return false,
        };
        if kind == "email" {
            let addresses = all.iter().filter_map(|it| filled(it.get("id")?));
            let before = self.emails.len();
            self.emails.extend(addresses);
            return self.emails.len() - before == all.len();
        }
        if !all.is_empty() {
            self.others.insert(kind.to_owned(), all.len());
        }
        true
    }
}

/// The values of one filter. One without a value may mean anything.
fn values(filter: &Value) -> Vec<String> {
    match filter {
        Value::Array(values) if !values.is_empty() => values.iter().map(plain).collect(),
        Value::Array(_) | Value::Null => vec![String::new()],
        value => vec![plain(value)],
    }
}

/// The beginning of a name, or the ID of what has none.
pub(super) fn title<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.trim().is_empty() {
        id
    } else {
        crate::domain::text::beginning(name)
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

/// A number of things, as a whole number, as a decimal, or as text.
fn count(value: &Value) -> Option<usize> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        value => value.to_string(),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_whole = fraction.bytes().all(|digit| digit == b'0');
    whole.parse().ok().filter(|_| is_whole)
}
