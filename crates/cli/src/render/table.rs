//! Columns that stand below each other.

/// The rows with each column as wide as its widest cell, two spaces between them.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| length(&row[column])).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - length(cell))));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// How many characters of a text are seen.
fn length(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use owo_colors::OwoColorize;

    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a".bold().to_string(), "bb".into()], ["ccc".into(), String::new()]];
        assert_eq!(super::super::plain(&table(&rows)), "a    bb\nccc\n");
    }
}
