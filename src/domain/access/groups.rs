//! The groups of a map, with what each holds through other groups, worked out once for all tokens.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::objects::Group;
use super::rules::{Rule, Rules};

/// The groups, those that hold others after them.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    /// A few hundred at most are found sooner here than by a hash.
    ranks: BTreeMap<String, usize>,
    nodes: Vec<Node>,
}

/// A group among the others.
#[derive(Debug, Clone, Default)]
struct Node {
    /// Its place in the list.
    place: usize,
    /// The ranks of the groups in it, themselves or through others, ascending.
    within: Vec<usize>,
    holds: Holds,
}

/// The members of a group besides tokens by name, direct or through other groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holds {
    pub(super) any_token: bool,
    pub(super) everyone: bool,
    /// A group that could not be read.
    pub(super) unread: bool,
    /// A rule of an unknown kind among those that admit.
    pub(super) unknown_kind: bool,
    /// A rule about people.
    pub(super) people: bool,
}

impl Holds {
    /// The members in the rules of a group and of those within it; `None` for one without rules.
    fn of(all: &[Option<&Rules>], is_known: impl Fn(&str) -> bool) -> Self {
        let each = || all.iter().flatten();
        let any = |wanted: &dyn Fn(&Rule) -> bool| each().flat_map(|it| it.all()).any(wanted);
        let is_unread = |rule: &Rule| match rule {
            Rule::Group(id) => !id.as_deref().is_some_and(&is_known),
            _ => false,
        };
        Self {
            any_token: any(&|rule| *rule == Rule::AnyServiceToken),
            everyone: any(&|rule| *rule == Rule::Everyone),
            unread: all.contains(&None) || any(&is_unread),
            unknown_kind: each().any(|rules| rules.include_unknown_kind()),
            people: any(&|rule| matches!(rule, Rule::People(_))),
        }
    }
}

impl Groups {
    pub(super) fn of(groups: &[Group]) -> Self {
        let places = groups
            .iter()
            .enumerate()
            .map(|(at, group)| (&*group.id, at));
        let places: HashMap<&str, usize> = places.collect();
        let inner = groups.iter().map(|group| inner_ids(group.rules.as_ref()));
        let inner = inner.map(|ids| ids.filter_map(|id| places.get(id).copied()));
        let inner: Vec<Vec<usize>> = inner.map(Iterator::collect).collect();
        let within: Vec<Vec<usize>> = (0..groups.len()).map(|at| reachable(&inner, at)).collect();
        // A group has more within it than any group in it has, unless they contain each other.
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|at| within[*at].len());
        let mut rank_of = vec![0; groups.len()];
        for (rank, at) in order.iter().enumerate() {
            rank_of[*at] = rank;
        }
        let nodes = order.iter().map(|at| {
            let all = std::iter::once(at).chain(&within[*at]);
            let all: Vec<_> = all.map(|it| groups[*it].rules.as_ref()).collect();
            let mut ranks: Vec<usize> = within[*at].iter().map(|inner| rank_of[*inner]).collect();
            ranks.sort_unstable();
            Node {
                place: *at,
                within: ranks,
                holds: Holds::of(&all, |id| places.contains_key(id)),
            }
        });
        Self {
            nodes: nodes.collect(),
            ranks: places
                .iter()
                .map(|(id, at)| ((*id).to_owned(), rank_of[*at]))
                .collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The rank of the group with an ID.
    pub(super) fn rank(&self, id: &str) -> Option<usize> {
        self.ranks.get(id).copied()
    }

    /// The place of a group in the list.
    pub(super) fn place(&self, rank: usize) -> usize {
        self.nodes[rank].place
    }

    /// The groups in a group, itself not included unless it contains itself.
    pub(super) fn within(&self, rank: usize) -> &[usize] {
        &self.nodes[rank].within
    }

    pub(super) fn holds(&self, rank: usize) -> Holds {
        self.nodes[rank].holds
    }

    /// Whether two groups contain each other.
    pub(super) fn are_mutual(&self, one: usize, other: usize) -> bool {
        let has =
            |outer: usize, inner: usize| self.nodes[outer].within.binary_search(&inner).is_ok();
        has(one, other) && has(other, one)
    }
}

/// The IDs of the groups that rules name.
pub(super) fn inner_ids(rules: Option<&Rules>) -> impl Iterator<Item = &str> {
    let rules = rules.into_iter().flat_map(Rules::all);
    rules.filter_map(|rule| match rule {
        Rule::Group(id) => id.as_deref(),
        _ => None,
    })
}

/// The groups that can be reached from one, each once, so that cycles end.
fn reachable(inner: &[Vec<usize>], from: usize) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut next: Vec<usize> = inner[from].clone();
    let mut reached = Vec::new();
    while let Some(at) = next.pop() {
        if seen.insert(at) {
            reached.push(at);
            next.extend(&inner[at]);
        }
    }
    reached
}
