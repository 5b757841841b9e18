//! What is known of a schema, by the migrations that led to it. Tables and views that no migration made count as being in use.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::change::{Change, Column, Constraint};

/// Tables and views by name. Cheap to copy: there is one before each statement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<String, Rc<Table>>,
    /// Functions and the like that are made by what is to be run now.
    made: BTreeSet<String>,
    /// Foreign keys are not held against rows.
    trusts_keys: bool,
}

#[derive(Debug, Clone, Default)]
struct Table {
    /// Made by what is to be run now, so that nobody uses it yet.
    is_new: bool,
    columns: BTreeMap<String, Known>,
    /// Constraints that say of a column that it has a value: the column, and whether all rows were held against it.
    checks: BTreeMap<String, (String, bool)>,
}

#[derive(Debug, Clone)]
struct Known {
    is_new: bool,
    data_type: String,
    not_null: bool,
    /// It has a value where nothing is said, and a program that serves may count on that.
    has_default: bool,
}

impl Schema {
    /// Whether a program that serves may use this table.
    pub fn is_used(&self, table: &str) -> bool {
        self.tables.get(table).is_none_or(|table| !table.is_new)
    }

    /// Whether a program that serves may use this column.
    pub fn is_used_column(&self, table: &str, column: &str) -> bool {
        self.is_used(table) && self.column(table, column).is_none_or(|column| !column.is_new)
    }

    /// The type of a column, where a migration said it.
    pub fn data_type(&self, table: &str, column: &str) -> Option<&str> {
        self.column(table, column).map(|column| column.data_type.as_str())
    }

    /// The columns of a table, as far as migrations made them.
    pub fn columns(&self, table: &str) -> impl Iterator<Item = &str> {
        self.tables.get(table).into_iter().flat_map(|table| table.columns.keys().map(String::as_str))
    }

    /// The columns of a table without which no row of it can be written, as far as migrations made them.
    pub fn demanded(&self, table: &str) -> impl Iterator<Item = &str> {
        let columns = self.tables.get(table).into_iter().flat_map(|table| &table.columns);
        columns.filter(|(_, column)| column.not_null && !column.has_default).map(|(name, _)| name.as_str())
    }

    /// Whether rows that are written without this column are refused as soon as it has no default any more.
    pub fn counts_on_default(&self, table: &str, column: &str) -> bool {
        self.is_used(table) && self.column(table, column).is_none_or(|column| column.not_null && column.has_default)
    }

    /// Whether a program that serves does not know this column, so that rows that it writes have no value there, and need none yet.
    pub fn is_left_empty(&self, table: &str, column: &str) -> bool {
        self.is_used(table) && self.column(table, column).is_some_and(|column| column.is_new && !column.not_null && !column.has_default)
    }

    /// Whether a constraint that holds for all rows says that this column has a value.
    pub fn is_known_not_null(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|table| table.checks.values().any(|(of, holds)| of == column && *holds))
    }

    /// Whether the program of before may use the function, or what else has this name.
    pub fn is_counted_on(&self, name: &str) -> bool {
        !self.made.contains(name)
    }

    /// Whether a new foreign key is held against the rows that are there.
    pub fn checks_keys(&self) -> bool {
        !self.trusts_keys
    }

    /// From now on everything in it is in use.
    pub fn settle(&mut self) {
        self.made.clear();
        for table in self.tables.values_mut() {
            let table = Rc::make_mut(table);
            table.is_new = false;
            table.columns.values_mut().for_each(|column| column.is_new = false);
        }
    }

    /// Takes a change in.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::CreateTable { table, columns, .. } => self.create(table, columns),
            Change::CreateView { name } => self.create(name, &[]),
            Change::DropTable { table: name } | Change::DropView { name } => drop(self.tables.remove(name)),
            Change::RenameTable { table, to } => {
                if let Some(found) = self.tables.remove(table) {
                    self.tables.insert(to.clone(), found);
                }
            }
            Change::AddColumn { table, column } => self.add(table, column),
            Change::DropColumn { table, column } => drop(self.table(table).columns.remove(column)),
            Change::RenameColumn { table, column, to } => self.rename(table, column, to),
            Change::Retype { table, column, to } => self.alter(table, column, |column| column.data_type.clone_from(to)),
            Change::SetNotNull { table, column } => self.alter(table, column, |column| column.not_null = true),
            Change::DropNotNull { table, column } => self.alter(table, column, |column| column.not_null = false),
            // Who serves has written a value so far where there was no default, and goes on.
            Change::SetDefault { table, column } => self.alter(table, column, |column| column.has_default |= column.is_new),
            Change::DropDefault { table, column } => self.alter(table, column, |column| column.has_default = false),
            Change::AddConstraint { table, constraint } => self.constrain(table, constraint),
            Change::DropConstraint { table, constraint } => drop(self.table(table).checks.remove(constraint)),
            Change::Validate { table, constraint } => {
                if let Some((_, holds)) = self.table(table).checks.get_mut(constraint) {
                    *holds = true;
                }
            }
            Change::Make { name } => drop(self.made.insert(name.clone())),
            Change::CheckKeys { on } => self.trusts_keys = !on,
            _ => {}
        }
    }

    fn column(&self, table: &str, column: &str) -> Option<&Known> {
        self.tables.get(table)?.columns.get(column)
    }

    fn table(&mut self, table: &str) -> &mut Table {
        Rc::make_mut(self.tables.entry(table.into()).or_default())
    }

    fn create(&mut self, table: &str, columns: &[Column]) {
        let known = columns.iter().map(|column| (column.name.clone(), Known::of(column)));
        let made = || Rc::new(Table { is_new: true, columns: known.collect(), checks: BTreeMap::new() });
        // `IF NOT EXISTS` leaves one alone that is there.
        self.tables.entry(table.into()).or_insert_with(made);
    }

    fn add(&mut self, table: &str, column: &Column) {
        self.table(table).columns.insert(column.name.clone(), Known::of(column));
    }

    fn alter(&mut self, table: &str, column: &str, alter: impl FnOnce(&mut Known)) {
        if let Some(known) = self.table(table).columns.get_mut(column) {
            alter(known);
        }
    }

    fn rename(&mut self, table: &str, column: &str, to: &str) {
        let table = self.table(table);
        if let Some(known) = table.columns.remove(column) {
            table.columns.insert(to.into(), known);
        }
        table.checks.values_mut().filter(|(of, _)| of == column).for_each(|(of, _)| *of = to.into());
    }

    fn constrain(&mut self, table: &str, constraint: &Constraint) {
        if let (Some(name), Some(column)) = (&constraint.name, &constraint.not_null) {
            self.table(table).checks.insert(name.clone(), (column.clone(), constraint.checks_rows));
        }
    }
}

impl Known {
    fn of(column: &Column) -> Self {
        let has_default = column.default.is_some() || column.computed;
        Self { is_new: true, data_type: column.data_type.clone(), not_null: column.not_null, has_default }
    }
}
