//! The key table: consistent, patchable by users, and shown in the README.

use std::collections::BTreeSet;
use std::fmt::Write;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokenscope::action::{Action, Context, Input, Typed};
use tokenscope::domain::credential::Secret;
use tokenscope::keymap::{Keymap, KeymapError};

use crate::support::assertions::assert_matches;

fn keymap() -> Keymap {
    Keymap::built_in().unwrap()
}

fn press(code: KeyCode) -> Event {
    Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

#[test]
fn the_built_in_table_has_no_clash_and_labels_every_row() {
    assert!(
        keymap()
            .rows()
            .iter()
            .all(|row| !row.label.is_empty() && !row.keys.is_empty())
    );
}

#[test]
fn no_command_uses_the_prefix_key_of_screen_or_tmux() {
    for key in ["Ctrl-A", "Ctrl-B"] {
        for row in keymap()
            .rows()
            .iter()
            .filter(|row| row.context != Context::Text)
        {
            assert!(
                row.keys.iter().all(|bound| bound.to_string() != key),
                "{row:?}"
            );
        }
    }
}

#[test]
fn letters_type_in_text_fields_and_are_commands_elsewhere() {
    let q = press(KeyCode::Char('q'));
    assert_eq!(
        keymap().translate(Context::FindText, q.clone()),
        Some(Input::Type(Typed('q')))
    );
    assert_eq!(
        keymap().translate(Context::Find, q),
        Some(Input::Act(Action::Quit))
    );
}

#[test]
fn a_release_does_nothing_and_a_repeat_only_moves_and_types() {
    let with = |code, kind| Event::Key(KeyEvent::new_with_kind(code, KeyModifiers::NONE, kind));
    let translate = |event| keymap().translate(Context::Detail, event);
    assert_eq!(
        translate(with(KeyCode::Char('r'), KeyEventKind::Release)),
        None
    );
    assert_eq!(
        translate(with(KeyCode::Char('r'), KeyEventKind::Repeat)),
        None
    );
    assert_eq!(
        translate(with(KeyCode::Char('j'), KeyEventKind::Repeat)),
        Some(Input::Act(Action::Down))
    );
}

#[test]
fn a_paste_is_one_input_and_never_keys() {
    let input = keymap().translate(Context::Detail, Event::Paste("q\nq".to_owned()));
    assert_eq!(input, Some(Input::Paste(Secret::new("q\nq".to_owned()))));
}

#[test]
fn a_patch_moves_an_action_to_another_key() {
    let patch = r#"rows = [{ context = "detail", keys = ["f5"], action = "reload" }]"#;
    let patched = keymap().patched(patch).unwrap();
    assert_eq!(
        patched.translate(Context::Detail, press(KeyCode::F(5))),
        Some(Input::Act(Action::Reload))
    );
    assert_eq!(
        patched.translate(Context::Detail, press(KeyCode::Char('r'))),
        None
    );
}

#[test]
fn a_patch_with_two_actions_for_one_key_is_refused() {
    let patch = r#"rows = [{ context = "detail", keys = ["v"], action = "reload" }]"#;
    assert_matches!(keymap().patched(patch), Err(KeymapError::Clash { .. }));
}

#[test]
fn a_patch_that_would_take_a_letter_from_typing_is_refused() {
    for (context, key, action) in [
        ("find_text", "x", "browse"),
        ("text", "space", "text_start"),
        ("any", "Q", "quit"),
        ("any", "漢", "quit"),
    ] {
        let patch = format!(
            r#"rows = [{{ context = "{context}", keys = ["{key}"], action = "{action}" }}]"#
        );
        assert_matches!(keymap().patched(&patch), Err(KeymapError::Typed { .. }));
    }
    let control =
        r#"rows = [{ context = "find_text", keys = ["alt-x", "f9"], action = "browse" }]"#;
    keymap().patched(control).unwrap();
}

#[test]
fn a_patch_with_a_key_that_no_terminal_sends_is_refused() {
    for key in [
        "ctrl-m",
        "ctrl-i",
        "ctrl-[",
        "ctrl-@",
        "ctrl-1",
        "ctrl-shift-s",
        "\\u0001",
    ] {
        let patch =
            format!(r#"rows = [{{ context = "commands", keys = ["{key}"], action = "browse" }}]"#);
        let error = keymap().patched(&patch).unwrap_err().to_string();
        assert!(error.contains("terminals send no key"), "{key}: {error}");
    }
    for key in [
        "ctrl-j",
        "ctrl-S",
        "ctrl-space",
        "ctrl-4",
        "ctrl-left",
        "shift-a",
        "alt-x",
        "f13",
    ] {
        let patch =
            format!(r#"rows = [{{ context = "commands", keys = ["{key}"], action = "browse" }}]"#);
        keymap().patched(&patch).unwrap();
    }
}

#[test]
fn errors_name_contexts_and_actions_as_the_file_does() {
    let clash = r#"rows = [{ context = "browse", keys = ["r"], action = "copy_field" }]"#;
    let stranger = r#"rows = [{ context = "browse_text", keys = ["f5"], action = "copy_field" }]"#;
    for (patch, said) in [
        (stranger, "context browse_text has no action copy_field"),
        (
            clash,
            "key r has two actions in context browse: reload and copy_field",
        ),
    ] {
        let error = keymap().patched(patch).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
    let unknown = r#"rows = [{ context = "detail", keys = ["f99"], action = "reload" }]"#;
    let error = keymap().patched(unknown).unwrap_err().to_string();
    assert!(error.contains("unknown key \"f99\""), "{error}");
}

#[test]
fn a_patch_that_does_not_parse_names_the_line() {
    let error = keymap()
        .patched("rows = [\n  { context = 1 }\n]")
        .unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn the_readme_shows_the_table_of_keys() {
    let mut rows = String::from("| Where | Keys | What |\n|---|---|---|\n");
    let keymap = keymap();
    let contexts: BTreeSet<Context> = keymap.rows().iter().map(|row| row.context).collect();
    for context in Context::ALL
        .into_iter()
        .filter(|context| contexts.contains(context))
    {
        for row in keymap.rows().iter().filter(|row| row.context == context) {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            writeln!(
                rows,
                "| {} | {} | {} |",
                context.title(),
                keys.join(" "),
                row.label
            )
            .unwrap();
        }
    }
    let readme = include_str!("../../README.md");
    let shown = readme
        .split_once("<!-- keys -->\n")
        .unwrap()
        .1
        .split_once("<!-- /keys -->")
        .unwrap()
        .0;
    assert!(
        shown == rows,
        "the README's table of keys should be:\n{rows}"
    );
}
