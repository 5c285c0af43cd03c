//! What Find shows: its items, its texts, and how they share the rows.

use std::borrow::Cow;
use std::sync::Arc;

use super::state::{Item, ItemCounts, MatchKind};
use crate::app::message::Stage;
use crate::app::state::State;
use crate::domain::credential::CredentialSource;
use crate::domain::duration::Remaining;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::status::{Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::layout::find::{FindContent, FindLayout, Section};
use crate::layout::{self, TextLine};
use crate::theme::Role;

impl State {
    /// The items that can be selected on Find.
    pub fn find_items(&self) -> ItemCounts {
        let needs = self.list.needs().len();
        let rows = self.find_layout(Section::Needs).needs;
        let has_more = needs > rows;
        ItemCounts {
            matches: self.find.matches.count(),
            needs: if has_more {
                rows.saturating_sub(1)
            } else {
                needs
            },
            has_more,
            recents: self.find.recents.len(),
        }
    }

    /// The list that has the selection.
    pub(crate) fn find_focus(&self) -> Section {
        match self.find.selected {
            Some(Item::Need(_) | Item::More) => Section::Needs,
            Some(Item::Recent(_)) => Section::Recent,
            None if self.find.token.is_blank() => Section::Needs,
            Some(Item::Match(_)) | None => Section::Matches,
        }
    }

    /// How the field and the lists share the body, with the focus on one of them.
    pub(crate) fn find_layout(&self, focus: Section) -> FindLayout {
        let find = &self.find;
        let has_text = !find.token.is_blank();
        let needs = match self.list.needs().len() {
            0 => self.needs_text().len(),
            needs => needs,
        };
        let content = FindContent {
            remarks: self.find_progress_rows() + self.find_remarks().len(),
            matches: has_text.then(|| find.matches.count() + self.match_text().len()),
            needs,
            recent: find.recents.len(),
        };
        FindLayout::new(self.body_rows(), content, focus)
    }

    /// The cells of a row of text inside the panel.
    fn find_columns(&self) -> usize {
        usize::from(self.body().0).saturating_sub(6)
    }

    /// The rows that show what a lookup waits for.
    pub(crate) fn find_progress_rows(&self) -> usize {
        let Some(since) = self.detail.token.loading_since() else {
            return usize::from(self.find.is_waiting);
        };
        let waits_for_keyring =
            self.detail.stage == Stage::Credential && self.clock.seconds_since(since) > 1;
        match (waits_for_keyring, self.find_columns() > 76) {
            (false, _) => 1,
            (true, true) => 2,
            (true, false) => 3,
        }
    }

    /// The complaint about the text, its meaning, or the hint for an empty field.
    pub(crate) fn find_remarks(&self) -> Vec<TextLine> {
        let (find, glyphs, columns) = (&self.find, self.glyphs(), self.find_columns());
        if let Some(complaint) = &find.complaint {
            let sentence = text::capitalized(complaint);
            let mark = (Role::Critical, glyphs.critical);
            let text = glyphs.clean(&sentence);
            return layout::marked(mark, Some(Role::Critical), &format!("{text}."), columns);
        }
        if self.find_progress_rows() > 0 {
            return Vec::new();
        }
        let muted = |text: &str| {
            let text = glyphs.clean(text);
            layout::marked((Role::Muted, " "), Some(Role::Muted), &text, columns)
        };
        if let Some(scope) = find.scope_of_url() {
            return muted(&format!("Enter looks in the {scope} of the URL."));
        }
        let mut lines = muted(if find.is_commanding {
            "letters are commands"
        } else {
            "a name or a part of it, an ID, a client ID, a URL"
        });
        if let Some(why) = self.list_trouble() {
            let mark = (Role::Warning, glyphs.warning);
            let text = glyphs.clean(&why);
            lines.extend(layout::marked(mark, Some(Role::Muted), &text, columns));
        }
        lines
    }

    /// Why the list is not there, or not complete.
    fn list_trouble(&self) -> Option<String> {
        let extent = &self.list.extent;
        let session = &self.session;
        if session.active.identity.is_none() {
            let text = if session.needs_choice() {
                "No profile is in use: press Enter to choose one."
            } else {
                "No credential yet: press Enter to set one up."
            };
            return Some(text.to_owned());
        }
        if session.active.scope.is_none() {
            return Some("No account or zone is chosen yet, so only URLs work.".to_owned());
        }
        let refusal = |failure: &Failure| {
            let mut text = format!("No list. {}", failure.summary);
            if failure.kind == FailureKind::Permission {
                text.push_str(" An ID or a URL can still be looked up.");
            }
            text
        };
        match extent.value() {
            Some(list) => {
                let why = list.incomplete.as_ref()?;
                Some(format!("The list is incomplete: {why}."))
            }
            None if extent.failure().is_none() && self.is_list_held_back() => {
                let is_paused = self.limited_for().is_some();
                is_paused.then(|| "No list yet. The API asked for a pause.".to_owned())
            }
            None => extent.failure().map(refusal),
        }
    }

    /// The text above the matches, if the list does not simply contain them.
    pub(crate) fn match_text(&self) -> Vec<TextLine> {
        let find = &self.find;
        let matches = &find.matches;
        let list = &self.list;
        let is_empty = matches.count() == 0;
        let is_loading = list.extent.is_first();
        let reference = TokenRef::parse(find.token.value());
        let is_id = reference.is_ok_and(|reference| reference.id().is_some());
        let has_match = !is_empty && matches.kind != MatchKind::Nearest;
        let text = match (has_match, matches.kind) {
            (true, MatchKind::Fuzzy) => "Nothing contains it; these names have its letters.",
            (true, MatchKind::Containing | MatchKind::Nearest) => return Vec::new(),
            (false, _) if is_id => "Enter fetches this ID.",
            (false, _) if is_loading => "None yet; the list is still coming.",
            (false, _) if list.extent.value().is_none() => "Enter asks the API for it.",
            (false, _) if is_empty => "No name, ID or client ID contains it.",
            (false, _) => "No name, ID or client ID contains it. The nearest names:",
        };
        layout::marked(
            (Role::Muted, " "),
            Some(Role::Muted),
            text,
            self.find_columns(),
        )
    }

    /// The text in place of tokens that need the user.
    pub(crate) fn needs_text(&self) -> Vec<TextLine> {
        let list = &self.list;
        let is_loading = list.extent.is_loading();
        let text = match list.extent.value() {
            None if is_loading => match self.list_waits_for() {
                Some(program) => format!("Waiting for {program}, which prints the credential …"),
                None => "Reading the list …".to_owned(),
            },
            None => return Vec::new(),
            Some(extent) if list.total() == 0 && extent.incomplete.is_some() => return Vec::new(),
            Some(_) if list.total() == 0 => {
                "The API lists no service tokens here. There may still be some: a credential limited \
                 to individual tokens may not be allowed to list them."
                    .to_owned()
            }
            Some(_) => self.nothing_to_do(),
        };
        layout::marked((Role::Muted, " "), None, &text, self.find_columns())
    }

    /// The program that has to print the credential before the list can be read.
    fn list_waits_for(&self) -> Option<Cow<'_, str>> {
        let list = &self.list;
        let source = &list.access.as_ref()?.identity.source;
        let (Stage::Credential, CredentialSource::Command { profile }) =
            (list.progress.stage, source)
        else {
            return None;
        };
        let command = self.session.settings.command_of(profile)?;
        Some(self.glyphs().clean(command.program()))
    }

    /// `Nothing needs you: the next of 14 live tokens ends in 43 d. 2 disabled, 1 expired long ago.`
    fn nothing_to_do(&self) -> String {
        let list = &self.list;
        let count = |status| list.count(status);
        let live = count(Status::Active) + count(Status::NeverExpires);
        let first = list.order().first().and_then(|place| list.token(*place));
        let end = first.and_then(|token| {
            let is_active = count(Status::Active) > 0;
            Lifecycle::of(token).end().filter(|_| is_active)
        });
        let tokens = |count: usize| match count {
            1 => "the only live token".to_owned(),
            count => format!("the next of {count} live tokens"),
        };
        let mut text = match (live, end) {
            (0, _) => "Nothing needs you: no token is live.".to_owned(),
            (_, Some(end)) => {
                let left = Remaining::until(end, self.instant()).days();
                format!("Nothing needs you: {} ends in {left} d.", tokens(live))
            }
            (1, None) => "Nothing needs you: the only live token never expires.".to_owned(),
            (_, None) => format!("Nothing needs you: none of {live} live tokens expires."),
        };
        let over = [
            (count(Status::Disabled), "disabled"),
            (count(Status::Expired), "expired long ago"),
        ];
        let over = over.iter().filter(|(count, _)| *count > 0);
        let over: Vec<String> = over
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !over.is_empty() {
            text = format!("{text} {}.", over.join(", "));
        }
        text
    }

    /// The tokens of the list that Find shows.
    pub(crate) fn find_tokens(&self) -> impl Iterator<Item = &Arc<ServiceToken>> {
        let layout = self.find_layout(self.find_focus());
        let (find, list) = (&self.find, &self.list);
        let needs = list.needs().iter().take(layout.needs);
        let needs = needs.filter_map(|need| list.token(need.place));
        let first = self.first_match(layout);
        let matches =
            (first..first + layout.matches).filter_map(|at| find.token_at(Item::Match(at), list));
        matches.chain(needs)
    }

    /// The first match on screen.
    pub(crate) fn first_match(&self, layout: FindLayout) -> usize {
        let selected = match self.find.selected {
            Some(Item::Match(at)) => at,
            Some(Item::Need(_) | Item::More | Item::Recent(_)) | None => 0,
        };
        let rows = layout.matches.saturating_sub(self.match_text().len());
        layout::first_row_centred(selected, self.find.matches.count(), rows)
    }

    /// The selected token of the list.
    pub(crate) fn selected_token(&self) -> Option<&Arc<ServiceToken>> {
        self.find.token_at(self.find.selected?, &self.list)
    }
}
