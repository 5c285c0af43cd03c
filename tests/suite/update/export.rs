//! Transitions of the prompt that writes the list to a file.

use tokenscope::action::{Action, Context};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, State};
use tokenscope::domain::credential::CredentialSource;
use tokenscope::domain::fetched::RequestId;
use tokenscope::domain::list_report::{Existing, FileFormat, ListReport, NotWritten, Origins};

use crate::screens::scenes::shown_at;
use crate::support::app::{
    act, list_fetched, listed, lookup, notice, request_in, request_of, search, tell, type_text,
};
use crate::support::sessions::account;
use crate::support::tokens::token;

fn named(name: &str, end: &str) -> std::sync::Arc<tokenscope::domain::token::ServiceToken> {
    token(&format!(
        r#"{{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","name":"{name}","expires_at":"{end}"}}"#
    ))
}

/// Browse with a list of three tokens.
fn browse() -> State {
    let mut state = lookup();
    let effects = act(&mut state, Action::Browse);
    let request = effects.iter().find_map(request_in).unwrap();
    let tokens = vec![
        named("deploy-late", "2028-01-01T00:00:00Z"),
        named("other", "2027-06-01T00:00:00Z"),
        named("deploy-soon", "2027-01-01T00:00:00Z"),
    ];
    tell(&mut state, list_fetched(request, Ok(listed(tokens))));
    state
}

/// The prompt with a path.
fn prompt(path: &str) -> State {
    let mut state = browse();
    assert_eq!(act(&mut state, Action::WriteList), []);
    assert_eq!(state.overlay, Some(Overlay::Export));
    type_text(&mut state, path);
    state
}

fn written(state: &mut State, request: RequestId, result: Result<&str, NotWritten>) {
    let result = result.map(str::to_owned);
    assert_eq!(tell(state, Message::ListWritten { request, result }), []);
}

fn list_in(effects: &[Effect]) -> (&ListReport, &str, Existing) {
    let [
        Effect::WriteList {
            list,
            path,
            existing,
            ..
        },
    ] = effects
    else {
        panic!("{effects:?}");
    };
    (list, path, *existing)
}

fn names(list: &ListReport) -> Vec<&str> {
    list.tokens.iter().map(|token| token.name_text()).collect()
}

#[test]
fn writes_the_visible_rows_in_their_order() {
    let mut state = browse();
    search(&mut state, "deploy");
    act(&mut state, Action::Submit);
    act(&mut state, Action::WriteList);
    type_text(&mut state, "~/out.json");
    let effects = act(&mut state, Action::Submit);
    let (list, path, existing) = list_in(&effects);
    assert_eq!(names(list), ["deploy-soon", "deploy-late"]);
    assert_eq!((path, existing), ("~/out.json", Existing::Kept));
    assert_eq!(list.origin, Origins::Scope(account()));
    assert_eq!(list.incomplete, None);
    let request = request_of(&effects);
    assert_eq!(act(&mut state, Action::Submit), [], "one file at a time");
    written(&mut state, request, Ok("/home/me/out.json"));
    assert_eq!(state.overlay, None);
    assert_eq!(notice(&state), "Wrote 2 tokens to /home/me/out.json");
}

#[test]
fn an_empty_field_means_the_default_file() {
    let mut state = prompt("");
    let effects = act(&mut state, Action::Submit);
    assert_eq!(list_in(&effects).1, "tokens.csv");
}

#[test]
fn a_name_without_a_known_extension_is_refused_without_disk_access() {
    for path in ["tokens", "tokens.txt", ".csv", "~/.json", "a.csv/b"] {
        let mut state = prompt(path);
        assert_eq!(act(&mut state, Action::Submit), [], "{path}");
        let complaint = state.export.complaint.as_deref();
        assert_eq!(complaint, Some("The name must end in .csv or .json."));
        assert_eq!(state.context(), Context::ExportText);
        type_text(&mut state, "x");
        assert_eq!(state.export.complaint, None, "typing clears it");
    }
    assert_eq!(FileFormat::of("A.CSV"), Some(FileFormat::Csv));
    assert_eq!(FileFormat::of("~/a.b.Json"), Some(FileFormat::Json));
}

#[test]
fn a_secret_pasted_as_a_file_name_is_refused_at_once() {
    let mut state = prompt(&format!("cfast_{}.csv", "a1B2".repeat(12)));
    let complaint = "No secret belongs in the name of a file.";
    assert_eq!(state.export.complaint.as_deref(), Some(complaint));
    let screen = shown_at(&state, (80, 24));
    assert!(!screen.contains("a1B2"), "{screen}");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.export.complaint.as_deref(), Some(complaint));
}

#[test]
fn an_existing_file_is_replaced_only_after_confirmation() {
    let mut state = prompt("a.csv");
    let request = request_of(&act(&mut state, Action::Submit));
    written(&mut state, request, Err(NotWritten::Exists));
    assert_eq!(state.context(), Context::ExportReplace);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.context(), Context::ExportText);
    assert_eq!(state.export.path.value(), "a.csv", "the path stays");
    let request = request_of(&act(&mut state, Action::Submit));
    written(&mut state, request, Err(NotWritten::Exists));
    let effects = act(&mut state, Action::Submit);
    assert_eq!(list_in(&effects).2, Existing::Replaced);
    written(&mut state, request_of(&effects), Ok("/a.csv"));
    assert_eq!(state.overlay, None);
}

#[test]
fn a_failure_stays_in_the_prompt() {
    let mut state = prompt("/no/a.csv");
    let request = request_of(&act(&mut state, Action::Submit));
    let why = "/no/a.csv cannot be written: its directory does not exist.";
    written(
        &mut state,
        request,
        Err(NotWritten::Because(why.to_owned())),
    );
    assert_eq!(state.overlay, Some(Overlay::Export));
    assert_eq!(state.export.complaint.as_deref(), Some(why));
    assert_eq!(state.export.path.value(), "/no/a.csv");
}

#[test]
fn leaving_the_prompt_keeps_writing_and_reports_the_result() {
    for (result, said) in [
        (Ok("/a.csv"), "Wrote 3 tokens to /a.csv"),
        (
            Err(NotWritten::Exists),
            "a.csv exists: nothing was written.",
        ),
        (
            Err(NotWritten::Because("It is full.".to_owned())),
            "It is full.",
        ),
    ] {
        let mut state = prompt("a.csv");
        let request = request_of(&act(&mut state, Action::Submit));
        assert_eq!(act(&mut state, Action::Back), []);
        assert_eq!(state.overlay, None);
        written(&mut state, request, result);
        assert_eq!(state.overlay, None);
        assert_eq!(notice(&state), said);
    }
}

#[test]
fn a_stale_answer_changes_nothing() {
    let mut state = prompt("a.csv");
    act(&mut state, Action::Submit);
    let before = state.export.clone();
    written(&mut state, RequestId(999), Err(NotWritten::Exists));
    assert_eq!(state.export, before);
    assert!(!state.changed);
}

#[test]
fn the_demo_and_an_empty_list_are_not_written() {
    let mut state = browse();
    let identity = state.session.active.identity.as_mut().unwrap();
    identity.source = CredentialSource::Demo;
    act(&mut state, Action::WriteList);
    assert_eq!(state.overlay, None);
    let notice = state.notice.as_ref().map(|it| it.text.as_str());
    assert_eq!(notice, Some("The demo writes no files."));
    let mut state = browse();
    search(&mut state, "nothing is called this");
    act(&mut state, Action::Submit);
    act(&mut state, Action::WriteList);
    assert_eq!(state.overlay, None);
}
