//! Probes the URL of a protected app with a service token.

use std::future::Future;

use super::token_service::TokenService;
use crate::api::Prober;
use crate::domain::access::probe::{ProbeAnswer, ProbeAnswers, ProbeUrl};
use crate::domain::access::signs::AnsweredBy;
use crate::domain::access::token_pair::{TokenHeader, TokenPair};
use crate::domain::failure::{Failure, FailureKind};

impl TokenService {
    /// Asks a URL without the token and, if Access itself refused that, with it. `pair` is awaited only
    /// then, so that no secret is asked for needlessly.
    ///
    /// # Errors
    /// [`Failure`], if nothing could be sent, and that of `pair`. A request that fails is part of the
    /// answers.
    pub async fn probe_url(
        &self,
        url: &ProbeUrl,
        header: Option<&TokenHeader>,
        pair: impl Future<Output = Result<TokenPair, Failure>>,
    ) -> Result<ProbeAnswers, Failure> {
        let prober = self.prober(url).await?;
        let (bare, permit) = prober.ask_bare(self.deadlines()).await;
        let failure = bare.failure.or_else(|| unavailable(url, &bare.answer));
        let mut answers = ProbeAnswers {
            bare: bare.answer,
            with_token: None,
            header: header.cloned(),
            failure,
        };
        if let Some(permit) = permit {
            let pair = pair.await?;
            let asked = prober.ask_with_token(permit, &pair, header, self.deadlines());
            let asked = asked.await;
            answers.with_token = Some(asked.answer);
            answers.failure = asked.failure;
        }
        Ok(answers)
    }

    /// Builds the client for a URL, with the certificates that the API's client has read, if it was
    /// needed before.
    async fn prober(&self, url: &ProbeUrl) -> Result<Prober, Failure> {
        let (options, via) = (self.options.clone(), self.probe_address);
        if let Some(client) = self.client.get() {
            let prober = Prober::new(&options, url, via, Some(client));
            return prober.map_err(|error| error.into_failure(None));
        }
        let address = url.clone();
        let prober = self.build(move || Prober::new(&options, &address, via, None));
        let prober = prober.await?;
        self.complain(prober.complaint());
        Ok(prober)
    }
}

/// The failure of an app, or of what is before it, that answered the request without the token with an
/// error of its own.
fn unavailable(url: &ProbeUrl, bare: &ProbeAnswer) -> Option<Failure> {
    let status = bare.status.filter(|status| *status >= 500)?;
    if bare.answered_by != AnsweredBy::Unknown {
        return None;
    }
    let mut failure = Failure::new(
        FailureKind::Server,
        format!("{} answered {status}.", url.host()),
        "Start the origin and its tunnel, then probe again.",
    );
    failure.details.http_status = Some(status);
    failure.details.cf_ray.clone_from(&bare.cf_ray);
    Some(failure)
}
