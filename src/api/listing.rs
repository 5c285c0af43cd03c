//! Signatures.
use std::sync::Arc;
use crate::domain::{scope::Scope, token::ServiceToken};
/// Tokens as they arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The new ones, in the order sent.
    pub tokens: Vec<Arc<ServiceToken>>,
    /// How many have come so far, these included.
    pub received: usize,
    /// How many the API announced.
    pub total: Option<usize>,
}
/// All the tokens of a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// In the API's order, each once.
    pub tokens: Vec<Arc<ServiceToken>>,
    /// Why the list may lack some, as a fragment of a sentence; nothing when it is whole.
    pub incomplete: Option<String>,
    /// How many the API announced.
    pub total: Option<usize>,
}
/// An account or zone that the credential can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedScope {
    /// The account or zone.
    pub scope: Scope,
    /// What people call it. Untrusted text.
    pub name: String,
}
