//! Evaluates rules for a token, in three-valued logic.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::groups::{Groups, inner_ids};
use super::objects::Group;
use super::rules::{Dependency, Rule, Rules, Truth};

/// How rules are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
const MOST_STEPS: usize = 1_000;
const DEEPEST: usize = 60;

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
            *of_reading = ranks.map(|rank| evaluator.entered(rank, reading)).collect();
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
    /// The names by which rules may mean it, in lower case; empty ones match nothing.
    pub(super) id: &'a str,
    pub(super) client_id: &'a str,
    /// The groups that name it, themselves or through others: by its ID, then by its client ID.
    pub(super) groups: [&'a [usize]; 2],
}

impl Subject<'_> {
    /// A token that no rule names.
    pub(super) const NOBODY: Self = Self {
        id: "",
        client_id: "",
        groups: [&[], &[]],
    };

    pub(super) fn has_name(&self, name: &str) -> bool {
        name == self.id || name == self.client_id
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
    /// The values of groups that were entered from without.
    known: RefCell<BTreeMap<(Reading, usize), Truth>>,
    /// Groups that contain each other in too many ways to follow.
    tangled: RefCell<BTreeSet<usize>>,
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
            known: RefCell::default(),
            tangled: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// The value of rules: any of the included, all of the required, none of the excluded.
    pub(super) fn rules(&self, rules: &Rules, reading: Reading) -> Truth {
        for rank in inner_ids(Some(rules)).filter_map(|id| self.ranked.rank(id)) {
            let within = self.ranked.within(rank);
            if within.len() > DEEPEST {
                // Inner groups first, so that deep nesting does not become deep recursion.
                for inner in within {
                    let _kept = self.entered(*inner, reading);
                }
            }
        }
        self.nested(rules, reading, &mut Vec::new())
    }

    /// The value of one rule of a policy.
    pub(super) fn rule(&self, rule: &Rule, reading: Reading) -> Truth {
        self.on_path(rule, reading, &mut Vec::new())
    }

    fn nested(&self, rules: &Rules, reading: Reading, path: &mut Vec<usize>) -> Truth {
        let mut sum = self.any(&rules.include, reading, path);
        if sum != Truth::False {
            for rule in &rules.require {
                sum = sum.min(self.on_path(rule, reading, path));
            }
        }
        if sum != Truth::False {
            sum = sum.min(!self.any(&rules.exclude, reading, path));
        }
        sum
    }

    fn any(&self, rules: &[Rule], reading: Reading, path: &mut Vec<usize>) -> Truth {
        let mut sum = Truth::False;
        for rule in rules {
            sum = sum.max(self.on_path(rule, reading, path));
            if sum == Truth::True {
                break;
            }
        }
        sum
    }

    fn on_path(&self, rule: &Rule, reading: Reading, path: &mut Vec<usize>) -> Truth {
        // Access evaluates Bypass policies before it knows who is asking.
        let identity = match reading {
            Reading::Bypass => Truth::Unknown,
            Reading::Plain | Reading::GroupsDoubted => Truth::True,
        };
        match rule {
            Rule::ServiceToken(Some(id)) if id == self.subject.id => identity,
            Rule::ServiceToken(Some(id)) if id == self.subject.client_id => Truth::Unknown,
            Rule::ServiceToken(Some(_)) | Rule::People(_) => Truth::False,
            Rule::AnyServiceToken => identity,
            Rule::Everyone => Truth::True,
            Rule::ServiceToken(None)
            | Rule::Condition(_)
            | Rule::Unknown(_)
            | Rule::Group(None) => Truth::Unknown,
            Rule::Group(Some(id)) => match self.ranked.rank(id) {
                Some(rank) => self.group(rank, reading, path),
                None => Truth::Unknown,
            },
        }
    }

    /// The value of a group, on a path of groups that contain each other.
    fn group(&self, rank: usize, reading: Reading, path: &mut Vec<usize>) -> Truth {
        let outer = path.last();
        if !outer.is_some_and(|outer| self.ranked.are_mutual(*outer, rank)) {
            return self.entered(rank, reading);
        }
        if path.contains(&rank) {
            return Truth::False;
        }
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS || path.len() > DEEPEST {
            // Whoever entered this knot of groups must not trust a part of it.
            self.steps.set(MOST_STEPS);
            return Truth::Unknown;
        }
        self.inside(rank, reading, path)
    }

    /// The value of a group that was entered from without: it does not depend on the way there.
    fn entered(&self, rank: usize, reading: Reading) -> Truth {
        let nameless = self.nameless.get(reading, rank);
        if let Some(truth) = nameless.filter(|_| !self.subject.is_in(rank)) {
            return truth;
        }
        if let Some(known) = self.known.borrow().get(&(reading, rank)) {
            return *known;
        }
        let outer_steps = self.steps.replace(0);
        let mut truth = self.inside(rank, reading, &mut Vec::new());
        if self.steps.get() >= MOST_STEPS {
            truth = Truth::Unknown;
            self.tangled.borrow_mut().insert(rank);
        }
        self.steps.set(outer_steps);
        self.known.borrow_mut().insert((reading, rank), truth);
        truth
    }

    fn inside(&self, rank: usize, reading: Reading, path: &mut Vec<usize>) -> Truth {
        let group = &self.groups[self.ranked.place(rank)];
        let Some(rules) = &group.rules else {
            return Truth::Unknown;
        };
        path.push(rank);
        let truth = self.nested(rules, reading, path);
        path.pop();
        match (reading, truth) {
            (Reading::GroupsDoubted | Reading::Bypass, Truth::True) => Truth::Unknown,
            (Reading::Plain | Reading::GroupsDoubted | Reading::Bypass, truth) => truth,
        }
    }

    /// The conditions of rules whose value is unknown.
    pub(super) fn dependencies(&self, rules: &Rules, reading: Reading) -> BTreeSet<Dependency> {
        let mut collector = Collector {
            evaluator: self,
            reading,
            seen: BTreeSet::new(),
            found: BTreeSet::new(),
        };
        if self.rules(rules, reading) == Truth::Unknown {
            collector.collect(rules);
        }
        collector.found
    }
}

/// Collects what rules depend on.
struct Collector<'a> {
    evaluator: &'a Evaluator<'a>,
    reading: Reading,
    /// The groups that were entered: each only once, so that cycles end.
    seen: BTreeSet<usize>,
    found: BTreeSet<Dependency>,
}

impl Collector<'_> {
    /// Collects what the unknown sections of rules depend on.
    fn collect(&mut self, rules: &Rules) {
        for section in [&rules.include, &rules.exclude] {
            let value = self.evaluator.any(section, self.reading, &mut Vec::new());
            if value == Truth::Unknown {
                self.collect_from(section);
            }
        }
        self.collect_from(&rules.require);
    }

    fn collect_from(&mut self, rules: &[Rule]) {
        let evaluator = self.evaluator;
        for rule in rules {
            let dependency = match rule {
                _ if evaluator.rule(rule, self.reading) != Truth::Unknown => continue,
                Rule::ServiceToken(None) => Dependency::NoToken,
                Rule::ServiceToken(Some(id)) if id == evaluator.subject.client_id => {
                    Dependency::ClientId
                }
                Rule::ServiceToken(Some(_)) | Rule::AnyServiceToken => Dependency::Bypass,
                Rule::Condition(condition) => Dependency::Request(*condition),
                Rule::Unknown(kind) => Dependency::UnknownRule(kind.clone()),
                Rule::Group(id) => {
                    let id = id.as_deref().unwrap_or_default();
                    match evaluator.ranked.rank(id) {
                        Some(rank) => {
                            self.collect_group(rank);
                            continue;
                        }
                        None => Dependency::UnreadGroup(id.to_owned()),
                    }
                }
                Rule::Everyone | Rule::People(_) => continue,
            };
            self.found.insert(dependency);
        }
    }

    /// Collects what an unknown group depends on.
    fn collect_group(&mut self, rank: usize) {
        if !self.seen.insert(rank) || self.seen.len() > DEEPEST {
            return;
        }
        let evaluator = self.evaluator;
        let group = &evaluator.groups[evaluator.ranked.place(rank)];
        let is_tangled = evaluator.tangled.borrow().contains(&rank);
        let holds =
            |rules: &Rules| evaluator.nested(rules, self.reading, &mut vec![rank]) == Truth::True;
        let dependency = match &group.rules {
            None => Dependency::UnreadGroup(group.title().to_owned()),
            Some(_) if is_tangled => Dependency::Tangled,
            // Only a Bypass policy doubts a group that holds.
            Some(rules) if holds(rules) => Dependency::Bypass,
            Some(rules) => return self.collect(rules),
        };
        self.found.insert(dependency);
    }
}
