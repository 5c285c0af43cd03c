//! A list of tokens as it leaves the program: on standard output or in a file.

use std::sync::Arc;

use super::failure::Failure;
use super::fetched::Tokens;
use super::scope::Scope;
use super::status::EvaluationContext;

/// A list of tokens with what a reader must know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListReport {
    /// In the order to write them.
    pub tokens: Tokens,
    pub origin: Origins,
    /// Why tokens may be missing; `None` if the list is complete.
    pub incomplete: Option<String>,
    pub context: EvaluationContext,
}

/// Where the tokens of a list come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origins {
    /// All from one scope.
    Scope(Scope),
    /// From several profiles.
    Profiles {
        /// The origin of each token, in the order of the tokens.
        origins: Vec<Arc<Origin>>,
        /// How reading each profile went.
        outcomes: Vec<ProfileOutcome>,
    },
}

/// How reading one profile's tokens went.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileOutcome {
    pub profile: String,
    pub scope: Option<Scope>,
    /// How many of its tokens are in the report.
    pub count: usize,
    /// Why its list may be incomplete.
    pub incomplete: Option<String>,
    pub error: Option<Failure>,
}

/// A profile, and the scope that was read with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub profile: String,
    pub scope: Scope,
}

impl ListReport {
    /// The origin of a token by its place, if the list is of several profiles.
    pub fn origin_of(&self, place: usize) -> Option<&Origin> {
        match &self.origin {
            Origins::Scope(_) => None,
            Origins::Profiles { origins, .. } => origins.get(place).map(Arc::as_ref),
        }
    }
}

/// The format of a file with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    Csv,
    Json,
}

impl FileFormat {
    /// The format that the ending of a file's name asks for.
    pub fn of(path: &str) -> Option<Self> {
        let (stem, ending) = path.rsplit_once('.')?;
        if stem.is_empty() || stem.ends_with(['/', std::path::MAIN_SEPARATOR]) {
            return None;
        }
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Whether an existing file may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Kept,
    Replaced,
}

/// Why a list was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWritten {
    /// The file exists, and nobody agreed to replace it.
    Exists,
    /// One sentence.
    Because(String),
}

impl NotWritten {
    /// A file name that asks for no known format.
    pub fn unknown_format() -> Self {
        Self::Because("The name must end in .csv or .json.".to_owned())
    }
}
