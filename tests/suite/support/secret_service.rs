//! A Secret Service with scripted answers: programs other than GNOME's, locks, unanswered dialogs,
//! and errors.
//!
//! It stores nothing: no secret is ever decoded.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the interface is the standard's, and a fake looks at little of what it is given"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::message::Header;
use zbus::names::ErrorName;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{DBusError, Message};

use crate::support::keyring::Session;

const ROOT: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/one";
const ITEM: &str = "/org/freedesktop/secrets/collection/one/1";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/p1";

/// The behaviour of the service.
#[derive(Clone, Default)]
pub(crate) struct Behaviour {
    /// The additional name that its program owns.
    pub(crate) name: Option<&'static str>,
    pub(crate) has_collection: bool,
    /// Whether the collection is locked.
    pub(crate) is_locked: bool,
    /// Whether a search finds the entry in a locked collection.
    pub(crate) shows_locked: bool,
    /// The error that answers a search.
    pub(crate) error: Option<&'static str>,
}

/// The calls it received.
pub(crate) type Calls = Arc<Mutex<Vec<&'static str>>>;

pub(crate) struct Fake {
    _connection: Connection,
    pub(crate) calls: Calls,
}

impl Fake {
    pub(crate) fn start(session: &Session, behaviour: &Behaviour) -> Self {
        let calls = Calls::default();
        let address = format!("unix:path={}", session.socket().display());
        let service = Service {
            behaviour: behaviour.clone(),
            calls: Arc::clone(&calls),
        };
        let collection = Collection {
            is_locked: behaviour.is_locked,
        };
        let prompt = Prompt {
            calls: Arc::clone(&calls),
        };
        let mut builder = Builder::address(address.as_str())
            .unwrap()
            .serve_at(ROOT, service)
            .unwrap()
            .serve_at(COLLECTION, collection)
            .unwrap()
            .serve_at(PROMPT, prompt)
            .unwrap()
            .name("org.freedesktop.secrets")
            .unwrap();
        if let Some(name) = behaviour.name {
            builder = builder.name(name).unwrap();
        }
        Self {
            _connection: builder.build().unwrap(),
            calls,
        }
    }

    pub(crate) fn count(&self, call: &str) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|it| **it == call).count()
    }
}

fn path(text: &str) -> OwnedObjectPath {
    ObjectPath::try_from(text).unwrap().into()
}

/// An error of any name.
#[derive(Debug)]
struct Named(&'static str);

impl std::fmt::Display for Named {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl DBusError for Named {
    fn create_reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        Message::error(call, self.0)?.build(&("words of a library",))
    }

    fn name(&self) -> ErrorName<'_> {
        ErrorName::try_from(self.0).unwrap()
    }

    fn description(&self) -> Option<&str> {
        None
    }
}

struct Service {
    behaviour: Behaviour,
    calls: Calls,
}

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    fn open_session(&self, _algorithm: &str, _input: OwnedValue) -> (OwnedValue, OwnedObjectPath) {
        let key = Value::from(vec![2_u8; 128]);
        (
            key.try_into().unwrap(),
            path("/org/freedesktop/secrets/session/s1"),
        )
    }

    fn search_items(
        &self,
        _attributes: HashMap<String, String>,
    ) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), Named> {
        self.calls.lock().unwrap().push("search");
        match self.behaviour.error {
            Some(name) => Err(Named(name)),
            None if self.behaviour.shows_locked => Ok((Vec::new(), vec![path(ITEM)])),
            None => Ok((Vec::new(), Vec::new())),
        }
    }

    fn unlock(&self, _objects: Vec<OwnedObjectPath>) -> (Vec<OwnedObjectPath>, OwnedObjectPath) {
        self.calls.lock().unwrap().push("unlock");
        (Vec::new(), path(PROMPT))
    }

    fn read_alias(&self, _name: &str) -> OwnedObjectPath {
        path(if self.behaviour.has_collection {
            COLLECTION
        } else {
            "/"
        })
    }

    #[zbus(property)]
    fn collections(&self) -> Vec<OwnedObjectPath> {
        let one = self.behaviour.has_collection.then(|| path(COLLECTION));
        one.into_iter().collect()
    }
}

struct Collection {
    is_locked: bool,
}

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    #[zbus(property)]
    fn locked(&self) -> bool {
        self.is_locked
    }

    #[zbus(property)]
    fn label(&self) -> String {
        "Passwords".to_owned()
    }
}

struct Prompt {
    calls: Calls,
}

#[zbus::interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    fn prompt(&self, _window: &str) {
        self.calls.lock().unwrap().push("prompt");
    }

    async fn dismiss(&self, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        self.calls.lock().unwrap().push("dismiss");
        let nothing = Value::from("");
        emitter.completed(true, nothing).await.unwrap();
    }

    #[zbus(signal)]
    async fn completed(
        emitter: &SignalEmitter<'_>,
        is_dismissed: bool,
        result: Value<'_>,
    ) -> zbus::Result<()>;
}
