//! Key handling of the help, and its lines: a menu of the keys of the screen beneath, what symbols
//! and filters mean, and the keys that work everywhere.

use crate::action::{Action, Context, Motion};
use crate::app::form::Editor;
use crate::app::handler::{Handler, Help};

use crate::app::state::State;
use crate::domain::status::{Emphasis, Status};
use crate::domain::text;
use crate::keymap::Row;
use crate::layout;
use crate::screens::help::state::HelpMenu;
use crate::theme::Role;

/// Maximum width of the box, in cells.
const WIDEST: u16 = 72;

/// From this height of the body on, in cells, a gap sets off each title.
const ROOMY: u16 = 16;

/// The cells around the column of keys.
pub(crate) const LEAD_MARGINS: usize = 4;

/// The narrowest and the widest column of keys, in cells.
const KEYS: (usize, usize) = (8, 14);

/// Examples of filters, and what they find.
const FILTERS: [(&str, &str); 5] = [
    ("deploy", "name, ID or client ID contains it"),
    ("prod db", "contains both"),
    ("!test", "does not contain it"),
    ("expiring", "has this status; its beginning suffices"),
    ("unused", "has this note; its beginning suffices"),
];

impl Handler for Help {
    fn context(&self, state: &State) -> Context {
        if state.help.is_searching {
            Context::HelpText
        } else {
            Context::Help
        }
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let help = &mut state.help;
        help.is_searching.then_some(Editor::Plain(&mut help.query))
    }

    fn edited(&self, state: &mut State) {
        state.help.selected = 0;
    }

    fn edit(&self, state: &mut State) {
        state.help.is_searching = true;
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let page = usize::from(state.help_size(state.body()).1.saturating_sub(2));
        let last = items(&state.help_lines()).count().saturating_sub(1);
        state.help.selected = motion.from(state.help.selected, page, last);
    }

    /// Goes to the next or the previous part.
    fn move_focus(&self, state: &mut State, forward: bool) {
        let lines = state.help_lines();
        let mut items = 0;
        let mut starts = Vec::new();
        for line in &lines {
            if line.is_item() {
                items += 1;
            } else if !line.lead.is_empty() {
                starts.push(items);
            }
        }
        let next = layout::next_place(&starts, Some(state.help.selected), forward);
        state.help.selected = next.unwrap_or(0);
    }

    /// Ends the search, or closes the help.
    fn back(&self, state: &mut State) {
        if state.help.is_searching {
            state.help = HelpMenu::default();
        } else {
            state.overlay = state.covered.take();
        }
    }
}

/// Closes the help, and returns the selected action to run in its place. Nothing happens on a line
/// that is not a key.
pub(crate) fn run(state: &mut State) -> Option<Action> {
    let lines = state.help_lines();
    let action = items(&lines).nth(state.help.selected)?.action?;
    state.overlay = state.covered.take();
    Some(action)
}

/// A line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpLine {
    /// The keys, the symbol or the example, or the title of the lines that follow.
    pub lead: String,
    /// The role of the lead; `None` for a title.
    pub role: Option<Role>,
    /// What it does or means, or the rest of what the line before says; empty for a title.
    pub meaning: String,
    /// The action that Enter runs.
    pub action: Option<Action>,
}

impl HelpLine {
    fn title(title: &str) -> Self {
        Self {
            lead: title.to_owned(),
            role: None,
            meaning: String::new(),
            action: None,
        }
    }

    fn term(role: Role, lead: &str, meaning: &str) -> Self {
        Self {
            lead: lead.to_owned(),
            role: Some(role),
            meaning: meaning.to_owned(),
            action: None,
        }
    }

    /// The line of rows with the same action: all their keys that have it.
    fn of(rows: &[(&Row, Context)], state: &State) -> Option<Self> {
        let (first, _) = rows.first()?;
        let mut keys: Vec<String> = Vec::new();
        for (row, context) in rows {
            for key in state.keymap.keys_in(*context, row) {
                let key = key.to_string();
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        let leaves_demo = first.action == Action::OpenDemo && state.session.is_demo();
        let label = if leaves_demo {
            "leave the demo"
        } else {
            &first.label
        };
        (!keys.is_empty()).then(|| Self {
            action: Some(first.action),
            ..Self::term(Role::Accent, &keys.join(" "), label)
        })
    }

    /// The line in lines of some width, behind leads of another one.
    fn wrapped(self, lead: usize, columns: usize) -> Vec<Self> {
        let taken = (lead + LEAD_MARGINS).max(text::width(&self.lead) + 4);
        let mut lines = text::wrap(&self.meaning, columns.saturating_sub(taken)).into_iter();
        let first = lines.next().unwrap_or_default();
        let rest = lines.map(|line| Self {
            meaning: line,
            ..Self::gap()
        });
        let rest: Vec<Self> = rest.collect();
        let first = Self {
            meaning: first,
            ..self
        };
        std::iter::once(first).chain(rest).collect()
    }

    fn gap() -> Self {
        Self::title("")
    }

    /// Whether it can be selected.
    pub fn is_item(&self) -> bool {
        self.role.is_some()
    }

    /// Whether a word of its meaning begins with a text, or its lead is or contains it.
    fn has(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        // A key is a letter, whose case matters.
        let is_key = self.lead.split(' ').any(|key| key == word);
        let is_in_lead = word.chars().count() > 1 && self.lead.to_lowercase().contains(&lower);
        let meaning = self.meaning.to_lowercase();
        is_key || is_in_lead || meaning.split(' ').any(|it| it.starts_with(&lower))
    }
}

fn items(lines: &[HelpLine]) -> impl Iterator<Item = &HelpLine> {
    lines.iter().filter(|line| line.is_item())
}

impl State {
    /// The lines of the help that match the search, under their titles.
    pub fn help_lines(&self) -> Vec<HelpLine> {
        let query = self.help.query.value();
        let words: Vec<&str> = query.split_whitespace().collect();
        let mut lines = Vec::new();
        for (title, items) in sections(self) {
            let matches = |line: &HelpLine| {
                let is_in = |word: &&str| title.to_lowercase().contains(&word.to_lowercase());
                words.iter().all(|word| line.has(word) || is_in(word))
            };
            let mut items = items.into_iter().filter(matches).peekable();
            if items.peek().is_some() {
                if !lines.is_empty() && self.body().1 >= ROOMY {
                    lines.push(HelpLine::gap());
                }
                lines.push(HelpLine::title(&title));
                lines.extend(items);
            }
        }
        let columns = usize::from(self.help_size(self.body()).0.saturating_sub(3));
        let lead = lead_width(&lines);
        let wrap = |line: HelpLine| match line.role {
            Some(_) => line.wrapped(lead, columns),
            None => vec![line],
        };
        lines.into_iter().flat_map(wrap).collect()
    }

    /// The size of the help in a body of some size.
    pub fn help_size(&self, body: (u16, u16)) -> (u16, u16) {
        (layout::overlay(body, WIDEST, u16::MAX).0, body.1)
    }

    /// The selected line of the help: its place among the items, and among all lines.
    pub fn help_selected(&self, lines: &[HelpLine]) -> Option<(usize, usize)> {
        let places = lines.iter().enumerate().filter(|(_, line)| line.is_item());
        let places = places.map(|(at, _)| at).enumerate();
        places.take(self.help.selected.saturating_add(1)).last()
    }
}

/// The width of the column of leads.
pub(crate) fn lead_width(lines: &[HelpLine]) -> usize {
    let widths = items(lines).map(|line| text::width(&line.lead));
    widths.max().unwrap_or(0).clamp(KEYS.0, KEYS.1)
}

/// The titles, and the lines of each.
fn sections(state: &State) -> Vec<(String, Vec<HelpLine>)> {
    let beneath = match state.covered {
        Some(overlay) => overlay.handler(),
        None => state.screen.handler(),
    };
    let current = beneath.context(state);
    let mut contexts = vec![current];
    let others = beneath.contexts(state).iter();
    contexts.extend(others.filter(|context| **context != current));
    // Where letters are commands: now, or once Esc has left the field.
    let commanding = contexts.iter().copied().find(|context| !context.is_text());
    let commanding = commanding.unwrap_or(Context::Commands);
    let after_esc = if current.is_text() { ", after Esc" } else { "" };
    let line = |row, context| HelpLine::of(&[(row, context)], state);
    let works = |row: &&Row| beneath.can(state, row.action) && state.can_anywhere(row.action);
    let mut listed: Vec<&Row> = Vec::new();
    let mut sections = Vec::new();
    for context in &contexts {
        let is_known = |row: &Row| {
            let same = |it: &&Row| it.keys == row.keys && it.action == row.action;
            listed.iter().any(same)
        };
        let own = rows_of(state, *context).filter(|row| !is_known(row));
        let own: Vec<&Row> = own.filter(works).collect();
        let lines = own.iter().filter_map(|row| line(*row, *context));
        let suffix = if context.is_text() { "" } else { after_esc };
        sections.push((format!("{}{suffix}", context.title()), lines.collect()));
        listed.extend(own);
    }
    sections.push(("Symbols".to_owned(), symbols(state)));
    sections.push(("In a filter".to_owned(), filters()));
    let is_shared = |row: &&Row| rows_of(state, Context::Any).any(|it| it.action == row.action);
    let commands = rows_of(state, Context::Commands).filter(|row| !is_shared(row));
    let commands = commands.filter(works);
    let commands = commands.filter_map(|row| line(row, commanding));
    let title = format!("{}{after_esc}", Context::Commands.title());
    sections.push((title, commands.collect()));
    let everywhere = rows_of(state, Context::Any).filter(works);
    let everywhere = everywhere.filter_map(|row| {
        let letters = rows_of(state, Context::Commands).filter(|it| it.action == row.action);
        let mut rows = vec![(row, Context::Any)];
        rows.extend(letters.map(|row| (row, commanding)));
        HelpLine::of(&rows, state)
    });
    sections.push((Context::Any.title().to_owned(), everywhere.collect()));
    if contexts.iter().any(|context| context.is_text()) {
        let rows = rows_of(state, Context::Text).filter(works);
        let lines = rows.filter_map(|row| line(row, Context::Text));
        sections.push((Context::Text.title().to_owned(), lines.collect()));
    }
    sections
}

/// The rows of a context that have a key, without the one that opened the help.
fn rows_of(state: &State, context: Context) -> impl Iterator<Item = &Row> {
    let rows = state.keymap.rows().iter();
    rows.filter(move |row| {
        row.context == context && !row.keys.is_empty() && row.action != Action::Help
    })
}

fn symbols(state: &State) -> Vec<HelpLine> {
    let (glyphs, ascii) = (state.glyphs(), state.ascii);
    let statuses = [
        (
            Status::Expired,
            Emphasis::Critical,
            "expired, or critical: ends within days",
        ),
        (
            Status::Expiring,
            Emphasis::Warning,
            "expiring: renew it soon",
        ),
        (
            Status::Unknown,
            Emphasis::Warning,
            "unknown: the API reports no end",
        ),
        (
            Status::Active,
            Emphasis::Calm,
            "active; of a profile: in use",
        ),
        (Status::NeverExpires, Emphasis::Calm, "never expires"),
        (Status::Disabled, Emphasis::Quiet, "disabled"),
    ];
    let line = |(status, emphasis, meaning): (Status, Emphasis, _)| {
        HelpLine::term(Role::from(emphasis), status.symbol(ascii), meaning)
    };
    let mut lines = statuses.map(line).to_vec();
    let marks = [Status::Expiring, Status::Critical].map(|status| status.symbol(ascii));
    lines.extend([
        HelpLine::term(
            Role::Muted,
            &marks.join(" "),
            "on the bar of time: expiring and critical from there on",
        ),
        HelpLine::term(Role::Calm, glyphs.info, "a finding that is good to know"),
        HelpLine::term(Role::Accent, glyphs.default, "the default profile"),
        HelpLine::term(Role::Accent, glyphs.changed, "changed by the last fetch"),
    ]);
    lines
}

fn filters() -> Vec<HelpLine> {
    let line = |(lead, meaning)| HelpLine::term(Role::Strong, lead, meaning);
    FILTERS.map(line).to_vec()
}
