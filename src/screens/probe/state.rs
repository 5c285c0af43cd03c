//! The state of a probe: what is typed, which request is pending, and what came of the last one.

use std::sync::Arc;

use crate::app::form::{Form, TextField};
use crate::domain::access::conclusion::Conclusion;
use crate::domain::access::probe::{PolicyView, ProbeAnswers, ProbeUrl};
use crate::domain::access::token_pair::TokenPair;
use crate::domain::credential::MaskedField;
use crate::domain::fetched::RequestId;
use crate::domain::status::Status;
use crate::domain::token::ServiceToken;

/// A probe of an app with the current token.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Probe {
    pub form: Form<ProbeField>,
    pub url: TextField,
    pub secret: MaskedField,
    pub phase: ProbePhase,
    /// The verdict of the policies on the URL, once they were read.
    pub policies: Option<PolicyView>,
    /// The conclusion from the answers.
    pub conclusion: Option<Conclusion>,
    /// The sources of `policies`.
    pub(crate) basis: Option<ProbeBasis>,
    /// The token that was sent last. In memory only, and only for this session.
    pub(crate) kept: Option<TokenPair>,
    /// The first visible line of the outcome.
    pub top: usize,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProbeField {
    #[default]
    Url,
    Secret,
}

impl ProbeField {
    /// The fields, from top to bottom.
    pub const ALL: [Self; 2] = [Self::Url, Self::Secret];
}

/// How far a probe got.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ProbePhase {
    /// URL and secret are being typed.
    #[default]
    Typing,
    Waiting {
        request: RequestId,
        url: ProbeUrl,
    },
    Done {
        url: ProbeUrl,
        answers: Box<ProbeAnswers>,
    },
}

/// The sources of a verdict of the policies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProbeBasis {
    pub(crate) url: ProbeUrl,
    pub(crate) token: Arc<ServiceToken>,
    pub(crate) status: Status,
    /// The generation of the map.
    pub(crate) generation: u64,
}

impl ProbeBasis {
    /// Whether what was looked up with one holds for the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.token, &other.token)
            && (self.status, self.generation) == (other.status, other.generation)
            && self.url == other.url
    }
}

impl Probe {
    /// Clears everything, the secret too, and returns the pending request.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        let request = self.request();
        *self = Self::default();
        request
    }

    /// The pending request.
    pub(crate) fn request(&self) -> Option<RequestId> {
        match self.phase {
            ProbePhase::Waiting { request, .. } => Some(request),
            ProbePhase::Typing | ProbePhase::Done { .. } => None,
        }
    }

    /// Whether URL and secret are being typed.
    pub fn is_typing(&self) -> bool {
        self.phase == ProbePhase::Typing
    }

    /// The URL that is typed, asked or was answered for, if it can be probed.
    pub fn current_url(&self) -> Option<ProbeUrl> {
        match &self.phase {
            ProbePhase::Typing => ProbeUrl::parse(self.url.value()).ok(),
            ProbePhase::Waiting { url, .. } | ProbePhase::Done { url, .. } => Some(url.clone()),
        }
    }

    /// Shows the form with the focus on a field.
    pub(crate) fn type_in(&mut self, field: ProbeField) {
        self.phase = ProbePhase::Typing;
        self.form = Form::on(field);
        self.top = 0;
    }
}
