//! What apps decide about tokens that none of their policies names: alike for all, so worked out once.

use serde::Serialize;

use super::decide::{AppJudge, Decided};
use super::evaluate::Subject;
use super::index::{Index, Objects};
use super::verdict::{TokenLife, Verdict};

/// How many apps have which verdict, for one token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Apps that let everybody in do not count: nobody breaks there.
    pub opens: usize,
    /// Those that may open by a group, too.
    pub depends: usize,
    pub refused: usize,
    pub unknown: usize,
    #[serde(skip)]
    pub open_to_all: usize,
}

/// How many apps there are of each kind that matters, for one token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    /// Those that open for any service token, and those that may.
    pub(super) open_to_any: usize,
    pub(super) may_open_to_any: usize,
    /// Those with a policy that lets tokens in and is about everyone.
    pub(super) for_everyone: usize,
}

impl Tally {
    /// Counts one app more, or one less.
    fn count(&mut self, app: Decided, change: impl Fn(&mut usize, usize)) {
        let count = match app.verdict {
            Verdict::Opens => &mut self.counts.opens,
            Verdict::Depends | Verdict::OpensByGroup => &mut self.counts.depends,
            Verdict::Refused => &mut self.counts.refused,
            Verdict::Unknown => &mut self.counts.unknown,
            Verdict::OpenToAll => &mut self.counts.open_to_all,
        };
        change(count, 1);
        let to_any = if app.verdict == Verdict::Opens {
            &mut self.open_to_any
        } else {
            &mut self.may_open_to_any
        };
        change(to_any, app.opens_to_any.into());
        change(&mut self.for_everyone, app.is_for_everyone.into());
    }

    fn add(&mut self, app: Decided) {
        self.count(app, |count, by| *count += by);
    }
}

/// The decisions of apps about tokens that none of their policies names.
#[derive(Debug, Clone, Default)]
pub(super) struct Baseline {
    alive: Decisions,
    dead: Decisions,
    /// The apps that such a token is listed for.
    pub(super) apps: Vec<usize>,
}

/// The decisions of all apps, and their tally.
#[derive(Debug, Clone, Default)]
struct Decisions {
    by_app: Vec<Option<Decided>>,
    tally: Tally,
}

impl Baseline {
    pub(super) fn of(objects: &Objects, index: &Index) -> Self {
        let decisions = |life| {
            let judge = AppJudge::new(objects, index, Subject::NOBODY, life);
            let by_app = (0..objects.apps.len()).map(|at| judge.decide(at));
            let by_app: Vec<Option<Decided>> = by_app.collect();
            let mut tally = Tally::default();
            by_app.iter().flatten().for_each(|it| tally.add(*it));
            Decisions { by_app, tally }
        };
        let alive = decisions(TokenLife::Alive);
        let listed = alive.by_app.iter().enumerate();
        let listed = listed.filter_map(|(at, it)| it.is_some().then_some(at));
        Self {
            apps: listed.collect(),
            dead: decisions(TokenLife::Expired),
            alive,
        }
    }

    /// The tally of a token that is named only by some apps, which were decided one by one.
    pub(super) fn tally(&self, life: TokenLife, named: &[(usize, Option<Decided>)]) -> Tally {
        let decisions = match life {
            TokenLife::Alive | TokenLife::Unknown => &self.alive,
            TokenLife::Disabled | TokenLife::Expired => &self.dead,
        };
        let mut tally = decisions.tally;
        for (at, decided) in named {
            if let Some(Some(usual)) = decisions.by_app.get(*at) {
                tally.count(*usual, |count, by| *count -= by);
            }
            if let Some(decision) = decided {
                tally.add(*decision);
            }
        }
        tally
    }
}
