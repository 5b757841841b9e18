//! From SQL to [`Change`]s. The only module that knows the parser; what the parser does not know, `plain` reads by its words.

mod alter;
mod column;
mod name;
mod plain;
#[cfg(test)]
mod tests;

use plimsoll_model::database::DatabaseKind;
use sqlparser::ast::{self, AssignmentTarget, FromTable, ObjectType, Query, SetExpr, TableFactor, TableObject, TableWithJoins};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};

use self::name::{ident, name};
use super::change::Change;
use crate::sql::Statement;

/// What `statement` does, as far as any rule cares.
///
/// # Errors
/// What the parser said when it did not understand it.
pub(crate) fn changes(kind: DatabaseKind, statement: &Statement<'_>) -> Result<Vec<Change>, String> {
    if let Some(changes) = plain::changes(kind, &statement.words) {
        return Ok(changes);
    }
    let parsed = Parser::parse_sql(dialect(kind), statement.text).map_err(|error| why(&error))?;
    Ok(parsed.iter().flat_map(|statement| of(kind, statement)).collect())
}

/// What the parser says, without its places: they count from the beginning of the statement.
fn why(error: &ParserError) -> String {
    let said = error.to_string();
    let said = said.trim_start_matches("sql parser error: ");
    said.split_once(" at Line:").map_or(said, |(said, _)| said).to_owned()
}

fn dialect(kind: DatabaseKind) -> &'static dyn Dialect {
    match kind {
        DatabaseKind::Sqlite => &SQLiteDialect {},
        DatabaseKind::Postgres => &PostgreSqlDialect {},
        DatabaseKind::Mysql => &MySqlDialect {},
    }
}

fn of(kind: DatabaseKind, statement: &ast::Statement) -> Vec<Change> {
    use ast::Statement;
    match statement {
        Statement::CreateTable(made) => {
            let columns = made.columns.iter().map(|made| column::read(kind, made)).collect();
            vec![Change::CreateTable { table: name(kind, &made.name), columns, filled: made.query.is_some() }]
        }
        Statement::CreateView(made) => vec![Change::CreateView { name: name(kind, &made.name) }],
        Statement::CreateIndex(made) => {
            vec![Change::CreateIndex { table: name(kind, &made.table_name), concurrently: made.concurrently }]
        }
        Statement::AlterTable(altered) => alter::changes(kind, altered),
        Statement::RenameTable(renamed) => {
            let rename = |one: &ast::RenameTable| Change::RenameTable { table: name(kind, &one.old_name), to: name(kind, &one.new_name) };
            renamed.iter().map(rename).collect()
        }
        Statement::Drop { object_type, names, .. } => names.iter().filter_map(|dropped| drop_of(kind, object_type, dropped)).collect(),
        Statement::Truncate(truncated) => truncated.table_names.iter().map(|table| Change::Truncate { table: name(kind, &table.name) }).collect(),
        Statement::Query(asked) => query(kind, asked),
        Statement::Insert(insert) => match &insert.table {
            TableObject::TableName(table) => vec![Change::Insert { table: name(kind, table) }],
            _ => Vec::new(),
        },
        Statement::Update(update) => update_of(kind, update).into_iter().collect(),
        Statement::Delete(delete) => delete_of(kind, delete).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What stands behind and within `WITH` may write too.
fn query(kind: DatabaseKind, asked: &Query) -> Vec<Change> {
    let within = asked.with.iter().flat_map(|with| &with.cte_tables).flat_map(|table| query(kind, &table.query));
    let behind = match asked.body.as_ref() {
        SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => of(kind, statement),
        _ => Vec::new(),
    };
    within.chain(behind).collect()
}

fn drop_of(kind: DatabaseKind, object: &ObjectType, dropped: &ast::ObjectName) -> Option<Change> {
    match object {
        ObjectType::Table => Some(Change::DropTable { table: name(kind, dropped) }),
        ObjectType::Schema | ObjectType::Database => Some(Change::DropTable { table: format!("{}.*", name(kind, dropped)) }),
        ObjectType::View | ObjectType::MaterializedView => Some(Change::DropView { name: name(kind, dropped) }),
        ObjectType::Index => Some(Change::DropIndex { concurrently: false }),
        _ => None,
    }
}

fn update_of(kind: DatabaseKind, update: &ast::Update) -> Option<Change> {
    let last = |name: &ast::ObjectName| name.0.last().and_then(|part| part.as_ident()).map(|column| ident(kind, column));
    let columns = update.assignments.iter().flat_map(|assignment| match &assignment.target {
        AssignmentTarget::ColumnName(column) => vec![last(column)],
        AssignmentTarget::Tuple(columns) => columns.iter().map(last).collect(),
    });
    let all = update.selection.is_none() && update.from.is_none() && update.limit.is_none() && update.table.joins.is_empty();
    Some(Change::Update { table: table(kind, &update.table)?, columns: columns.flatten().collect(), all })
}

fn delete_of(kind: DatabaseKind, delete: &ast::Delete) -> Option<Change> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let all = delete.selection.is_none() && delete.using.is_none() && delete.limit.is_none() && from.iter().all(|from| from.joins.is_empty());
    Some(Change::Delete { table: table(kind, from.first()?)?, all })
}

fn table(kind: DatabaseKind, of: &TableWithJoins) -> Option<String> {
    match &of.relation {
        // The parser takes `ONLY a` for a table of that name that is called `a`.
        TableFactor::Table { name: only, alias: Some(found), .. } if only.to_string().eq_ignore_ascii_case("only") => Some(ident(kind, &found.name)),
        TableFactor::Table { name: found, .. } => Some(name(kind, found)),
        _ => None,
    }
}
