//! The rules of policies and groups, as the API writes them. What is not known is kept as such.

use std::fmt;

use serde_json::{Map, Value};

use crate::domain::text;
use crate::domain::token_ref::IdDigits;

/// A value of three-valued logic, after Kleene: *and* is the lesser value, *or* the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    False,
    /// Depends on something that is not known here.
    Unknown,
    True,
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// A fact that only a request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    Address,
    Country,
    Certificate,
    Device,
    External,
}

impl Condition {
    /// The condition in words: `the caller's address`.
    pub fn subject(self) -> &'static str {
        match self {
            Self::Address => "the caller's address",
            Self::Country => "the caller's country",
            Self::Certificate => "a client certificate",
            Self::Device => "the device's posture",
            Self::External => "an external evaluation",
        }
    }
}

/// One rule of a policy or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The service token with this ID; without one, the rule is incomplete.
    ServiceToken(Option<String>),
    AnyServiceToken,
    Everyone,
    Condition(Condition),
    /// A rule that no service token meets, as it is about people, by its key.
    People(String),
    Group(Option<String>),
    /// A kind of rule that is not known here, by its keys.
    Unknown(String),
}

/// Rules that no service token meets, each with what it asks for.
const PEOPLE: [(&str, &str); 21] = [
    ("auth_context", "a person's authentication context"),
    ("auth_method", "a person's authentication method"),
    ("azureAD", "a Microsoft Entra group"),
    ("azure_ad", "a Microsoft Entra group"),
    ("cloudflare_account_member", "a member of the account"),
    ("email", "an email address"),
    ("email_domain", "an email domain"),
    ("email_list", "a list of email addresses"),
    ("github-organization", "a GitHub organization"),
    ("github_organization", "a GitHub organization"),
    ("gsuite", "a Google Workspace group"),
    ("gsuite_group", "a Google Workspace group"),
    ("linked_app_token", "another app's token"),
    ("login_method", "a login method"),
    ("oidc", "an OIDC claim"),
    ("oidc_claim", "an OIDC claim"),
    ("okta", "an Okta group"),
    ("okta_group", "an Okta group"),
    ("saml", "a SAML attribute"),
    ("saml_group", "a SAML attribute"),
    ("user_risk_score", "a person's risk score"),
];

/// A requirement that no service token meets.
pub fn person(kind: &str) -> &'static str {
    let row = PEOPLE.iter().find(|(key, _)| *key == kind);
    row.map_or("a person", |(_, words)| words)
}

impl Rule {
    /// Reads a rule: an object with one key that names its kind.
    pub fn parse(rule: &Value) -> Self {
        let Value::Object(rule) = rule else {
            return Self::Unknown("no object".to_owned());
        };
        let mut keys = rule.iter();
        let (Some((key, value)), None) = (keys.next(), keys.next()) else {
            let keys: Vec<&str> = rule.keys().map(String::as_str).collect();
            return Self::Unknown(keys.join(", "));
        };
        let member = |name: &str| {
            let text = value.get(name)?.as_str()?.trim().to_ascii_lowercase();
            (!text.is_empty()).then_some(text)
        };
        match key.as_str() {
            "service_token" => {
                // Without dashes, it may be an ID or a client ID; with other signs, anything.
                let is_bare = |id: &str| id.len() == 32 && !id.contains(['-', '.']);
                let is_odd = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_');
                let is_clear = |id: &String| !is_bare(id) && !id.contains(is_odd);
                Self::ServiceToken(member("token_id").filter(is_clear))
            }
            "any_valid_service_token" => Self::AnyServiceToken,
            "everyone" => Self::Everyone,
            "ip" | "ip_list" => Self::Condition(Condition::Address),
            "geo" => Self::Condition(Condition::Country),
            "certificate" | "common_name" => Self::Condition(Condition::Certificate),
            "device_posture" => Self::Condition(Condition::Device),
            "external_evaluation" => Self::Condition(Condition::External),
            "group" => Self::Group(member("id")),
            key if PEOPLE.iter().any(|(known, _)| *known == key) => Self::People(key.to_owned()),
            key => Self::Unknown(key.to_owned()),
        }
    }
}

/// A condition other than the token itself. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependency {
    Request(Condition),
    /// A kind of rule that is not known here.
    UnknownRule(String),
    /// A policy whose action is not known here.
    UnknownAction(String),
    /// A rule that names no token.
    NoToken,
    /// A rule that holds the token's client ID where its ID belongs.
    ClientId,
    /// A Bypass policy with a rule about tokens, which it is not documented to see.
    Bypass,
    /// A group that could not be read, by its ID, or by its name if only its rules are missing.
    UnreadGroup(String),
    /// Groups that contain each other in too many ways.
    Tangled,
}

impl fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brief = |text: &str| match text.trim() {
            "" => "without a name".to_owned(),
            text => text::truncate(text::beginning(text), LONGEST_NAME, "…").into_owned(),
        };
        let text = match self {
            Self::Request(condition) => condition.subject().to_owned(),
            Self::UnknownRule(kind) => {
                let kind = brief(kind);
                format!("a rule of a kind that tokenscope does not know ({kind})")
            }
            Self::UnknownAction(action) => {
                let action = brief(action);
                format!("an action that tokenscope does not know ({action})")
            }
            Self::NoToken => "a service-token rule that names no token".to_owned(),
            Self::ClientId => {
                "a rule with the client ID in place of the token's ID, which nobody has \
                               seen match"
                    .to_owned()
            }
            Self::Bypass => {
                "a Bypass policy's rule about tokens, whose effect is not documented".to_owned()
            }
            Self::UnreadGroup(group) => format!("group {}, which could not be read", brief(group)),
            Self::Tangled => "groups that contain each other in too many ways to follow".to_owned(),
        };
        formatter.write_str(&text)
    }
}

/// The longest name in a sentence, in cells.
pub(super) const LONGEST_NAME: usize = 60;

/// The rules of a policy or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// At least one must hold.
    pub include: Vec<Rule>,
    /// All must hold.
    pub require: Vec<Rule>,
    /// None may hold.
    pub exclude: Vec<Rule>,
    /// What else holds something that may be the ID or client ID of a token, in lower case: rules of
    /// unknown kinds, and members that are not known here.
    pub mentions: Vec<String>,
    /// Whether a rule, or a whole section, has no form of a rule.
    pub is_garbled: bool,
}

impl Rules {
    /// Reads the rules of an object; `None` without `include`, as in a mere reference to a policy.
    pub fn parse(object: &Map<String, Value>) -> Option<Self> {
        let include = object.get("include").filter(|include| !include.is_null())?;
        let include = list(include);
        let section = |key| object.get(key).map(list).unwrap_or_default();
        let mut rules = Self {
            include,
            require: section("require"),
            exclude: section("exclude"),
            // Such as those of a group that is the default, whose effect is not documented.
            mentions: mentions(object, &SECTIONS),
            is_garbled: false,
        };
        for section in SECTIONS.iter().filter_map(|key| object.get(*key)) {
            let listed = section.as_array().map_or(&[][..], Vec::as_slice);
            rules.is_garbled |= !section.is_array() && !section.is_null();
            rules.is_garbled |= listed.iter().any(is_garbled);
            let unread = listed.iter().filter_map(unread_part);
            collect_strings(unread.collect(), &mut rules.mentions);
        }
        Some(rules)
    }

    /// Whether a rule may be about a token or a group but does not say which.
    pub fn are_unclear(&self) -> bool {
        let is_unclear = |rule: &Rule| matches!(rule, Rule::ServiceToken(None) | Rule::Group(None));
        self.is_garbled || self.all().any(is_unclear)
    }

    /// Whether a rule of an unknown kind may admit any token. Of one without form, more is said.
    pub(super) fn include_unknown_kind(&self) -> bool {
        let mut include = self.include.iter();
        !self.is_garbled && include.any(|rule| matches!(rule, Rule::Unknown(_)))
    }

    /// Every rule.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.include
            .iter()
            .chain(&self.require)
            .chain(&self.exclude)
    }
}

const SECTIONS: [&str; 3] = ["include", "require", "exclude"];

/// Whether a rule has no form of one: an object with at least one key.
fn is_garbled(rule: &Value) -> bool {
    rule.as_object().is_none_or(Map::is_empty)
}

/// The part of a rule that is not read: all of one of an unknown kind, and of one that names a token the
/// members around the name.
fn unread_part(rule: &Value) -> Option<&Value> {
    match Rule::parse(rule) {
        Rule::Unknown(_) => Some(rule),
        Rule::ServiceToken(_) => {
            let named = rule.get("service_token")?.as_object()?;
            (named.len() > 1).then_some(rule)
        }
        Rule::AnyServiceToken
        | Rule::Everyone
        | Rule::Condition(_)
        | Rule::People(_)
        | Rule::Group(_) => None,
    }
}

/// What the members of an object hold that may be the ID or client ID of a token, in lower case. Not
/// what `read` names, and not the object's own ID.
pub(super) fn mentions(object: &Map<String, Value>, read: &[&str]) -> Vec<String> {
    let is_own = |key: &str| matches!(key, "id" | "uid");
    let others = object.iter();
    let others = others.filter(|(key, _)| !is_own(key) && !read.contains(&key.as_str()));
    let mut names = Vec::new();
    collect_strings(others.map(|(_, value)| value).collect(), &mut names);
    names
}

fn collect_strings(mut values: Vec<&Value>, names: &mut Vec<String>) {
    while let Some(value) = values.pop() {
        match value {
            Value::String(text) => names.extend(name_of_token(text)),
            Value::Array(all) => values.extend(all),
            Value::Object(members) => values.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// A text in lower case, if it has the form of a token's ID or client ID.
fn name_of_token(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = text.len() == 36 && is_hex(&text.replacen('-', "", 4));
    (is_id || text.strip_suffix(".access").is_some_and(is_hex)).then_some(text)
}

/// A client ID in lower case, with the suffix that some leave out.
pub(super) fn client_id(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let digits = IdDigits::parse(&text);
    digits.map_or(text, |digits| format!("{}.access", digits.as_str()))
}

/// An ID in lower case, with the dashes that some leave out.
pub(super) fn with_dashes(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    IdDigits::parse(&text).map_or(text, |digits| digits.uuid())
}

/// A section of rules. One that is no list is a rule of an unknown kind; null is an empty list.
fn list(section: &Value) -> Vec<Rule> {
    match section {
        Value::Array(rules) => rules.iter().map(Rule::parse).collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            vec![Rule::Unknown("no list".to_owned())]
        }
    }
}
