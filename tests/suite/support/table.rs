//! Tables of cases as text: one row per line, cells separated by `|`.

/// The rows, with trimmed cells.
pub(crate) fn rows<const CELLS: usize>(table: &str) -> impl Iterator<Item = [&str; CELLS]> {
    let lines = table.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        <[&str; CELLS]>::try_from(cells).unwrap()
    })
}
