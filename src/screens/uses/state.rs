//! The state of Uses: what it says about the current token, its filter, and its cursor.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::form::TextField;
use crate::app::uses_report::{UsesReport, UsesRow};
use crate::domain::fetched::RequestId;
use crate::domain::findings::Finding;
use crate::domain::status::Status;
use crate::domain::token::ServiceToken;
use crate::layout::first_row_kept;

/// Who uses the current token.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Uses {
    pub report: UsesReport,
    /// The sources of the report; `None` before the first one.
    pub(crate) basis: Option<UsesBasis>,
    /// What the map says about the token on Detail, and what that was found from.
    findings: Vec<Finding>,
    found_from: Option<UsesBasis>,
    pub filter: TextField,
    /// Whether letters go into the filter.
    pub is_filtering: bool,
    /// The filter and the selected row when the user began to type.
    before_typing: Option<(TextField, Option<usize>)>,
    /// The rows of the report that pass the filter: apps, then other places.
    shown: Vec<usize>,
    /// How many of them are apps.
    shown_apps: usize,
    /// The selected one of them.
    pub selected: usize,
    /// The first visible line of the list when it was last scrolled.
    pub top: usize,
}

/// The sources of a report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UsesBasis {
    pub(crate) token: Arc<ServiceToken>,
    pub(crate) status: Status,
    /// Whether the API no longer has the token.
    pub(crate) is_gone: bool,
    /// The generation of the map.
    pub(crate) generation: u64,
    /// The minute in which it was built: it says how long ago things were.
    pub(crate) minute: DateTime<Utc>,
}

impl UsesBasis {
    /// Whether a report of one is also the report of the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.token, &other.token)
            && (self.status, self.is_gone) == (other.status, other.is_gone)
            && (self.generation, self.minute) == (other.generation, other.minute)
    }
}

/// The lines of the list: a remark or the apps, then the other places below a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsesLines {
    pub remark: usize,
    pub apps: usize,
    pub places: usize,
}

/// A line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsesLine {
    /// A line of the remark.
    Remark(usize),
    /// A row, counted among those that pass the filter.
    Row(usize),
    /// The title of the other places.
    Places,
}

impl UsesLines {
    /// The lines above the first place.
    fn above_places(self) -> usize {
        self.remark + self.apps + usize::from(self.places > 0)
    }

    /// How many lines there are.
    pub fn total(self) -> usize {
        self.above_places() + self.places
    }

    /// Whether there are only other places from a line on.
    pub fn are_places_from(self, line: usize) -> bool {
        self.places > 0 && line >= self.above_places()
    }

    /// The line of a row.
    pub fn of_row(self, row: usize) -> usize {
        if row < self.apps {
            self.remark + row
        } else {
            self.above_places() + row - self.apps
        }
    }

    /// The contents of a line.
    pub fn at(self, line: usize) -> UsesLine {
        let above = self.above_places();
        if line < self.remark {
            UsesLine::Remark(line)
        } else if line < self.remark + self.apps {
            UsesLine::Row(line - self.remark)
        } else if line < above {
            UsesLine::Places
        } else {
            UsesLine::Row(self.apps + line - above)
        }
    }
}

impl Uses {
    /// Clears everything.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        *self = Self::default();
        None
    }

    /// What the map says about the token on Detail, if it was read.
    pub fn findings_of(&self, token: &ServiceToken) -> &[Finding] {
        let found_from = self.found_from.as_ref();
        let is_its = found_from.is_some_and(|basis| std::ptr::eq(&raw const *basis.token, token));
        if is_its { &self.findings } else { &[] }
    }

    /// Replaces the findings unless they are up to date; without a basis, there are none.
    pub(crate) fn find(
        &mut self,
        basis: Option<UsesBasis>,
        findings: impl FnOnce(&UsesBasis) -> Vec<Finding>,
    ) {
        let is_same = match (&self.found_from, &basis) {
            (Some(known), Some(basis)) => known.is(basis),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_same {
            self.findings = basis.as_ref().map(findings).unwrap_or_default();
            self.found_from = basis;
        }
    }

    /// The rows that pass the filter.
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// How many of them are apps.
    pub fn app_rows(&self) -> usize {
        self.shown_apps
    }

    /// A row that passes the filter.
    pub fn row(&self, at: usize) -> Option<&UsesRow> {
        self.report.rows.get(*self.shown.get(at)?)
    }

    /// The selected row.
    pub fn selected_row(&self) -> Option<&UsesRow> {
        self.row(self.selected)
    }

    /// Replaces the report. The cursor follows its row.
    pub(crate) fn show(&mut self, report: UsesReport, basis: UsesBasis) {
        let is_same = |row: &UsesRow, old: &UsesRow| {
            (row.mark.is_app(), &row.copied) == (old.mark.is_app(), &old.copied)
        };
        let old = self.selected_row().filter(|_| self.selected > 0).cloned();
        self.report = report;
        self.basis = Some(basis);
        let rows = &self.report.rows;
        let followed = old.and_then(|old| rows.iter().position(|row| is_same(row, &old)));
        self.collect();
        match followed {
            Some(row) => self.select(row),
            None => self.selected = self.selected.min(self.rows().saturating_sub(1)),
        }
    }

    /// Selects a row of the report, or else the first one.
    fn select(&mut self, row: usize) {
        let at = self.shown.iter().position(|shown| *shown == row);
        self.selected = at.unwrap_or(0);
    }

    fn collect(&mut self) {
        let filter = self.filter.value().to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let rows = self.report.rows.iter().enumerate();
        let passing = rows.filter(|(_, row)| row.has(&words));
        self.shown = passing.map(|(at, _)| at).collect();
        let apps = self.report.apps;
        self.shown_apps = self.shown.iter().take_while(|at| **at < apps).count();
    }

    /// Begins to type the filter.
    pub(crate) fn start_typing(&mut self) {
        self.is_filtering = true;
        let row = self.shown.get(self.selected).copied();
        self.before_typing = Some((self.filter.clone(), row));
    }

    /// Ends typing, and gives back the filter and the row from before.
    pub(crate) fn stop_typing(&mut self) {
        self.is_filtering = false;
        if let Some((filter, row)) = self.before_typing.take() {
            self.filter = filter;
            self.collect();
            self.select(row.unwrap_or(0));
        }
    }

    /// Keeps the filter.
    pub(crate) fn keep_filter(&mut self) {
        self.is_filtering = false;
        self.before_typing = None;
    }

    /// Applies the changed filter, and selects the first hit.
    pub(crate) fn filter_changed(&mut self) {
        self.collect();
        self.selected = 0;
        self.top = 0;
    }

    /// Takes the filter away. The cursor follows its row.
    pub(crate) fn show_all(&mut self) {
        let row = self.shown.get(self.selected).copied();
        self.filter = TextField::default();
        self.collect();
        self.select(row.unwrap_or(0));
    }

    /// The first visible line, given the number of rows on screen.
    pub fn first_line(&self, lines: UsesLines, rows: usize) -> usize {
        let selected = if self.selected == 0 {
            0
        } else {
            lines.of_row(self.selected)
        };
        let first = first_row_kept(self.top, selected, lines.total(), rows);
        // The title of the other places goes into the line above the list.
        let is_title = lines.places > 0 && lines.at(first) == UsesLine::Places;
        first + usize::from(is_title)
    }
}
