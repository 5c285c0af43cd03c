//! Intents: what a key can mean, where it can mean it, and what the keyboard hands to the program.
//!
//! Not here: keys (`keymap`) and what an intent does (`app`).

use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;

/// What the user wants. The name in `keymap.toml` is the variant's in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// End the program.
    Quit,
    /// Stop the process and give the terminal back until it is continued.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Show the keys.
    Help,
    /// Close what is open, cancel what is running, or go back.
    Back,
    /// Do what the focus suggests.
    Submit,
    /// Go to the next field.
    NextField,
    /// Go to the field before.
    PreviousField,
    /// Move up one row.
    Up,
    /// Move down one row.
    Down,
    /// Move left, or choose the option before.
    Left,
    /// Move right, or choose the next option.
    Right,
    /// Move up one screen.
    PageUp,
    /// Move down one screen.
    PageDown,
    /// Go to the first row.
    Top,
    /// Go to the last row.
    Bottom,
    /// Open the look-up screen.
    LookUp,
    /// Open the list of all tokens of the scope.
    Browse,
    /// Open the profiles.
    Profiles,
    /// Sort the list by the next key.
    Sort,
    /// Fetch again.
    Refresh,
    /// Switch between fields and raw JSON.
    ToggleRaw,
    /// Copy the selected field's value.
    CopyField,
    /// Copy the token's client ID.
    CopyClientId,
    /// Copy the token's JSON as received.
    CopyJson,
    /// Copy the link to the dashboard.
    CopyDashboardLink,
    /// Show everything known of the last error.
    ErrorDetails,
    /// Search or filter.
    Search,
    /// Go to the next match.
    NextMatch,
    /// Go to the match before.
    PreviousMatch,
    /// Choose an account or zone by its name.
    PickScope,
    /// Add a profile.
    AddProfile,
    /// Change the selected profile.
    EditProfile,
    /// Type the selected profile's credential again.
    ReplaceCredential,
    /// Remove the selected profile and its secret.
    RemoveProfile,
    /// Make the selected profile the default.
    MakeDefault,
    /// Type the refused credential again.
    ReenterCredential,
    /// Open the embedded demo.
    OpenDemo,
    /// Start typing in the focused field.
    Edit,
    /// Move the cursor to the start of the text.
    TextStart,
    /// Move the cursor to the end of the text.
    TextEnd,
    /// Delete the character before the cursor.
    DeleteBack,
    /// Delete the character under the cursor.
    DeleteForward,
    /// Delete the word before the cursor.
    DeleteWord,
    /// Delete from the start of the text to the cursor.
    DeleteToStart,
    /// Delete from the cursor to the end of the text.
    DeleteToEnd,
}

/// What an action deletes where the cursor cannot be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erase {
    /// The last character.
    Character,
    /// Everything.
    All,
}

impl Action {
    /// What it deletes of a masked text.
    #[must_use]
    pub fn erases(self) -> Option<Erase> {
        match self {
            Self::DeleteBack | Self::DeleteForward => Some(Erase::Character),
            Self::DeleteWord | Self::DeleteToStart | Self::DeleteToEnd => Some(Erase::All),
            _ => None,
        }
    }

    /// Whether it moves the cursor within a text.
    #[must_use]
    pub fn moves_in_text(self) -> bool {
        matches!(
            self,
            Self::Left | Self::Right | Self::TextStart | Self::TextEnd
        )
    }
}

/// Where keys are pressed. Keys of a context's [`Context::parent`] hold in it too, unless it has
/// a key of its own for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// Everywhere.
    Any,
    /// Wherever letters are commands.
    Commands,
    /// Wherever letters are letters.
    Text,
    /// The set-up form, outside its text fields.
    Setup,
    /// A text field of the set-up form.
    SetupText,
    /// The look-up screen, outside its text fields.
    Lookup,
    /// A text field of the look-up screen.
    LookupText,
    /// The list of all tokens.
    Browse,
    /// The filter of the list of all tokens.
    BrowseText,
    /// The profiles.
    Profiles,
    /// The question before a profile is removed.
    Confirm,
    /// A token's fields.
    Detail,
    /// A token's raw JSON.
    Raw,
    /// The search field of the raw JSON.
    RawText,
    /// The list of tokens of one name.
    Choice,
    /// The filter of the accounts and zones to choose from.
    PickerText,
    /// The help screen.
    Help,
    /// The details of an error.
    ErrorDetails,
}

impl Context {
    /// Every context.
    pub const ALL: [Self; 18] = [
        Self::Any,
        Self::Commands,
        Self::Text,
        Self::Setup,
        Self::SetupText,
        Self::Lookup,
        Self::LookupText,
        Self::Browse,
        Self::BrowseText,
        Self::Profiles,
        Self::Confirm,
        Self::Detail,
        Self::Raw,
        Self::RawText,
        Self::Choice,
        Self::PickerText,
        Self::Help,
        Self::ErrorDetails,
    ];

    /// The wider context whose keys hold here too.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Any => None,
            Self::Commands | Self::Text => Some(Self::Any),
            Self::SetupText
            | Self::LookupText
            | Self::BrowseText
            | Self::RawText
            | Self::PickerText => Some(Self::Text),
            _ => Some(Self::Commands),
        }
    }

    /// This context and those whose keys it takes over, the nearest first.
    pub fn with_parents(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |context| context.parent())
    }

    /// Whether letters are letters here.
    #[must_use]
    pub fn is_text(self) -> bool {
        self.with_parents().any(|context| context == Self::Text)
    }

    /// What the help screen calls it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Any => "Everywhere",
            Self::Commands => "Moving around",
            Self::Text => "In a text field",
            Self::Setup => "Set up",
            Self::SetupText => "Set up, in a field",
            Self::Lookup => "Look up",
            Self::LookupText => "Look up, in a field",
            Self::Browse => "All tokens",
            Self::BrowseText => "All tokens, filter",
            Self::Profiles => "Profiles",
            Self::Confirm => "Remove a profile",
            Self::Detail => "Token",
            Self::Raw => "Raw JSON",
            Self::RawText => "Search",
            Self::Choice => "Several tokens",
            Self::PickerText => "Accounts and zones",
            Self::Help => "Help",
            Self::ErrorDetails => "Error details",
        }
    }
}

/// What the keyboard and the terminal hand to the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key that means something here.
    Act(Action),
    /// A character for the text field.
    Type(char),
    /// Text pasted in one piece. It may be a credential.
    Paste(Secret),
    /// The terminal's new size in cells.
    Resize(u16, u16),
}
