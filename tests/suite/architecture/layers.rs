//! The table of rooms, read from the docs of `lib.rs`.

use std::collections::BTreeMap;

/// What one cell lets through: names and prefixes of paths. The longest that fits decides.
#[derive(Debug, Default)]
pub(crate) struct Permit {
    everything: bool,
    named: BTreeMap<String, bool>,
}

impl Permit {
    /// `any` or `lower` for everything, `nothing`, a name in backticks, `not` before one.
    fn parse(cell: &str) -> Result<Self, String> {
        let mut permit = Self::default();
        for item in cell.split(',').map(str::trim) {
            let (allowed, name) = item
                .strip_prefix("not ")
                .map_or((true, item), |name| (false, name));
            match name {
                "any" | "lower" if allowed => permit.everything = true,
                "nothing" if allowed => {}
                name => {
                    let name = name
                        .strip_prefix('`')
                        .and_then(|name| name.strip_suffix('`'))
                        .ok_or_else(|| format!("{item:?} in {cell:?} is not understood"))?;
                    permit.named.insert(name.to_owned(), allowed);
                }
            }
        }
        Ok(permit)
    }

    pub(crate) fn allows(&self, path: &str) -> bool {
        self.named
            .iter()
            .filter(|(name, _)| {
                path.strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
            .max_by_key(|(name, _)| name.len())
            .map_or(self.everything, |(_, allowed)| *allowed)
    }

    /// Whether only what is named is let through.
    pub(crate) fn is_a_list(&self) -> bool {
        !self.everything
    }
}

/// One row.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) floor: u8,
    pub(crate) uses: Permit,
    pub(crate) used_by: Permit,
    pub(crate) crates: Permit,
}

/// The rooms by name.
pub(crate) fn parse(library: &str) -> Result<BTreeMap<String, Room>, String> {
    let mut rooms = BTreeMap::new();
    let rows = library
        .lines()
        .filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'))
        .skip(2);
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [floor, name, uses, used_by, crates, _] = cells[..] else {
            return Err(format!("{row:?} has not six cells"));
        };
        let room = Room {
            floor: floor
                .parse()
                .map_err(|_| format!("{floor:?} is no floor"))?,
            uses: Permit::parse(uses)?,
            used_by: Permit::parse(used_by)?,
            crates: Permit::parse(crates)?,
        };
        if rooms.insert(name.replace('`', ""), room).is_some() {
            return Err(format!("{name} has two rows"));
        }
    }
    if rooms.is_empty() {
        return Err("lib.rs has no table of rooms".to_owned());
    }
    Ok(rooms)
}
