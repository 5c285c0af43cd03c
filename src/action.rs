//! Actions, the contexts whose keys trigger them, and input events.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::credential::Secret;

/// A command of the user. `keymap.toml` uses the variant's name in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Quit,
    /// Suspend the process, and restore the terminal meanwhile.
    Suspend,
    Redraw,
    Help,
    /// Close an overlay, cancel a request, or go back.
    Back,
    /// Activate the focused item.
    Submit,
    NextField,
    PreviousField,
    Up,
    Down,
    /// Move left, or choose the previous option.
    Left,
    /// Move right, or choose the next option.
    Right,
    PageUp,
    PageDown,
    Top,
    Bottom,
    #[serde(alias = "look_up")]
    Find,
    Browse,
    Profiles,
    /// Sort the list by the next column.
    Sort,
    /// Reverse the order of the list.
    ReverseSort,
    /// Show or hide the preview of the selected token.
    TogglePreview,
    /// Add a status to those that the list shows, or take it away.
    ShowExpired,
    ShowCritical,
    ShowExpiring,
    ShowUnknown,
    ShowActive,
    ShowNeverExpiring,
    ShowDisabled,
    /// Show the tokens of all profiles in one list.
    AllProfiles,
    /// Write the list on screen to a file.
    WriteList,
    /// Fetch again.
    #[serde(alias = "refresh")]
    Reload,
    /// Switch between fields and raw JSON.
    ToggleRaw,
    CopyField,
    CopyClientId,
    /// Copy the token's JSON as received.
    CopyJson,
    /// Open the dashboard's page of service tokens, or of what else is on screen.
    #[serde(alias = "copy_dashboard_link")]
    OpenDashboard,
    /// Choose a change, and copy the request that makes it.
    CopyRequest,
    /// Show who uses the token.
    Uses,
    /// Probe an app with the token.
    Probe,
    /// Enter another secret to probe with.
    OtherSecret,
    /// The tokens before and after this one in the list that it was opened from.
    PreviousToken,
    NextToken,
    ErrorDetails,
    /// Search or filter.
    Search,
    NextMatch,
    PreviousMatch,
    /// Choose an account or zone by its name.
    PickScope,
    /// Open the page that makes an API token.
    MakeToken,
    AddProfile,
    EditProfile,
    ReplaceCredential,
    RemoveProfile,
    MakeDefault,
    /// Enter the rejected credential again.
    ReenterCredential,
    OpenDemo,
    /// Start typing in the focused field.
    Edit,
    TextStart,
    TextEnd,
    DeleteBack,
    DeleteForward,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
}

/// The part of a masked field that an action deletes. The cursor of such a field is invisible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erase {
    Character,
    All,
}

impl Action {
    /// The part of a masked field that this action deletes.
    pub fn erases(self) -> Option<Erase> {
        match self {
            Self::DeleteBack | Self::DeleteForward => Some(Erase::Character),
            Self::DeleteWord | Self::DeleteToStart | Self::DeleteToEnd => Some(Erase::All),
            _ => None,
        }
    }
}

/// A movement of a selection or a scroll position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

impl Motion {
    /// The new position, given the rows per page and the last position.
    pub fn from(self, at: usize, page: usize, last: usize) -> usize {
        let to = match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page.max(1)),
            Self::PageDown => at.saturating_add(page.max(1)),
            Self::Top => 0,
            Self::Bottom => last,
        };
        to.min(last)
    }
}

/// One row per context: its title on the help screen, and the wider context whose keys also work in it.
macro_rules! contexts {
    ($($(#[$attribute:meta])* $name:ident, $title:literal, $parent:expr;)*) => {
        /// The context that a key is pressed in. Keys of its [`Context::parent`] work too, unless
        /// it binds them itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Context {
            $($(#[$attribute])* $name,)*
        }

        impl Context {
            /// Every context.
            pub const ALL: [Self; [$(Self::$name),*].len()] = [$(Self::$name),*];

            /// The wider context whose keys work here too.
            pub fn parent(self) -> Option<Self> {
                match self {
                    $(Self::$name => $parent,)*
                }
            }

            /// Its name on the help screen.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

contexts! {
    Any, "Everywhere", None;
    Commands, "Moving around", Some(Self::Any);
    Text, "In a text field", Some(Self::Any);
    Setup, "Set up", Some(Self::Commands);
    SetupText, "Set up, in a field", Some(Self::Text);
    #[serde(alias = "lookup")]
    Find, "Find", Some(Self::Commands);
    #[serde(alias = "lookup_text")]
    FindText, "Find, in the field", Some(Self::Text);
    Browse, "All tokens", Some(Self::Commands);
    BrowseText, "All tokens, filter", Some(Self::Text);
    Profiles, "Profiles", Some(Self::Commands);
    // A question takes all keys until it is answered.
    Confirm, "Remove a profile", None;
    Detail, "Token", Some(Self::Commands);
    Raw, "Raw JSON", Some(Self::Commands);
    RawText, "Search", Some(Self::Text);
    Uses, "Uses", Some(Self::Commands);
    UsesText, "Uses, filter", Some(Self::Text);
    UsesRow, "Uses, details", Some(Self::Commands);
    Probe, "Probe", Some(Self::Commands);
    ProbeText, "Probe, in a field", Some(Self::Text);
    Choice, "Several tokens", Some(Self::Commands);
    Request, "Copy a request", Some(Self::Commands);
    PickerText, "Accounts and zones", Some(Self::Text);
    ExportText, "Write to a file", Some(Self::Text);
    ExportReplace, "Replace a file", None;
    Help, "Help", Some(Self::Commands);
    HelpText, "Help, search", Some(Self::Text);
    ErrorDetails, "Error details", Some(Self::Commands);
}

impl Context {
    /// This context and those it inherits keys from, nearest first.
    pub fn with_parents(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |context| context.parent())
    }

    /// Whether letters typed here are text.
    pub fn is_text(self) -> bool {
        self.with_parents().any(|context| context == Self::Text)
    }
}

/// Input from the keyboard and the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key that is bound in the current context.
    Act(Action),
    Type(Typed),
    /// Text pasted in one piece. It may be a credential.
    Paste(Secret),
    /// The terminal's new size in cells.
    Resize(u16, u16),
    /// The mouse's wheel turned.
    Wheel(Motion),
    /// A row of a list was clicked: how many rows below the selected one.
    Click(i16),
    /// A letter of another layout than the commands'.
    ForeignLetter,
}

/// A typed character. It may be part of a secret, so its `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Typed(pub char);

impl fmt::Debug for Typed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("_")
    }
}
