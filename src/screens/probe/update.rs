//! Key handling of the probe of an app with the current token.

use std::sync::Arc;

use super::state::{ProbeBasis, ProbeField, ProbePhase};
use crate::action::{Action, Context, Motion};
use crate::app::access_fetch;

use crate::app::form::{Editor, TextField};
use crate::app::handler::{Copied, Detail, Handler, Pending, Probe};
use crate::app::message::Effect;
use crate::app::state::{Screen, State};
use crate::domain::access::address;
use crate::domain::access::conclusion::{Conclusion, conclude};
use crate::domain::access::probe::{
    DEMO_SECRET, InvalidProbeUrl, PolicyView, ProbeAnswer, ProbeAnswers, ProbeUrl,
};
use crate::domain::access::token_pair::{TokenPair, is_same_client, read_client_id, read_secret};
use crate::domain::credential::{Access, MaskedField, Secret};
use crate::domain::failure::Failure;
use crate::domain::fetched::RequestId;
use crate::domain::scope::Scope;
use crate::domain::status::Status;
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::{self, TextLine};
use crate::theme::Role;

impl Handler for Probe {
    fn context(&self, state: &State) -> Context {
        if state.probe.is_typing() {
            Context::ProbeText
        } else {
            Context::Probe
        }
    }

    fn keep_up(&self, state: &mut State) {
        judge_again(state);
    }

    fn scope<'a>(&self, state: &'a State) -> Option<&'a Scope> {
        Detail.scope(state)
    }

    fn can(&self, state: &State, action: Action) -> bool {
        let is_done = matches!(state.probe.phase, ProbePhase::Done { .. });
        if matches!(
            action,
            Action::CopyField | Action::OtherSecret | Action::Edit
        ) {
            is_done
        } else if action == Action::Submit {
            state.probe.request().is_none()
        } else {
            Detail.can(state, action)
        }
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        state.probe.request().map(|_| "cancel")
    }

    fn submit_hint(&self, state: &State) -> Option<&'static str> {
        let is_next = state.probe.is_typing() && goes_to_secret(state);
        is_next.then_some("next")
    }

    fn crumbs(&self, state: &State) -> Vec<String> {
        let mut crumbs = Detail.crumbs(state);
        if state.before_probe == Screen::Uses {
            crumbs.push("Uses".to_owned());
        }
        crumbs.push("Probe".to_owned());
        crumbs
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Probe, Context::ProbeText]
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let probe = &mut state.probe;
        if !probe.is_typing() {
            return None;
        }
        Some(match probe.form.focus {
            ProbeField::Url => Editor::Plain(&mut probe.url),
            ProbeField::Secret => Editor::Masked(&mut probe.secret),
        })
    }

    /// A secret is taken out of the header or the variable that it was copied with.
    fn value_in(&self, state: &State, pasted: &Secret) -> Option<(Secret, String)> {
        if state.probe.form.focus != ProbeField::Secret {
            return None;
        }
        let read = read_secret(pasted.expose()).ok()?;
        let remark = read.remarks.first()?;
        Some((read.value, format!("Pasted the secret: {remark}.")))
    }

    fn edited(&self, state: &mut State) {
        let probe = &mut state.probe;
        probe.form.complaint = None;
        if probe.form.focus == ProbeField::Url && probe.url.holds_secret() {
            let secret = InvalidProbeUrl::Secret;
            probe.form.complain(ProbeField::Url, &secret);
        }
    }

    fn edit(&self, state: &mut State) {
        if matches!(state.probe.phase, ProbePhase::Done { .. }) {
            state.probe.type_in(ProbeField::Url);
        }
    }

    fn submit(&self, state: &mut State) {
        match state.probe.phase {
            ProbePhase::Typing if goes_to_secret(state) => {
                state.probe.form.move_focus(&ProbeField::ALL, true);
            }
            ProbePhase::Typing | ProbePhase::Done { .. } => start(state),
            ProbePhase::Waiting { .. } => {}
        }
    }

    fn back(&self, state: &mut State) {
        state.probe.secret = MaskedField::default();
        state.screen = state.before_probe;
        if state.screen == Screen::Detail {
            let dropped = state.access_reading.stop();
            state.cancel(dropped);
        }
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        let request = state.probe.request()?;
        state.probe.type_in(ProbeField::Url);
        Some(request)
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        if state.probe.is_typing() {
            let forward = matches!(motion, Motion::Down | Motion::PageDown | Motion::Bottom);
            state.probe.form.move_focus(&ProbeField::ALL, forward);
            return;
        }
        let (lines, page) = state.probe_lines();
        let last = lines.len().saturating_sub(page);
        state.probe.top = motion.from(state.probe.top, page, last);
    }

    fn move_focus(&self, state: &mut State, forward: bool) {
        state.probe.form.move_focus(&ProbeField::ALL, forward);
    }

    fn copy(&self, state: &mut State, what: Copied) {
        match what {
            Copied::Selection => {
                let text = outcome_text(state);
                state.copy_raw("the outcome", text);
            }
            Copied::ClientId | Copied::Json => Detail.copy(state, what),
        }
    }

    fn token(&self, state: &State) -> Option<(Arc<ServiceToken>, Access)> {
        Detail.token(state)
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        state.probe.request().map(|_| Pending::First)
    }
}

/// Whether Enter goes from the URL to the secret, which is still needed.
fn goes_to_secret(state: &State) -> bool {
    let probe = &state.probe;
    probe.form.focus == ProbeField::Url
        && probe.secret.secret().is_empty()
        && probe.kept.is_none()
        && !state.session.is_demo()
        && probe.current_url().is_some()
}

/// The address of the selected app of Uses, if a probe can ask it.
pub(crate) fn address_on_uses(state: &State) -> Option<&str> {
    let row = state.uses.selected_row()?;
    (row.mark.is_app() && address::is_web(&row.copied)).then_some(row.copied.as_str())
}

/// Asks for URL and secret to probe with the current token.
pub(crate) fn open(state: &mut State) {
    let opener = state.screen;
    let address = address_on_uses(state).filter(|_| opener == Screen::Uses);
    let address = address.map(|address| format!("https://{address}"));
    if opener != Screen::Detail && address.is_none() {
        return;
    }
    let Some((token, access)) = opener.handler().token(state) else {
        return;
    };
    let probe = &mut state.probe;
    let is_same =
        |pair: &TokenPair| is_same_client(pair.client_id.as_str(), token.client_id_text());
    // The secret of another token is dropped.
    probe.kept = probe.kept.take().filter(is_same);
    probe.secret = MaskedField::default();
    if let Some(address) = address {
        probe.url = TextField::with(&address);
    }

    let field = if ProbeUrl::parse(probe.url.value()).is_ok() {
        ProbeField::Secret
    } else {
        ProbeField::Url
    };
    probe.type_in(field);
    state.before_probe = opener;
    state.screen = Screen::Probe;
    state.overlay = None;
    access_fetch::read_once(state, &access);
}

/// Asks for another secret.
pub(crate) fn other_secret(state: &mut State) {
    let probe = &mut state.probe;
    if matches!(probe.phase, ProbePhase::Done { .. }) {
        probe.kept = None;
        probe.secret = MaskedField::default();
        probe.type_in(ProbeField::Secret);
    }
}

/// Sends the probe, or complains about a field.
fn start(state: &mut State) {
    let Some((token, access)) = Probe.token(state) else {
        return;
    };
    let url = checked_url(state).map_err(|complaint| (ProbeField::Url, complaint));
    let checked = url.and_then(|url| match checked_pair(state, &token) {
        Ok(pair) => Ok((url, pair)),
        Err(complaint) => Err((ProbeField::Secret, complaint)),
    });
    let (url, pair) = match checked {
        Ok(checked) => checked,
        Err((field, complaint)) => {
            state.probe.type_in(field);
            return state.probe.form.complain(field, &complaint);
        }
    };
    let request = state.next_request();
    let probe = &mut state.probe;
    probe.kept = Some(pair.clone());
    probe.secret = MaskedField::default();
    probe.conclusion = None;
    probe.phase = ProbePhase::Waiting {
        request,
        url: url.clone(),
    };
    state.emit(Effect::Probe {
        request,
        source: access.identity.source,
        url,
        pair,
    });
}

fn checked_url(state: &State) -> Result<ProbeUrl, String> {
    if let ProbePhase::Done { url, .. } = &state.probe.phase {
        return Ok(url.clone());
    }
    let url = ProbeUrl::parse(state.probe.url.value()).map_err(|error| error.to_string())?;
    if state.session.is_demo() && !url.is_of_demo() {
        return Err("the demo answers for hosts under example.com only".to_owned());
    }
    Ok(url)
}

/// The secret that was typed, or else the one sent last, or else the demo's.
fn checked_pair(state: &State, token: &ServiceToken) -> Result<TokenPair, String> {
    let probe = &state.probe;
    let typed = probe.secret.secret();
    if let Some(kept) = probe.kept.as_ref().filter(|_| typed.is_empty()) {
        return Ok(kept.clone());
    }
    let client_id = read_client_id(token.client_id_text())
        .map_err(|_| "the API reports no client ID for this token")?
        .value;
    let text = if typed.is_empty() && state.session.is_demo() {
        DEMO_SECRET
    } else {
        typed.expose()
    };
    let secret = read_secret(text).map_err(|error| error.to_string())?.value;
    Ok(TokenPair { client_id, secret })
}

/// Handles the end of a probe. One that is no longer awaited changes nothing.
pub(crate) fn probed(state: &mut State, request: RequestId, result: Result<ProbeAnswers, Failure>) {
    let probe = &mut state.probe;
    state.changed = probe.request() == Some(request);
    let Some(url) = probe.current_url().filter(|_| state.changed) else {
        return;
    };
    match result {
        Ok(answers) => {
            let answers = Box::new(answers);
            probe.phase = ProbePhase::Done { url, answers };
            probe.top = 0;
            state.banner = None;
        }
        Err(failure) => {
            probe.type_in(ProbeField::Url);
            state.report(failure);
        }
    }
}

/// Looks the URL up among the policies again if one of them changed, and concludes.
fn judge_again(state: &mut State) {
    let Some((token, access)) = Probe.token(state) else {
        return;
    };
    let context = state.evaluation_context();
    if let Some(url) = state.probe.current_url() {
        let basis = ProbeBasis {
            url,
            status: Status::of(&token, context),
            generation: state.access_reading.generation(),
            token,
        };
        let known = state.probe.basis.as_ref();
        if !known.is_some_and(|known| known.is(&basis)) {
            let map = state.access_reading.whole_map_of(&access);
            let view = map.map(|map| PolicyView::of(map, &basis.token, context, &basis.url));
            state.probe.policies = view;
            state.probe.basis = Some(basis);
            state.probe.conclusion = None;
        }
    } else {
        state.probe.policies = None;
        state.probe.basis = None;
    }
    let probe = &mut state.probe;
    if let (ProbePhase::Done { url, answers }, None, Some(basis)) =
        (&probe.phase, &probe.conclusion, &probe.basis)
    {
        let id = basis.token.client_id_text();
        probe.conclusion = Some(conclude(url, answers, probe.policies.as_ref(), id));
    }
}

/// The outcome as text, for a ticket or a chat.
fn outcome_text(state: &State) -> Option<String> {
    let probe = &state.probe;
    let ProbePhase::Done { url, answers } = &probe.phase else {
        return None;
    };
    let conclusion = probe.conclusion.as_ref()?;
    let mut lines = vec![
        url.to_string(),
        format!("{}: {}", conclusion.verdict.word(), conclusion.message),
        format!("without the token: {}", answered(&answers.bare)),
    ];
    lines.push(match &answers.with_token {
        Some(answer) => format!("with the token: {}", answered(answer)),
        None => "with the token: not sent".to_owned(),
    });
    lines.extend(conclusion.hint.clone());
    let lines: Vec<_> = lines.iter().map(|line| text::sanitize(line)).collect();
    Some(lines.join("\n"))
}

fn answered(answer: &ProbeAnswer) -> String {
    let Some(status) = answer.status else {
        return "no answer".to_owned();
    };
    let ray = answer.cf_ray.as_deref();
    let ray = ray.map_or(String::new(), |ray| format!(", cf-ray {ray}"));
    format!("{status} from {}{ray}", answer.answered_by.sender())
}

/// A line of the outcome.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ProbeLine {
    /// The title of the lines below it.
    Divider(&'static str),
    Text(TextLine),
}

/// The cells of the labels of the answers.
const LABEL: usize = 14;
/// The widest and the narrowest column of an answer. Where neither fits, each answer is one line.
const COLUMN: (usize, usize) = (30, 13);
/// From this many cells on, the conclusion is beside its word.
const BESIDE: usize = 60;

impl State {
    /// The lines of the outcome, and how many of them are visible at once. If they have to be
    /// scrolled, the advice comes before the answers.
    pub(crate) fn probe_lines(&self) -> (Vec<ProbeLine>, usize) {
        let (width, height) = self.body();
        let columns = usize::from(width.saturating_sub(4));
        let page = usize::from(height.saturating_sub(2));
        let probe = &self.probe;
        let (ProbePhase::Done { answers, .. }, Some(conclusion)) =
            (&probe.phase, &probe.conclusion)
        else {
            return (Vec::new(), page);
        };
        let mut lines = self.conclusion_lines(conclusion, columns);
        let table = answer_lines(answers, columns, self.glyphs().ellipsis);
        let table = titled("Answers", table);
        let hint = conclusion
            .hint
            .as_deref()
            .map(|hint| self.glyphs().clean(hint));
        let advice = hint.map(|hint| layout::wrapped(None, &hint, columns));
        let advice = titled("What to do", advice.unwrap_or_default());
        let fits = lines.len() + table.len() + advice.len() <= page;
        let parts = if fits {
            [table, advice]
        } else {
            [advice, table]
        };
        lines.extend(parts.into_iter().flatten());
        (lines, page)
    }

    /// `✖ REFUSED   The secret is not the current one.`
    fn conclusion_lines(&self, conclusion: &Conclusion, columns: usize) -> Vec<ProbeLine> {
        let role = Some(Role::from(conclusion.tone()));
        let verdict = conclusion.verdict;
        let word = format!("{} {}", verdict.symbol(self.ascii), verdict.word());
        let message = self.glyphs().clean(&conclusion.message);
        let lines = if columns < BESIDE {
            let mut lines = layout::wrapped(None, &message, columns);
            lines.insert(0, vec![(role, word)]);
            lines
        } else {
            let indent = text::width(&word) + 3;
            layout::beside((role, &word), indent, (None, &message), columns)
        };
        lines.into_iter().map(ProbeLine::Text).collect()
    }
}

/// Lines with a title, or nothing without lines.
fn titled(title: &'static str, lines: Vec<TextLine>) -> Vec<ProbeLine> {
    let title = (!lines.is_empty()).then_some(ProbeLine::Divider(title));
    let lines = lines.into_iter().map(ProbeLine::Text);
    title.into_iter().chain(lines).collect()
}

/// Both answers side by side or, in few columns, one below the other.
///
/// ```text
///               without the token             with the token
/// status        403                           403
/// answered by   Access                        Access
/// cf-ray        95942549c0ffee00-LHR          9594254ac0ffee00-LHR
/// took          41 ms                         38 ms
/// ```
fn answer_lines(answers: &ProbeAnswers, columns: usize, ellipsis: &str) -> Vec<TextLine> {
    let column = (columns.saturating_sub(LABEL) / 2).min(COLUMN.0);
    let (bare, token) = (Some(&answers.bare), answers.with_token.as_ref());
    if column < COLUMN.1 {
        let line = |label: &str, answer: Option<&ProbeAnswer>| {
            let [status, by, _, took] = cells(answer, ellipsis);
            let value = [status, by, took].join(" ");
            vec![
                (Some(Role::Label), format!("{label:9}")),
                (None, value.trim_end().to_owned()),
            ]
        };
        return vec![line("without", bare), line("with", token)];
    }
    let titles = match column {
        0..18 => ["without it", "with token"],
        _ => ["without the token", "with the token"],
    };
    let pad = |value: &str| text::fit(value, column, ellipsis);
    let mut lines = vec![vec![(
        Some(Role::Label),
        format!("{:LABEL$}{}{}", "", pad(titles[0]), titles[1]),
    )]];
    let labels = ["status", "answered by", "cf-ray", "took"].into_iter();
    let values = cells(bare, ellipsis)
        .into_iter()
        .zip(cells(token, ellipsis));
    lines.extend(labels.zip(values).map(|(label, (bare, token))| {
        vec![
            (Some(Role::Label), format!("{label:LABEL$}")),
            (None, pad(&bare)),
            (None, text::truncate(&token, column, ellipsis).into_owned()),
        ]
    }));
    lines
}

/// Status, who answered, ray and time of an answer.
fn cells(answer: Option<&ProbeAnswer>, ellipsis: &str) -> [String; 4] {
    let blank = String::new;
    let Some(answer) = answer else {
        return ["not sent".to_owned(), blank(), blank(), blank()];
    };
    let took = format!("{} ms", answer.took.as_millis());
    let Some(status) = answer.status else {
        return ["no answer".to_owned(), blank(), blank(), took];
    };
    let ray = answer.cf_ray.as_deref().unwrap_or("none");
    let ray = text::sanitize(text::beginning(ray)).into_owned();
    let ray = if text::width(&ray) > 26 {
        text::abbreviate(&ray, ellipsis)
    } else {
        ray
    };
    let by = answer.answered_by.label().to_owned();
    [status.to_string(), by, ray, took]
}
