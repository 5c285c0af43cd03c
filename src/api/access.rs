//! Reads what tells who uses a token: apps, policies, groups, and what lies beside them.
//!
//! Responses may hold secrets, such as that of an app's SCIM service: members that look like one are
//! skipped while an entry is parsed.

use serde_json::Value;
use serde_json::value::RawValue;

use super::client::{ScopeReader, TOKENS_PER_PAGE};
use super::envelope::Envelope;
use super::error::{Error, Reason, Unreadable};
use super::list::{self, List};
use super::public_json;
use super::request::{AccessEndpoint, PageQuery, Paging, Request};
use super::transport::Parse;
use crate::domain::access::map::{Part, PartObjects};
use crate::domain::access::objects::{
    App, DeviceProfile, DohToken, ExpiryAlert, Group, Hyperdrive, Organization, Policy,
};
use crate::domain::credential_survey::CredentialValidity;
use crate::domain::fetched::{Fetched, Gap};
use crate::domain::scope::ScopeId;

/// Entries to accept where only the first matters.
const MOST_IGNORED: u64 = 10_000;

/// The contents of one part.
#[derive(Debug, Clone, PartialEq)]
pub struct PartContents {
    /// How many entries are visible.
    pub count: usize,
    pub objects: PartObjects,
}

impl PartContents {
    fn list<T>(objects: Vec<T>, wrap: fn(Vec<T>) -> PartObjects) -> Self {
        Self {
            count: objects.len(),
            objects: wrap(objects),
        }
    }
}

/// The result of a request for a single entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub is_empty: bool,
    /// How many entries the API says there are.
    pub total: Option<usize>,
}

impl ScopeReader<'_> {
    /// Reads one part with all its pages. Of the tokens, it only says how many there are.
    ///
    /// # Errors
    /// [`Error`], if nothing of it could be read. If only some of it could, the value has a gap.
    pub async fn read(&self, part: Part) -> Result<Fetched<PartContents>, Error> {
        use AccessEndpoint as At;
        Ok(match part {
            Part::Tokens => self.tokens(&mut |_| {}).await?.map(|tokens| PartContents {
                count: tokens.len(),
                objects: PartObjects::Nothing,
            }),
            Part::Apps => {
                let apps = self.list(At::Apps, App::parse, |it| &it.id).await?;
                apps.map(|it| PartContents::list(it, PartObjects::Apps))
            }
            Part::Policies => {
                let policies = self.list(At::Policies, Policy::parse, |it| &it.id);
                let policies = policies.await?;
                policies.map(|it| PartContents::list(it, PartObjects::Policies))
            }
            Part::Groups => {
                let groups = self.list(At::Groups, Group::parse, |it| &it.id).await?;
                groups.map(|it| PartContents::list(it, PartObjects::Groups))
            }
            Part::Organization => self.organization().await?,
            Part::Doh => self.doh().await?,
            Part::DeviceProfiles => self.device_profiles().await?,
            Part::Hyperdrive => {
                let configs = self.list(At::Hyperdrive, Hyperdrive::parse, |it| &it.id);
                let configs = configs.await?;
                configs.map(|it| PartContents::list(it, PartObjects::Hyperdrive))
            }
            Part::Alerts => {
                let alerts = self.list(At::Alerts, alert, |_| "").await?;
                alerts.map(|all| PartContents {
                    count: all.len(),
                    objects: PartObjects::Alerts(all.into_iter().filter_map(|it| it.0).collect()),
                })
            }
        })
    }

    /// Reads one entry of a part with one request. If a server wants larger pages, it gets another one.
    ///
    /// # Errors
    /// [`Error`], if it could not be read.
    pub async fn sample(&self, part: Part) -> Result<Fetched<Sample>, Error> {
        use AccessEndpoint as At;
        let scope = self.scope;
        let endpoint = match part {
            Part::Tokens => {
                let request = |page| Request::Tokens { scope, page };
                return self
                    .first_page(request, Paging::Pages(TOKENS_PER_PAGE))
                    .await;
            }
            Part::Apps => At::Apps,
            Part::Policies => At::Policies,
            Part::Groups => At::Groups,
            Part::Hyperdrive => At::Hyperdrive,
            Part::Organization | Part::Doh => {
                let contents = self.read(part).await?;
                return Ok(contents.map(|contents| Sample {
                    is_empty: contents.count == 0,
                    total: None,
                }));
            }
            Part::DeviceProfiles => return self.send(At::DeviceProfiles, all_entries).await,
            Part::Alerts => return self.send(At::Alerts, all_entries).await,
        };
        let request = |page| Request::Access {
            scope,
            endpoint,
            page: Some(page),
        };
        self.first_page(request, endpoint.paging()).await
    }

    async fn first_page<'r>(
        &self,
        request: impl Fn(PageQuery) -> Request<'r>,
        usual: Paging,
    ) -> Result<Fetched<Sample>, Error> {
        let page = |size| request(PageQuery { number: 1, size });
        let read = self.client.send(&self.context, page(1), first_entry).await;
        match read {
            // The smallest page is not documented.
            Err(Error::Refused(refusal)) if refusal.reason == Reason::Rejected => {
                let request = page(usual.size());
                self.client.send(&self.context, request, first_entry).await
            }
            read => read,
        }
    }

    /// Verifies the API token itself, as the account's or as a user's.
    ///
    /// # Errors
    /// [`Error`]. A refusal does not prove that the token is invalid.
    pub async fn verify(
        &self,
        account: Option<&ScopeId>,
    ) -> Result<Fetched<CredentialValidity>, Error> {
        let parse = |envelope: &Envelope<'_>| {
            let validity = object(envelope)?;
            let validity = validity.as_object().and_then(CredentialValidity::parse);
            validity.ok_or_else(|| Unreadable::NoObject.into())
        };
        let request = Request::Credential { account };
        self.client.send(&self.context, request, parse).await
    }

    /// Reads the policies of one app.
    ///
    /// # Errors
    /// [`Error`], if not even the first page could be read.
    pub async fn policies_of(&self, app: &str) -> Result<Fetched<Vec<Policy>>, Error> {
        let endpoint = AccessEndpoint::AppPolicies { app };
        self.list(endpoint, Policy::parse, |it| &it.id).await
    }

    async fn organization(&self) -> Result<Fetched<PartContents>, Error> {
        let parse = |envelope: &Envelope<'_>| {
            let settings = object(envelope)?;
            Ok(PartContents {
                count: 1,
                objects: PartObjects::Organization(Organization::parse(&settings)),
            })
        };
        self.send(AccessEndpoint::Organization, parse).await
    }

    /// Reads which token DNS over HTTPS uses. An account that has none answers 404, or with nothing.
    async fn doh(&self) -> Result<Fetched<PartContents>, Error> {
        let parse = |envelope: &Envelope<'_>| match optional_object(envelope)? {
            Some(token) => doh_token(&token),
            None => Ok(None),
        };
        let token = match self.send(AccessEndpoint::Doh, parse).await {
            Err(Error::Refused(refusal)) if refusal.reason == Reason::NotFound => {
                Fetched::new(None, self.context.started.elapsed())
            }
            read => read?,
        };
        Ok(token.map(|token| PartContents {
            count: usize::from(token.is_some()),
            objects: PartObjects::Doh(token),
        }))
    }

    /// Reads the device profiles and the default one, which have an endpoint each.
    async fn device_profiles(&self) -> Result<Fetched<PartContents>, Error> {
        use AccessEndpoint as At;
        let (profiles, default) = tokio::join!(
            self.list(At::DeviceProfiles, DeviceProfile::parse, |it| &it.id),
            self.send(At::DefaultDeviceProfile, optional_object),
        );
        let (mut profiles, default) = match (profiles, default) {
            (Err(error), Err(_)) => return Err(error),
            (Err(error), Ok(default)) => {
                let took = default.took;
                let mut empty = Fetched::new(Vec::new(), took);
                empty.gap = Some(self.gap("the profiles besides the default one", error));
                (empty, default.value)
            }
            (Ok(mut profiles), Err(error)) => {
                let gap = self.gap("the default profile", error);
                profiles.gap.get_or_insert(gap);
                (profiles, None)
            }
            (Ok(profiles), Ok(default)) => (profiles, default.value),
        };
        let default = default.as_ref().and_then(DeviceProfile::parse);
        profiles.value.extend(default);
        Ok(profiles.map(|it| PartContents::list(it, PartObjects::DeviceProfiles)))
    }

    fn gap(&self, what: &str, error: Error) -> Gap {
        let failure = error.into_failure(Some(self.scope));
        Gap {
            reason: format!("{what} could not be read: {}", failure.fragment()),
            failure: Some(failure),
        }
    }

    async fn list<T: Send + 'static>(
        &self,
        endpoint: AccessEndpoint<'_>,
        parse: fn(&Value) -> Option<T>,
        key: fn(&T) -> &str,
    ) -> Result<Fetched<Vec<T>>, Error> {
        let (scope, paging) = (self.scope, endpoint.paging());
        let request = |page: PageQuery| Request::Access {
            scope,
            endpoint,
            page: (paging != Paging::Whole).then_some(page),
        };
        let list = List {
            request: &request,
            scope: Some(scope),
            paging,
            parse: move |raw: &RawValue| parse(&public_json::parse(raw.get()).ok()?),
            key,
        };
        list::fetch(self.client, &self.context, list, &mut |_| {}).await
    }

    async fn send<T: Send + 'static>(
        &self,
        endpoint: AccessEndpoint<'_>,
        parse: impl Parse<T>,
    ) -> Result<Fetched<T>, Error> {
        let request = Request::Access {
            scope: self.scope,
            endpoint,
            page: None,
        };
        self.client.send(&self.context, request, parse).await
    }
}

/// The first entry of a list in pages. A server that ignores the page size does no harm.
fn first_entry(envelope: &Envelope<'_>) -> Result<Sample, Reason> {
    let entries = envelope.list(MOST_IGNORED, |_| {})?;
    let total = envelope.pages.total_count;
    Ok(Sample {
        is_empty: entries == 0,
        total: total.and_then(|total| usize::try_from(total).ok()),
    })
}

/// A list that comes as a whole, so that its length is the total.
fn all_entries(envelope: &Envelope<'_>) -> Result<Sample, Reason> {
    let entries = envelope.list(MOST_IGNORED, |_| {})?;
    Ok(Sample {
        is_empty: entries == 0,
        total: Some(entries),
    })
}

fn object(envelope: &Envelope<'_>) -> Result<Value, Reason> {
    let object = envelope.object()?;
    public_json::parse(object.as_str()).map_err(|_| Unreadable::NotJson.into())
}

/// An object that the scope may lack: the API then sends nothing in its place.
fn optional_object(envelope: &Envelope<'_>) -> Result<Option<Value>, Reason> {
    if envelope.has_empty_result() {
        return Ok(None);
    }
    object(envelope).map(Some)
}

/// The token that DNS over HTTPS uses. The result is the token, with a member of its own.
fn doh_token(settings: &Value) -> Result<Option<DohToken>, Reason> {
    let token = DohToken::parse(settings);
    let members = settings.as_object().into_iter().flatten();
    let mut others = members.filter(|(key, value)| *key != "doh_jwt_duration" && !value.is_null());
    if token.is_none() && others.next().is_some() {
        // It may be any token.
        return Err(Unreadable::NoObject.into());
    }
    Ok(token)
}

/// An alert; `None` within is one about something else than the expiry of service tokens.
struct Alert(Option<ExpiryAlert>);

fn alert(alert: &Value) -> Option<Alert> {
    alert.get("alert_type")?.as_str()?;
    Some(Alert(ExpiryAlert::parse(alert)))
}
