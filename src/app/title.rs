//! The title of the terminal: how many tokens need attention, and the profile. Never a token's name.

use super::state::State;
use crate::domain::status::Status;

impl State {
    /// `✖2 ▲2 tokenscope · prod`: expired within 30 days and critical, expiring, the profile.
    pub fn title(&self) -> String {
        let list = &self.list;
        let is_expired = |place: &&u32| {
            let known = list.haystack(**place);
            known.is_some_and(|known| known.status == Status::Expired)
        };
        // The most urgent are first: those that expired recently.
        let expired = list.order().iter().take_while(is_expired).count();
        let critical = expired + list.count(Status::Critical);
        let expiring = list.count(Status::Expiring);
        let glyphs = self.glyphs();
        let mut title = String::new();
        for (symbol, count) in [(glyphs.critical, critical), (glyphs.warning, expiring)] {
            if count > 0 {
                title.extend([symbol, &count.to_string(), " "]);
            }
        }
        title.push_str("tokenscope");
        let session = &self.session;
        let profile = if session.is_demo() || session.demo_only {
            Some("demo")
        } else {
            session.active.profile.as_deref()
        };
        if let Some(profile) = profile {
            title.push_str(glyphs.dot);
            title.push_str(profile);
        }
        title
    }
}
