//! The table of layers and modules, read from the docs of `lib.rs`.

use std::collections::BTreeMap;

/// What one cell permits: names and path prefixes. The longest match decides.
#[derive(Debug, Default)]
pub(crate) struct Permit {
    everything: bool,
    named: BTreeMap<String, bool>,
}

impl Permit {
    /// `any` or `lower` for everything, `nothing`, a name in backticks, or `not` before a name.
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
        self.named(path).unwrap_or(self.everything)
    }

    /// Whether a name covers a path and permits it.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.named(path).unwrap_or(false)
    }

    fn named(&self, path: &str) -> Option<bool> {
        self.named
            .iter()
            .filter(|(name, _)| {
                path.strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
            .max_by_key(|(name, _)| name.len())
            .map(|(_, allowed)| *allowed)
    }

    /// Whether only named paths are permitted.
    pub(crate) fn is_a_list(&self) -> bool {
        !self.everything
    }
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) layer: u8,
    pub(crate) uses: Permit,
    pub(crate) used_by: Permit,
    pub(crate) crates: Permit,
}

/// The rows by their module or file pattern.
#[derive(Debug)]
pub(crate) struct Table(BTreeMap<String, Row>);

impl Table {
    /// The row of a file: that of a matching pattern, otherwise that of its module.
    pub(crate) fn row_of(&self, path: &str) -> Option<&Row> {
        let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
        let fits = |pattern: &str| {
            let pattern: Vec<&str> = pattern.trim_end_matches(".rs").split('/').collect();
            let same = |(wanted, part): (&&str, &&str)| match wanted.strip_prefix('*') {
                Some(ending) => part.ends_with(ending),
                None => wanted == part,
            };
            pattern.len() == parts.len() && pattern.iter().zip(&parts).all(same)
        };
        let patterns = self.0.iter().filter(|(name, _)| name.contains('/'));
        let mut fitting = patterns.filter(|(name, _)| fits(name));
        fitting
            .next()
            .map(|(_, row)| row)
            .or_else(|| self.0.get(parts[0]))
    }
}

pub(crate) fn parse(library: &str) -> Result<Table, String> {
    let mut table = BTreeMap::new();
    let rows = library
        .lines()
        .skip_while(|line| !line.starts_with("//! | Layer |"))
        .map_while(|line| line.strip_prefix("//! |")?.strip_suffix('|'))
        .skip(2);
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [layer, name, uses, used_by, crates, _] = cells[..] else {
            return Err(format!("{row:?} has not six cells"));
        };
        let rules = Row {
            layer: layer
                .parse()
                .map_err(|_| format!("{layer:?} is no layer"))?,
            uses: Permit::parse(uses)?,
            used_by: Permit::parse(used_by)?,
            crates: Permit::parse(crates)?,
        };
        if table.insert(name.replace('`', ""), rules).is_some() {
            return Err(format!("{name} has two rows"));
        }
    }
    if table.is_empty() {
        return Err("lib.rs has no table of layers".to_owned());
    }
    Ok(Table(table))
}
