//! Statements that the parser refuses though the databases know them: read by the words that they begin with.

use plimsoll_model::database::DatabaseKind;

use super::KIND_OF_INDEX;
use super::name::leading;
use crate::lint::change::Change;

/// How many words are looked at.
const WORDS: usize = 64;

/// Words between `CREATE` or `ALTER` and the kind of what is meant, and between that and its name.
const BEFORE_NAMES: &[&str] =
    &["OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "FOREIGN", "VIRTUAL", "RECURSIVE", "MATERIALIZED", "IF", "NOT", "EXISTS", "ONLY"];

/// What a statement that begins with these words does, when it is known by them.
pub(super) fn changes(kind: DatabaseKind, words: &[&str]) -> Option<Vec<Change>> {
    let words = &words[..words.len().min(WORDS)];
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let words: Vec<(&str, &str)> = words.iter().copied().zip(upper.iter().copied()).collect();
    let (verb, rest) = upper.split_first()?;
    let object = rest.iter().position(|word| !BEFORE_NAMES.contains(word))? + 1;
    let named = || Named::of(kind, &words[object + 1..]);
    match (*verb, upper[object]) {
        ("ALTER", "TABLE") => named()?.altered_table(),
        ("ALTER", "VIEW") => named()?.altered_view(),
        ("REFRESH", "VIEW") => named()?.refreshed(),
        ("CREATE", "VIEW") => Some(vec![Change::CreateView { name: named()?.name }]),
        ("CREATE", "TABLE") => Some(vec![Change::CreateTable { table: named()?.name, columns: Vec::new(), filled: upper.contains(&"SELECT") }]),
        ("CREATE", what @ ("INDEX" | "UNIQUE" | "FULLTEXT" | "SPATIAL")) => {
            let on = upper.iter().position(|word| *word == "ON")?;
            let table = Named::of(kind, &words[on + 1..])?.name;
            Some(vec![match what {
                "FULLTEXT" | "SPATIAL" => Change::Shut { table, by: KIND_OF_INDEX },
                _ => Change::CreateIndex { table, concurrently: upper.contains(&"CONCURRENTLY") },
            }])
        }
        ("CREATE", "FUNCTION" | "PROCEDURE" | "SEQUENCE") => Some(vec![Change::Make { name: named()?.name }]),
        ("CREATE", "STATISTICS" | "PUBLICATION" | "SUBSCRIPTION" | "AGGREGATE" | "CAST" | "EVENT" | "TRIGGER" | "USER" | "ROLE") => Some(Vec::new()),
        ("ALTER", "DEFAULT") | ("SECURITY", "LABEL") | ("REASSIGN", "OWNED") | ("DROP", "EVENT") | ("DETACH", _) => Some(Vec::new()),
        ("ALTER", "SEQUENCE") => (!["RENAME", "RESTART", "SCHEMA"].iter().any(|word| upper.contains(word))).then(Vec::new),
        _ => None,
    }
}

/// Something that is named, and what is said of it.
struct Named<'a> {
    kind: DatabaseKind,
    name: String,
    /// As they are written.
    words: Vec<&'a str>,
    /// In upper case.
    upper: Vec<&'a str>,
}

impl<'a> Named<'a> {
    fn of(kind: DatabaseKind, words: &[(&'a str, &'a str)]) -> Option<Self> {
        let skipped = words.iter().take_while(|(_, upper)| BEFORE_NAMES.contains(upper)).count();
        let (words, upper): (Vec<&str>, Vec<&str>) = words[skipped..].iter().copied().unzip();
        let dots = upper.iter().skip(1).step_by(2).take_while(|word| **word == ".").count();
        let end = 2 * dots + 1;
        (end <= words.len()).then(|| Self { kind, name: leading(kind, &words[..end]), words: words[end..].to_vec(), upper: upper[end..].to_vec() })
    }

    fn altered_table(self) -> Option<Vec<Change>> {
        // Of several, one would have to be told from the next.
        if self.upper.contains(&",") {
            return None;
        }
        let rewrite = |by| Change::Rewrite { table: Some(self.name.clone()), by };
        Some(vec![match self.upper.as_slice() {
            ["SET", "SCHEMA", ..] => self.moved(),
            ["RENAME", "INDEX" | "KEY", ..] => Change::Alter { table: self.name },
            ["RENAME", "AS", ..] => self.renamed(2),
            ["RENAME", _] | ["RENAME", _, ".", _] => self.renamed(1),
            ["SET", "TABLESPACE", ..] => rewrite("SET TABLESPACE"),
            ["SET", "ACCESS", "METHOD", ..] => rewrite("SET ACCESS METHOD"),
            ["CLUSTER", "ON", ..]
            | ["SET", "WITHOUT", "CLUSTER"]
            | ["ALTER", "CONSTRAINT", ..]
            | ["ALTER", "COLUMN", _, "SET", "STORAGE" | "STATISTICS" | "COMPRESSION", ..]
            | ["ALTER", _, "SET", "STORAGE" | "STATISTICS" | "COMPRESSION", ..] => Change::Alter { table: self.name },
            _ => return None,
        }])
    }

    fn altered_view(self) -> Option<Vec<Change>> {
        match self.upper.as_slice() {
            ["RENAME", "TO", ..] => Some(vec![self.renamed(2)]),
            ["SET", "SCHEMA", ..] => Some(vec![self.moved()]),
            ["OWNER", ..] | ["SET" | "RESET", "(", ..] | ["ALTER", ..] => Some(Vec::new()),
            _ => None,
        }
    }

    fn refreshed(self) -> Option<Vec<Change>> {
        // It is the first word after VIEW, where a name is looked for.
        let concurrently = self.name == "concurrently";
        Some(if concurrently { Vec::new() } else { vec![Change::Rewrite { table: Some(self.name), by: "REFRESH MATERIALIZED VIEW" }] })
    }

    /// It is called what stands from this word on.
    fn renamed(&self, at: usize) -> Change {
        Change::RenameTable { table: self.name.clone(), to: leading(self.kind, &self.words[at..]) }
    }

    /// Its name is looked for in another schema now.
    fn moved(&self) -> Change {
        let schema = leading(self.kind, &self.words[2..]);
        let last = self.name.rsplit('.').next().unwrap_or(&self.name);
        Change::RenameTable { table: self.name.clone(), to: format!("{schema}.{last}") }
    }
}
