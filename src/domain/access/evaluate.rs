//! Evaluates rules for a token, in three-valued logic.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use super::objects::Group;
use super::rules::{Dependency, Rule, Rules, Truth};

/// The names by which rules may mean a token, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenNames<'a> {
    pub id: &'a str,
    pub client_id: &'a str,
}

/// How groups count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupLogic {
    /// As their rules say.
    Rules,
    /// As unknown: users report that a token in a group is not admitted.
    Doubted,
}

/// More rules than any real policy reaches, with all its groups; then the answer is unknown.
const MOST_STEPS: usize = 20_000;

/// Evaluates rules for one token.
pub struct Evaluator<'f, 'a> {
    groups: &'f HashMap<&'a str, &'a Group>,
    token: TokenNames<'f>,
    logic: GroupLogic,
    /// Groups without a cycle below them, evaluated once.
    known: RefCell<HashMap<&'a str, Outcome>>,
    steps: Cell<usize>,
}

/// The value of rules, and what it depends on if that is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub truth: Truth,
    /// Empty unless the value is unknown.
    pub dependencies: BTreeSet<Dependency>,
    /// Whether a group contains itself; its second mention counts as false.
    pub has_cycle: bool,
}

impl Default for Outcome {
    fn default() -> Self {
        Self::of(Truth::False)
    }
}

impl Outcome {
    fn of(truth: Truth) -> Self {
        Self {
            truth,
            dependencies: BTreeSet::new(),
            has_cycle: false,
        }
    }

    fn unknown(dependency: Dependency) -> Self {
        Self {
            dependencies: BTreeSet::from([dependency]),
            ..Self::of(Truth::Unknown)
        }
    }

    /// The same, but unknown for another reason, too.
    #[must_use]
    pub fn doubted(mut self, dependency: Dependency) -> Self {
        self.truth = Truth::Unknown;
        self.dependencies.insert(dependency);
        self
    }

    fn join(self, other: Self, with: fn(Truth, Truth) -> Truth) -> Self {
        let truth = with(self.truth, other.truth);
        let mut dependencies = self.dependencies;
        dependencies.extend(other.dependencies);
        if truth != Truth::Unknown {
            dependencies.clear();
        }
        Self {
            truth,
            dependencies,
            has_cycle: self.has_cycle || other.has_cycle,
        }
    }
}

impl<'f, 'a> Evaluator<'f, 'a> {
    /// An evaluator over the groups of a scope, by their IDs.
    #[must_use]
    pub fn new(
        groups: &'f HashMap<&'a str, &'a Group>,
        token: TokenNames<'f>,
        logic: GroupLogic,
    ) -> Self {
        Self {
            groups,
            token,
            logic,
            known: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// The value of rules: any of the included, all of the required, none of the excluded.
    #[must_use]
    pub fn rules_of(&self, rules: &'a Rules) -> Outcome {
        self.nested(rules, &mut Vec::new())
    }

    fn nested(&self, rules: &'a Rules, path: &mut Vec<&'a str>) -> Outcome {
        let any = |all: &'a [Rule], path: &mut Vec<&'a str>| {
            let values = all.iter().map(|rule| self.rule(rule, path));
            values.fold(Outcome::of(Truth::False), |sum, value| {
                sum.join(value, Truth::or)
            })
        };
        let include = any(&rules.include, path);
        let excluded = any(&rules.exclude, path);
        let kept = Outcome {
            truth: !excluded.truth,
            ..excluded
        };
        let required = rules.require.iter().map(|rule| self.rule(rule, path));
        let required = required.fold(Outcome::of(Truth::True), |sum, value| {
            sum.join(value, Truth::and)
        });
        include.join(required, Truth::and).join(kept, Truth::and)
    }

    fn rule(&self, rule: &'a Rule, path: &mut Vec<&'a str>) -> Outcome {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > MOST_STEPS {
            return Outcome::unknown(Dependency::UnknownRule("too many groups".to_owned()));
        }
        match rule {
            Rule::ServiceToken(None) => Outcome::unknown(Dependency::NoToken),
            Rule::ServiceToken(Some(id)) if id == self.token.id => Outcome::of(Truth::True),
            Rule::ServiceToken(Some(id)) if id == self.token.client_id => {
                Outcome::unknown(Dependency::ClientId)
            }
            Rule::ServiceToken(Some(_)) | Rule::People(_) => Outcome::of(Truth::False),
            Rule::AnyServiceToken | Rule::Everyone => Outcome::of(Truth::True),
            Rule::Condition(condition) => Outcome::unknown(Dependency::Request(*condition)),
            Rule::Unknown(kind) => Outcome::unknown(Dependency::UnknownRule(kind.clone())),
            Rule::Group(None) => Outcome::unknown(Dependency::UnreadGroup("without ID".to_owned())),
            Rule::Group(Some(id)) => self.group(id, path),
        }
    }

    fn group(&self, id: &'a str, path: &mut Vec<&'a str>) -> Outcome {
        if path.contains(&id) {
            return Outcome {
                has_cycle: true,
                ..Outcome::of(Truth::False)
            };
        }
        if let Some(known) = self.known.borrow().get(id) {
            return known.clone();
        }
        let rules = self.groups.get(id).and_then(|group| group.rules.as_ref());
        let Some(rules) = rules else {
            return Outcome::unknown(Dependency::UnreadGroup(id.to_owned()));
        };
        path.push(id);
        let mut outcome = self.nested(rules, path);
        path.pop();
        if self.logic == GroupLogic::Doubted && outcome.truth == Truth::True {
            outcome.truth = Truth::Unknown;
        }
        if !outcome.has_cycle {
            self.known.borrow_mut().insert(id, outcome.clone());
        }
        outcome
    }
}
