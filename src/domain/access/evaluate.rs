//! Evaluates rules for a token, in three-valued logic.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use super::groups::{Groups, inner_ids};
use super::objects::Group;
use super::rules::{Dependency, Rule, Rules, Truth};

/// The names by which rules may mean a token, in lower case; empty ones match nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenNames<'a> {
    pub(super) id: &'a str,
    pub(super) client_id: &'a str,
}

/// How rules are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// As they say.
    Plain,
    /// With any group that holds as unknown: users report that a token in a group is not admitted.
    GroupsDoubted,
    /// As a Bypass policy reads them, before anybody has an identity.
    Bypass,
}

impl Reading {
    const ALL: [Self; 3] = [Self::Plain, Self::GroupsDoubted, Self::Bypass];
}

/// The most visits to groups that contain each other, and how deep to follow them; real ones take
/// few. Beyond that the answer is unknown.
const MOST_STEPS: usize = 5_000;
const DEEPEST: usize = 60;

/// The value of rules, and what it depends on if that is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) truth: Truth,
    /// Empty unless the value is unknown and dependencies are collected.
    pub(super) dependencies: BTreeSet<Dependency>,
}

impl From<Truth> for Outcome {
    fn from(truth: Truth) -> Self {
        Self::of(truth)
    }
}

impl Outcome {
    fn of(truth: Truth) -> Self {
        Self {
            truth,
            dependencies: BTreeSet::new(),
        }
    }

    /// The same, but unknown for another reason, too.
    pub(super) fn doubted(mut self, dependency: Dependency) -> Self {
        self.truth = Truth::Unknown;
        self.dependencies.insert(dependency);
        self
    }

    fn join(mut self, other: Self, with: fn(Truth, Truth) -> Truth) -> Self {
        self.truth = with(self.truth, other.truth);
        if self.truth == Truth::Unknown {
            self.dependencies.extend(other.dependencies);
        } else {
            self.dependencies.clear();
        }
        self
    }
}

/// The value of each group for a token that no rule names, by reading and rank.
#[derive(Debug, Clone, Default)]
pub(super) struct NamelessValues([Vec<Truth>; 3]);

impl NamelessValues {
    pub(super) fn of(groups: &[Group], ranked: &Groups) -> Self {
        let mut values = Self::default();
        for (of_reading, reading) in values.0.iter_mut().zip(Reading::ALL) {
            let none = Self::default();
            let evaluator = Evaluator::new(groups, ranked, &none, Subject::NOBODY);
            // Inner groups come first.
            let ranks = 0..ranked.len();
            *of_reading = ranks
                .map(|rank| evaluator.group_value(rank, reading).truth)
                .collect();
        }
        values
    }

    fn get(&self, reading: Reading, rank: usize) -> Option<Truth> {
        self.0[reading as usize].get(rank).copied()
    }
}

/// A token as the evaluator sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) names: TokenNames<'a>,
    /// The groups that name it, themselves or through others: by its ID, then by its client ID.
    pub(super) groups: [&'a [usize]; 2],
}

impl Subject<'_> {
    /// A token that no rule names.
    pub(super) const NOBODY: Self = Self {
        names: TokenNames {
            id: "",
            client_id: "",
        },
        groups: [&[], &[]],
    };

    pub(super) fn has_name(&self, name: &str) -> bool {
        name == self.names.id || name == self.names.client_id
    }

    /// Whether a group names it, itself or through others.
    pub(super) fn is_in(&self, rank: usize) -> bool {
        let mut lists = self.groups.iter();
        lists.any(|groups| groups.binary_search(&rank).is_ok())
    }
}

/// Evaluates rules for one token.
pub(super) struct Evaluator<'a> {
    groups: &'a [Group],
    ranked: &'a Groups,
    nameless: &'a NamelessValues,
    subject: Subject<'a>,
    /// Whether dependencies are collected, not only values.
    explains: bool,
    /// Groups that were evaluated from without.
    known: RefCell<HashMap<(Reading, usize), Outcome>>,
    steps: Cell<usize>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        groups: &'a [Group],
        ranked: &'a Groups,
        nameless: &'a NamelessValues,
        subject: Subject<'a>,
    ) -> Self {
        Self {
            groups,
            ranked,
            nameless,
            subject,
            explains: false,
            known: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// Collects what unknown values depend on.
    pub(super) fn explaining(mut self) -> Self {
        self.explains = true;
        self
    }

    /// The value of rules: any of the included, all of the required, none of the excluded.
    pub(super) fn rules(&self, rules: &'a Rules, reading: Reading) -> Outcome {
        for rank in inner_ids(Some(rules)).filter_map(|id| self.ranked.rank(id)) {
            let within = self.ranked.within(rank);
            if within.len() > DEEPEST {
                // Inner groups first, so that the depth of the nesting is none of the stack's.
                for inner in within {
                    let _kept = self.entered(*inner, reading);
                }
            }
        }
        self.nested(rules, reading, &mut Vec::new())
    }

    /// The value of one rule of a policy.
    pub(super) fn single(&self, rule: &'a Rule, reading: Reading) -> Truth {
        self.rule(rule, reading, &mut Vec::new()).truth
    }

    fn nested(&self, rules: &'a Rules, reading: Reading, path: &mut Vec<usize>) -> Outcome {
        let include = self.any(&rules.include, reading, path);
        let excluded = self.any(&rules.exclude, reading, path);
        let spared = Outcome {
            truth: !excluded.truth,
            ..excluded
        };
        let required = rules.require.iter();
        let required = required.fold(Outcome::of(Truth::True), |sum, rule| {
            sum.join(self.rule(rule, reading, path), Truth::and)
        });
        include.join(required, Truth::and).join(spared, Truth::and)
    }

    fn any(&self, rules: &'a [Rule], reading: Reading, path: &mut Vec<usize>) -> Outcome {
        rules.iter().fold(Outcome::of(Truth::False), |sum, rule| {
            sum.join(self.rule(rule, reading, path), Truth::or)
        })
    }

    fn unknown(&self, dependency: impl FnOnce() -> Dependency) -> Outcome {
        let outcome = Outcome::of(Truth::Unknown);
        if self.explains {
            outcome.doubted(dependency())
        } else {
            outcome
        }
    }

    fn rule(&self, rule: &'a Rule, reading: Reading, path: &mut Vec<usize>) -> Outcome {
        let names = self.subject.names;
        let is_bypass = reading == Reading::Bypass;
        match rule {
            Rule::ServiceToken(None) => self.unknown(|| Dependency::NoToken),
            Rule::ServiceToken(Some(id)) if id == names.id => self.identity(is_bypass),
            Rule::ServiceToken(Some(id)) if id == names.client_id => {
                self.unknown(|| Dependency::ClientId)
            }
            Rule::ServiceToken(Some(_)) | Rule::People(_) => Outcome::of(Truth::False),
            Rule::AnyServiceToken => self.identity(is_bypass),
            Rule::Everyone => Outcome::of(Truth::True),
            Rule::Condition(condition) => self.unknown(|| Dependency::Request(*condition)),
            Rule::Unknown(kind) => self.unknown(|| Dependency::UnknownRule(kind.clone())),
            Rule::Group(id) => {
                let rank = id.as_deref().and_then(|id| self.ranked.rank(id));
                let Some(rank) = rank else {
                    let id = id.as_deref().unwrap_or_default();
                    return self.unknown(|| Dependency::UnreadGroup(id.to_owned()));
                };
                self.group(rank, reading, path)
            }
        }
    }

    /// A rule that the token meets, unless a Bypass policy asks.
    fn identity(&self, is_bypass: bool) -> Outcome {
        if is_bypass {
            self.unknown(|| Dependency::Bypass)
        } else {
            Outcome::of(Truth::True)
        }
    }

    /// The value of a group that is not within itself here.
    fn group_value(&self, rank: usize, reading: Reading) -> Outcome {
        self.group(rank, reading, &mut Vec::new())
    }

    /// The value of a group, on a path of groups that contain each other.
    fn group(&self, rank: usize, reading: Reading, path: &mut Vec<usize>) -> Outcome {
        let is_mutual = path
            .last()
            .is_some_and(|outer| self.ranked.are_mutual(*outer, rank));
        if !is_mutual {
            return self.entered(rank, reading);
        }
        if path.contains(&rank) {
            return Outcome::of(Truth::False);
        }
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS || path.len() > DEEPEST {
            // Whoever entered this knot of groups must not trust a part of it.
            self.steps.set(usize::MAX / 2);
            return Outcome::of(Truth::Unknown);
        }
        self.inside(rank, reading, path)
    }

    /// The value of a group that was entered from without: it does not depend on the way there.
    fn entered(&self, rank: usize, reading: Reading) -> Outcome {
        let nameless = self.nameless.get(reading, rank);
        if let Some(truth) = nameless.filter(|_| !self.subject.is_in(rank))
            && !(self.explains && truth == Truth::Unknown)
        {
            return Outcome::of(truth);
        }
        if let Some(known) = self.known.borrow().get(&(reading, rank)) {
            return known.clone();
        }
        let outer_steps = self.steps.replace(0);
        let mut outcome = self.inside(rank, reading, &mut Vec::new());
        if self.steps.get() > MOST_STEPS && self.ranked.are_mutual(rank, rank) {
            outcome = self.unknown(|| Dependency::Tangled);
        }
        self.steps.set(outer_steps);
        let mut known = self.known.borrow_mut();
        known.insert((reading, rank), outcome.clone());
        outcome
    }

    fn inside(&self, rank: usize, reading: Reading, path: &mut Vec<usize>) -> Outcome {
        let group = &self.groups[self.ranked.place(rank)];
        let Some(rules) = &group.rules else {
            let name = group.title().to_owned();
            return self.unknown(|| Dependency::UnreadGroup(name));
        };
        path.push(rank);
        let outcome = self.nested(rules, reading, path);
        path.pop();
        match (reading, outcome.truth) {
            (Reading::GroupsDoubted, Truth::True) => Outcome::of(Truth::Unknown),
            (Reading::Bypass, Truth::True) => self.unknown(|| Dependency::Bypass),
            (Reading::Plain | Reading::GroupsDoubted | Reading::Bypass, _) => outcome,
        }
    }
}
