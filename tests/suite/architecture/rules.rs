//! The rules of the structure: each takes the tree and returns its violations.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::layers::{Row, Table};
use super::names::banned;
use super::source::{File, Target, Tree, edges};

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 60;

/// File names without meaning.
const SHAPELESS: [&str; 7] = [
    "common", "helper", "helpers", "misc", "prelude", "util", "utils",
];

/// Crates that draw; only rows that name them may use them.
const DRAWING: [&str; 1] = ["ratatui"];

/// The number of equal lines of code allowed in two places.
const LONGEST_REPEAT: usize = 9;

/// The parts of `std` with side effects.
const WORLDLY: [&str; 7] = ["env", "fs", "io", "net", "os", "process", "thread"];

/// Every violation in a tree. `tables` are files that may be long.
pub(crate) fn violations(tree: &Tree, table: &Table, tables: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in &tree.files {
        shape(file, tables, &mut found);
        if file.module.is_empty() {
            if !file.only_declares {
                found.push(format!("{} does more than declare modules", file.path));
            }
            continue;
        }
        match table.row_of(&file.path) {
            Some(row) => uses(tree, table, file, row, &mut found),
            None => found.push(format!("{} is in no row of the table", file.path)),
        }
    }
    found.extend(cycle(tree));
    found.extend(repeats(tree));
    found
}

fn shape(file: &File, tables: &[&str], found: &mut Vec<String>) {
    if !file.opens_with_docs {
        found.push(format!("{} does not open with `//!`", file.path));
    }
    if file.lines > LONGEST_FILE && !tables.contains(&file.path.as_str()) {
        found.push(format!("{} has {} lines", file.path, file.lines));
    }
    for (function, lines) in &file.functions {
        if *lines > LONGEST_FUNCTION {
            found.push(format!("{}: {function} has {lines} lines", file.path));
        }
    }
    for name in &file.undocumented {
        found.push(format!("{}: {name} is public and has no docs", file.path));
    }
    for name in banned(file) {
        found.push(format!("{}: {name} is a name that was given up", file.path));
    }
    for part in &file.module {
        if SHAPELESS.contains(&part.as_str()) {
            found.push(format!("{} says nothing by its name", file.path));
        }
    }
}

fn uses(tree: &Tree, table: &Table, file: &File, row: &Row, found: &mut Vec<String>) {
    for (target, path) in tree.targets(file) {
        let allowed = match target {
            Target::Crate(path) => may_use_crate(row, &path),
            Target::File(other) => may_use_file(table, file, row, &tree.files[other]),
        };
        if !allowed {
            found.push(format!("{} may not use {path}", file.path));
        }
    }
}

fn may_use_crate(row: &Row, path: &str) -> bool {
    let mut parts = path.split("::");
    match parts.next() {
        Some("std" | "core" | "alloc") => {
            let is_worldly = parts.next().is_some_and(|part| WORLDLY.contains(&part));
            !(row.crates.is_a_list() && is_worldly)
        }
        Some(name) if DRAWING.contains(&name) => row.crates.names(path),
        _ => row.crates.allows(path),
    }
}

/// A file may use the other files of its row, modules of its layer that its row names, and modules
/// of lower layers that its row permits.
fn may_use_file(table: &Table, file: &File, row: &Row, other: &File) -> bool {
    // The root of the crate contains only modules, which are checked one by one.
    let Some(used) = table
        .row_of(&other.path)
        .filter(|_| !other.module.is_empty())
    else {
        return true;
    };
    if std::ptr::eq(used, row) {
        return true;
    }
    let path = other.module.join("::");
    let is_within_reach = match used.layer.cmp(&row.layer) {
        Ordering::Less => row.uses.allows(&path),
        Ordering::Equal => row.uses.names(&path),
        Ordering::Greater => false,
    };
    is_within_reach && used.used_by.allows(&file.path)
}

/// Passages of code that appear twice.
fn repeats(tree: &Tree) -> Vec<String> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for (at, file) in tree.files.iter().enumerate() {
        let mut is_within = false;
        for (from, passage) in file.code.windows(LONGEST_REPEAT + 1).enumerate() {
            let text: Vec<&str> = passage.iter().map(|(_, line)| line.as_str()).collect();
            let (other, start) = *first.entry(text).or_insert((at, from));
            let is_repeat = other != at || from >= start + passage.len();
            if is_repeat && !is_within {
                let other = &tree.files[other];
                let (here, there) = (passage[0].0, other.code[start].0);
                found.push(format!(
                    "{}:{here} repeats {}:{there}",
                    file.path, other.path
                ));
            }
            is_within = is_repeat;
        }
    }
    found
}

/// One cycle among files, within a module or across modules.
fn cycle(tree: &Tree) -> Option<String> {
    let edges = edges(tree);
    let mut done = BTreeSet::new();
    (0..tree.files.len()).find_map(|start| {
        let cycle = walk(start, &edges, &mut Vec::new(), &mut done)?;
        let names: Vec<&str> = cycle
            .iter()
            .map(|file| tree.files[*file].path.as_str())
            .collect();
        Some(format!("a cycle: {}", names.join(" -> ")))
    })
}

fn walk(
    file: usize,
    edges: &BTreeMap<usize, BTreeSet<usize>>,
    trail: &mut Vec<usize>,
    done: &mut BTreeSet<usize>,
) -> Option<Vec<usize>> {
    if let Some(at) = trail.iter().position(|other| *other == file) {
        let mut cycle = trail[at..].to_vec();
        cycle.push(file);
        return Some(cycle);
    }
    if done.contains(&file) {
        return None;
    }
    trail.push(file);
    let found = edges[&file]
        .iter()
        .find_map(|next| walk(*next, edges, trail, done));
    trail.pop();
    done.insert(file);
    found
}
