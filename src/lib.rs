//! A terminal inspector for Cloudflare Access service tokens.
//!
//! # The map
//!
//! The modules form layers. A file uses only modules of lower layers, within what its row allows,
//! and modules of its own layer that its row names. No files use each other in a circle. A row may
//! also name a pattern of files, which are then not in their module's row.
//! `tests/suite/architecture` reads this table and rejects whatever it does not allow: to change
//! the structure, change this page.
//!
//! | Layer | Module | May use | Used by | Crates | What it is |
//! |---|---|---|---|---|---|
//! | 0 | `domain` | nothing | any | `base64`, `chrono`, `nucleo_matcher`, `serde`, `serde_json`, `thiserror`, `unicode_segmentation`, `unicode_width`, `url`, `zeroize` | the nouns and maths of a token: no I/O, no clock |
//! | 1 | `api` | lower | any | any, not `anyhow` | speaks HTTP: the envelope, its errors, when to try again |
//! | 1 | `credentials` | lower | any | any, not `anyhow` | reads and stores credentials: keyring, environment, memory |
//! | 1 | `config` | lower, `theme` | any | any, not `anyhow` | files: settings, profiles, recent lookups, the log |
//! | 1 | `demo` | lower | `startup/demo.rs` | any, not `anyhow` | a loopback server that answers as the API does |
//! | 1 | `action` | lower | any | any, not `anyhow` | what a person can ask for, by name |
//! | 1 | `signals` | lower | any | any, not `anyhow` | signals that end, stop or resize the program |
//! | 1 | `terminal` | lower | any | any, not `anyhow` | decodes what a terminal sends into keys and pastes |
//! | 1 | `theme` | lower | any | any, not `anyhow`, not `ratatui`, `ratatui::style` | themes: the style of each role |
//! | 2 | `keymap` | lower | any | any, not `anyhow` | the table of keys |
//! | 2 | `service` | lower | any | any, not `anyhow` | the use-cases, the one path that screens and commands share |
//! | 3 | `startup` | lower | any | any, not `anyhow` | flags, environment and files become one context, for both front ends; starts the demo |
//! | 3 | `layout` | `domain`, `action`, `theme`, `keymap` | any | `std` | which parts a screen has at a size, how many rows each gets, how text wraps |
//! | 4 | `app` | `domain`, `action`, `keymap`, `layout`, `screens` | any | `chrono`, `serde_json`, `tui_input`, `unicode_segmentation`, `unicode_width`, `zeroize` | the program around the screens: messages in, effects out |
//! | 4 | `screens` | `domain`, `action`, `theme`, `keymap`, `layout`, `app`, `screens` | any | `chrono`, `serde_json`, `tui_input`, `unicode_segmentation`, `unicode_width`, `zeroize` | what keys do on each screen |
//! | 4 | `screens/*/state.rs` | `domain`, `action`, `layout`, `app::form`, `app::message`, `screens::browse::token_table`, `screens::detail::raw` | any | `chrono`, `serde_json`, `tui_input`, `unicode_segmentation`, `unicode_width`, `zeroize` | what each screen knows |
//! | 4 | `screens/*/*view.rs` | `domain`, `action`, `keymap`, `theme`, `layout`, `app`, `screens`, `ui` | `screens/view.rs` | `chrono`, `ratatui`, not `ratatui::crossterm`, `tui_big_text`, `unicode_segmentation`, `unicode_width` | how each screen looks |
//! | 4 | `screens/view.rs` | `domain`, `theme`, `layout`, `app`, `screens`, `ui` | any | `ratatui`, not `ratatui::crossterm` | draws the whole terminal |
//! | 4 | `ui` | `domain`, `action`, `keymap`, `theme`, `layout`, `app` | any | `chrono`, `ratatui`, not `ratatui::crossterm`, `tui_big_text`, `unicode_segmentation`, `unicode_width` | what the views share: frames, lists, forms, header, footer, banner |
//! | 5 | `tui` | lower | any | any, not `anyhow`, `ratatui` | the terminal, the event loop, and what runs effects |
//! | 5 | `cli` | lower, not `app`, not `screens`, not `ui` | any | any, not `anyhow` | commands that print: tables, JSON, CSV, metrics |
//! | 6 | `main` | lower | any | any | reads the arguments and chooses |
//!
//! A row that lists its crates by name is pure: it may use none of the parts of `std` that reach
//! the world either.

pub mod action;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod demo;
pub mod domain;
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
