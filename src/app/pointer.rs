//! The mouse: its wheel moves the selection or scrolls, and a click selects a row or opens the
//! selected one. And keyboards with other letters than the commands'.

use super::message::Effect;
use super::state::State;
use crate::action::Motion;

/// How many rows a turn of the wheel moves.
const ROWS_PER_TURN: usize = 3;

/// Handles a turn of the wheel.
pub(crate) fn turn(state: &mut State, motion: Motion) {
    move_by(state, motion, ROWS_PER_TURN);
}

/// Handles a click on a row so many below the selected one.
pub(crate) fn click(state: &mut State, rows: i16) -> Vec<Effect> {
    let front = state.front();
    match rows {
        0 => return front.submit(state),
        1.. => move_by(state, Motion::Down, usize::from(rows.unsigned_abs())),
        _ => move_by(state, Motion::Up, usize::from(rows.unsigned_abs())),
    }
    Vec::new()
}

impl State {
    /// Says once that letters are commands: the keyboard has another layout.
    pub(crate) fn explain_letters(&mut self) {
        if std::mem::replace(&mut self.told_of_letters, true) {
            return;
        }
        let place = match &self.keymap_file {
            Some(file) => format!(" keymap.toml can change them: {file}"),
            None => " keymap.toml can change them.".to_owned(),
        };
        self.notify(format!("Latin letters are commands here.{place}"));
    }
}

fn move_by(state: &mut State, motion: Motion, rows: usize) {
    if state.is_too_small() {
        return;
    }
    state.notice = None;
    let front = state.front();
    for _ in 0..rows {
        front.scroll(state, motion);
    }
}
