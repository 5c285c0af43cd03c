//! A terminal inspector for Cloudflare Access service tokens.
//!
//! # Layers
//!
//! A file may use the modules of lower layers that its row allows, and the modules of its own layer
//! that its row names. Files never depend on each other in a cycle. A row for a pattern of files
//! takes precedence over the row of their module. A row that names its crates is pure: its files do
//! not reach the outside world through `std` either. `tests/suite/architecture` reads this table
//! and rejects everything else: to change the structure, change this page.
//!
//! | Layer | Module | May use | Used by | Crates | What it is |
//! |---|---|---|---|---|---|
//! | 0 | `domain` | nothing | any | `base64`, `chrono`, `icu_normalizer`, `nucleo_matcher`, `serde`, `serde_json`, `thiserror`, `unicode_segmentation`, `unicode_width`, `url`, `zeroize` | tokens, what uses them, and their rules: no I/O, no clock |
//! | 1 | `api` | lower | any | any | HTTP: requests to the API, the envelope, errors, retries; the probe of an app |
//! | 1 | `credentials` | lower | any | any | reads and stores credentials: keyring, command, environment, memory |
//! | 1 | `config` | lower, `theme` | any | any | files: settings, profiles, themes, recent lookups, written lists, the log |
//! | 1 | `formats` | lower | any | any | CSV, JSON and calendars: what commands print and the screens write to files |
//! | 1 | `demo` | lower | `startup/mod.rs` | any | a loopback server that answers as the API does |
//! | 1 | `action` | lower | any | any | the user's actions, by name |
//! | 1 | `signals` | lower | any | any | signals that end, stop or resize the program |
//! | 1 | `terminal` | lower | any | any | decodes terminal input into keys and pastes |
//! | 1 | `theme` | lower | any | any, not `ratatui`, `ratatui::style` | themes: the style of each role |
//! | 2 | `keymap` | lower | any | any | the table of keys |
//! | 2 | `service` | lower | any | any | the use cases: the one path that screens and commands share |
//! | 3 | `startup` | lower | any | any | merges flags, environment and files into one context for both front ends; starts the demo |
//! | 3 | `layout` | `domain`, `action`, `theme`, `keymap` | any | `std` | which parts a screen has at a given size, how many rows each gets, how text wraps |
//! | 4 | `app` | `domain`, `action`, `keymap`, `layout`, `screens` | any | `chrono`, `serde_json`, `tui_input`, `unicode_segmentation`, `unicode_width`, `zeroize` | the program around the screens: messages in, effects out |
//! | 4 | `screens` | `domain`, `action`, `theme`, `keymap`, `layout`, `app`, `screens` | any | `chrono`, `serde_json`, `tui_input`, `unicode_segmentation`, `unicode_width`, `zeroize` | key handling of each screen |
//! | 4 | `screens/*/state.rs` | `domain`, `action`, `layout`, `app::form`, `app::message`, `app::list_search`, `app::token_list`, `app::token_table`, `app::uses_report` | any | `chrono`, `serde_json`, `tui_input`, `unicode_segmentation`, `unicode_width`, `zeroize` | the state of each screen |
//! | 4 | `screens/*/*view.rs` | `domain`, `action`, `keymap`, `theme`, `layout`, `app`, `screens`, `ui` | `screens/view.rs` | `chrono`, `ratatui`, not `ratatui::crossterm`, `unicode_segmentation`, `unicode_width` | how each screen looks |
//! | 4 | `screens/view.rs` | `domain`, `theme`, `layout`, `app`, `screens`, `ui` | any | `ratatui`, not `ratatui::crossterm` | draws the whole terminal |
//! | 4 | `ui` | `domain`, `action`, `keymap`, `theme`, `layout`, `app` | any | `chrono`, `ratatui`, not `ratatui::crossterm`, `unicode_segmentation`, `unicode_width` | what the views share: frames, lists, forms, header, footer, banner |
//! | 5 | `tui` | lower | any | any, `ratatui` | the terminal, the event loop, and what runs effects |
//! | 5 | `cli` | lower, not `app`, not `screens`, not `ui` | any | any | commands that print: tables, JSON, CSV, calendars, metrics |
//! | 6 | `main` | lower | any | any | reads the arguments and chooses |
//!
//! # Where things go
//!
//! | To add | Touch |
//! |---|---|
//! | a key for an action | one row of `assets/keymap.toml` |
//! | an action | one variant in `action.rs`, one arm in `app/mod.rs`, one row of `assets/keymap.toml` |
//! | a field of the token | one member and one row in `domain/token.rs` |
//! | a screen | one folder in `screens/`, its module and row in `screens/mod.rs`; a method that resets its state drops everything and returns the requests it waits for |
//! | a finding | one rule, its fact and the words for it in `domain/findings.rs` |
//! | an endpoint | one variant in `api/request.rs`, one method each in `api/client.rs` (or, for what tells who uses a token, `api/access.rs`) and in `service/`; if it reads a new kind of thing, its name in `api/error.rs` and its errors in `api/error_messages.rs`; for the demo, a route in `demo/routes.rs` |
//! | something that a screen asks for | an effect and a message in `app/message.rs`, one arm each in `tui/effects.rs` and `app/mod.rs` |
//! | an output format | one file in `formats/` or `cli/output/`, one row in `cli/output/mod.rs`, its arms in `cli/output/print.rs` and `cli/error_report.rs`, one word in `cli/args.rs` |
//! | an error kind | one variant, its words and its code in `domain/failure.rs`, its exit code in `cli/error_report.rs`, one word in `assets/schema/parts.json` |
//!
//! The compiler names every match that needs a new variant, and a test names the row missing from
//! the README. `.github/CONTRIBUTING.md` says how to update the help snapshots.
//!
//! # The life of a lookup
//!
//! A key becomes an [`action::Action`] in [`keymap`]; [`app::update()`] hands it to the screen in
//! front, which changes the state and asks for an [`app::message::Effect`]. [`tui`] runs the effect
//! through [`service`], which asks [`api`]; the answer comes back as an [`app::message::Message`]
//! that carries the number of its request, and `update` drops it if it is no longer awaited.
//! `screens/*/view.rs` draws the state. Commands take the same path from [`service`] down.

pub mod action;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod demo;
pub mod domain;
pub mod formats;
pub mod keymap;
pub mod layout;
pub mod screens;
pub mod service;
pub mod signals;
pub mod startup;
pub mod terminal;
pub mod theme;
pub mod tui;
pub mod ui;
