//! A migration as the rules see it: statement by statement, with what each does and what was there before it.

use plimsoll_model::database::{DatabaseKind, Direction};
use plimsoll_model::finding::Place;

use super::change::Change;
use super::read;
use super::schema::Schema;
use crate::sql::{Sql, place};
use crate::{Pair, Script};

/// A migration that is judged.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub kind: DatabaseKind,
    pub up: Reading<'a>,
    pub down: Option<Reading<'a>>,
}

/// A script that was read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub script: &'a Script,
    pub sql: Sql<'a>,
    /// One for each statement.
    pub steps: Vec<Step>,
}

/// A statement, and what it does.
#[derive(Debug)]
pub(crate) struct Step {
    direction: Direction,
    /// Its index in the script.
    pub index: usize,
    /// Whether it is alone in its transaction, so that it may open and close as many as it likes.
    pub is_alone: bool,
    pub changes: Vec<Change>,
    /// What the parser said when it did not understand it.
    unread: Option<String>,
    /// What was there before it.
    pub before: Schema,
}

/// Where a rule struck, and what it has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    pub direction: Direction,
    /// The index of the statement.
    pub step: usize,
    pub message: String,
}

/// What takes the place of a table that goes or is called something else.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Successor {
    /// Columns that the one before had.
    pub lacks: Vec<String>,
    /// Columns that the one before had not, and without which no row can be written.
    pub demands: Vec<String>,
    /// Nothing brings the rows of the one before into it.
    pub is_empty: bool,
}

impl Successor {
    /// That of `table`, as it was before. None when it is not known what it has, as it was made from a query.
    fn of(before: &Schema, table: &str, has: Vec<&str>, demanded: Vec<&str>, is_filled: bool) -> Option<Self> {
        let had: Vec<&str> = before.columns(table).collect();
        let missing = |of: &[&str], from: &[&str]| from.iter().filter(|column| !of.contains(column)).map(|column| (*column).to_owned()).collect();
        let is_known = had.is_empty() || !has.is_empty();
        // Of one that no migration made it is not known what programs write.
        let demands = if had.is_empty() { Vec::new() } else { missing(&had, &demanded) };
        is_known.then(|| Self { lacks: missing(&has, &had), demands, is_empty: !is_filled })
    }
}

impl<'a> Case<'a> {
    /// Reads the scripts of `pair`. `schema` is what they find, and then what the one that applies it leaves behind.
    pub fn of(kind: DatabaseKind, pair: &'a Pair, schema: &mut Schema) -> Self {
        let up = Reading::of(kind, &pair.up, schema);
        let down = pair.down.as_ref().map(|down| Reading::of(kind, down, &mut schema.clone()));
        Self { kind, up, down }
    }

    /// Hits of `judge` on what is applied.
    pub fn up(&self, judge: impl Fn(&Step, &Change) -> Option<String>) -> Vec<Hit> {
        self.up.hits(&judge)
    }

    /// Hits of `judge` in either direction.
    pub fn both(&self, judge: impl Fn(&Step, &Change) -> Option<String>) -> Vec<Hit> {
        let down = self.down.iter().flat_map(|down| down.hits(&judge));
        self.up.hits(&judge).into_iter().chain(down).collect()
    }

    /// Whether all that is applied was understood.
    pub fn is_up_understood(&self) -> bool {
        self.up.steps.iter().all(|step| step.unread.is_none())
    }

    /// Statements that the parser did not understand.
    pub fn not_understood(&self) -> Vec<Hit> {
        let steps = self.up.steps.iter().chain(self.down.iter().flat_map(|down| &down.steps));
        steps.filter_map(|step| step.unread.as_ref().map(|why| step.hit(format!("this statement was not judged: {why}")))).collect()
    }

    /// Where a hit stands.
    pub fn place(&self, hit: &Hit) -> Place {
        let reading = self.reading(hit.direction);
        let statement = &reading.sql.statements[hit.step];
        place(&reading.script.file, &reading.script.sql, statement.start, statement.end())
    }

    /// What has the name of `table` when all of the script is run at once, though `step` of it took that name away.
    pub fn successor(&self, table: &str, step: &Step) -> Option<Successor> {
        let reading = self.reading(step.direction);
        if !self.kind.is_transactional() || !reading.script.transactional {
            return None;
        }
        let later = reading.steps.iter().skip(step.index).flat_map(|step| step.changes.iter().map(move |change| (step, change)));
        later.into_iter().find_map(|(later, change)| match change {
            // Only there a view takes rows, too.
            Change::CreateView { name } if name == table && self.kind == DatabaseKind::Postgres => Some(Successor::default()),
            Change::RenameTable { table: from, to } if to == table => {
                let has = later.before.columns(from).collect();
                let is_filled = reading.fills(from) || later.before.is_used(from);
                Successor::of(&step.before, table, has, later.before.demanded(from).collect(), is_filled)
            }
            Change::CreateTable { table: made, columns, .. } if made == table => {
                let has = columns.iter().map(|column| column.name.as_str()).collect();
                let demanded = columns.iter().filter(|column| column.is_demanded()).map(|column| column.name.as_str());
                Successor::of(&step.before, table, has, demanded.collect(), reading.fills(table))
            }
            _ => None,
        })
    }

    fn reading(&self, direction: Direction) -> &Reading<'a> {
        match (direction, &self.down) {
            (Direction::Down, Some(down)) => down,
            _ => &self.up,
        }
    }
}

impl<'a> Reading<'a> {
    fn of(kind: DatabaseKind, script: &'a Script, schema: &mut Schema) -> Self {
        let sql = Sql::split(kind, &script.sql);
        // Several statements that are sent at once are one transaction, whether it says so or not.
        let is_alone = !script.transactional && sql.statements.len() == 1;
        let mut steps = Vec::new();
        // What a script sets is not set for the next one.
        schema.apply(&Change::CheckKeys { on: true });
        for (index, statement) in sql.statements.iter().enumerate() {
            let before = schema.clone();
            let (changes, unread) = match read::changes(kind, statement) {
                Ok(changes) => (changes, None),
                Err(why) => (Vec::new(), Some(why)),
            };
            changes.iter().for_each(|change| schema.apply(change));
            steps.push(Step { direction: script.direction, index, is_alone, changes, unread, before });
        }
        Self { script, sql, steps }
    }

    /// All that it does, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().flat_map(|step| &step.changes)
    }

    /// Whether rows come into the table of this name, from whatever they were in.
    pub fn fills(&self, name: &str) -> bool {
        self.changes().any(|change| match change {
            Change::Insert { table } => table == name,
            Change::CreateTable { table, filled, .. } => table == name && *filled,
            Change::RenameTable { to, .. } => to == name,
            _ => false,
        })
    }

    fn hits(&self, judge: &impl Fn(&Step, &Change) -> Option<String>) -> Vec<Hit> {
        let of = |step: &Step| step.changes.iter().filter_map(|change| judge(step, change).map(|message| step.hit(message))).collect::<Vec<_>>();
        self.steps.iter().flat_map(of).collect()
    }
}

impl Step {
    /// What was there before one of its changes.
    pub fn just_before(&self, change: &Change) -> Schema {
        let mut schema = self.before.clone();
        self.changes.iter().take_while(|one| !std::ptr::eq(*one, change)).for_each(|one| schema.apply(one));
        schema
    }

    /// Whether it undoes.
    pub fn is_down(&self) -> bool {
        self.direction == Direction::Down
    }

    /// A hit on this statement.
    pub fn hit(&self, message: impl Into<String>) -> Hit {
        Hit { direction: self.direction, step: self.index, message: message.into() }
    }
}
