//! From SQL to [`Change`]s. The only module that knows the parser; what the parser does not know, `plain` and `refused` read by its words.

mod alter;
mod column;
mod name;
mod plain;
mod refused;
#[cfg(test)]
mod tests;

use plimsoll_model::database::DatabaseKind;
use sqlparser::ast::{
    self, AlterTypeOperation, AssignmentTarget, BinaryOperator, DropBehavior, Expr, FromTable, ObjectType, Query, ReferentialAction, Select, SetExpr,
    TableFactor, TableObject, TableWithJoins, Value,
};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};

use self::name::{ident, name};
use super::change::Change;
use crate::sql::Statement;

/// Why a statement that is known is not judged.
const UNKNOWN: &str = "no rule knows what it does";
/// Why nobody may write while some indexes are built in MySQL.
const KIND_OF_INDEX: &str = "indexes of this kind are built so";
const CASCADES: &str = "no rule knows what CASCADE takes with it";

/// What `statement` does, as far as any rule cares.
///
/// # Errors
/// Why it is not known: what the parser said when it did not understand it, or that no rule speaks of such statements.
pub(crate) fn changes(kind: DatabaseKind, statement: &Statement<'_>) -> Result<Vec<Change>, String> {
    if let Some(changes) = plain::changes(kind, &statement.words) {
        return Ok(changes);
    }
    match Parser::parse_sql(dialect(kind), statement.text) {
        Ok(parsed) => parsed.iter().try_fold(Vec::new(), |mut changes, statement| {
            changes.extend(of(kind, statement)?);
            Ok(changes)
        }),
        Err(error) => refused::changes(kind, &statement.words).ok_or_else(|| why(&error)),
    }
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

fn of(kind: DatabaseKind, statement: &ast::Statement) -> Result<Vec<Change>, String> {
    use ast::Statement;
    Ok(match statement {
        Statement::CreateTable(made) => {
            let columns = made.columns.iter().map(|made| column::read(kind, made)).collect();
            vec![Change::CreateTable { table: name(kind, &made.name), columns, filled: made.query.is_some() }]
        }
        Statement::CreateVirtualTable { name: made, .. } => {
            vec![Change::CreateTable { table: name(kind, made), columns: Vec::new(), filled: false }]
        }
        Statement::CreateView(made) => vec![Change::CreateView { name: name(kind, &made.name) }],
        Statement::CreateIndex(made) => {
            let table = || name(kind, &made.table_name);
            let shut = made.alter_options.iter().filter_map(alter::shuts).map(|by| Change::Shut { table: table(), by });
            std::iter::once(Change::CreateIndex { table: table(), concurrently: made.concurrently }).chain(shut).collect()
        }
        Statement::CreateFunction(made) => vec![Change::Make { name: name(kind, &made.name) }],
        Statement::CreateProcedure { name: made, .. } | Statement::CreateSequence { name: made, .. } => vec![Change::Make { name: name(kind, made) }],
        Statement::DropFunction(dropped) => taken_away(kind, dropped.func_desc.iter().map(|one| &one.name)),
        Statement::DropProcedure { proc_desc, .. } => taken_away(kind, proc_desc.iter().map(|one| &one.name)),
        Statement::AlterTable(altered) => alter::changes(kind, altered)?,
        Statement::RenameTable(renamed) => {
            let rename = |one: &ast::RenameTable| Change::RenameTable { table: name(kind, &one.old_name), to: name(kind, &one.new_name) };
            renamed.iter().map(rename).collect()
        }
        Statement::Truncate(truncated) => truncated.table_names.iter().map(|table| Change::Truncate { table: name(kind, &table.name) }).collect(),
        Statement::Query(asked) => query(kind, asked)?,
        Statement::Insert(insert) => match &insert.table {
            TableObject::TableName(table) => vec![Change::Insert { table: name(kind, table) }],
            _ => Vec::new(),
        },
        Statement::Update(update) => update_of(kind, update).into_iter().collect(),
        Statement::Delete(delete) => delete_of(kind, delete).into_iter().collect(),
        statement if cascades(statement) => return Err(CASCADES.into()),
        Statement::Drop { object_type, names, .. } => names.iter().filter_map(|dropped| drop_of(kind, object_type, dropped)).collect(),
        statement if is_harmless(statement) => Vec::new(),
        _ => return Err(UNKNOWN.into()),
    })
}

/// Whether it takes columns with it that it does not name.
fn cascades(statement: &ast::Statement) -> bool {
    use ast::Statement;
    match statement {
        Statement::Drop { object_type: ObjectType::Type | ObjectType::Collation | ObjectType::Sequence, cascade, .. } => *cascade,
        Statement::DropDomain(dropped) => dropped.drop_behavior == Some(DropBehavior::Cascade),
        Statement::DropExtension(dropped) => dropped.cascade_or_restrict == Some(ReferentialAction::Cascade),
        _ => false,
    }
}

/// Whether no row, table or view is another afterwards, and nobody waits for it for long.
fn is_harmless(statement: &ast::Statement) -> bool {
    use ast::Statement as S;
    match statement {
        S::AlterType(altered) => matches!(altered.operation, AlterTypeOperation::AddValue(_)),
        S::Explain { analyze, options, .. } => !analyze && options.is_none(),
        S::CreateRole(_)
        | S::CreateUser(_)
        | S::CreateServer(_)
        | S::CreatePolicy(_)
        | S::CreateOperator(_)
        | S::CreateOperatorFamily(_)
        | S::CreateOperatorClass(_)
        | S::CreateTextSearch(_)
        | S::CreateExtension(_)
        | S::CreateCollation(_)
        | S::CreateSchema { .. }
        | S::CreateDatabase { .. }
        | S::CreateTrigger(_)
        | S::CreateDomain(_)
        | S::CreateType { .. } => true,
        S::AlterIndex { .. }
        | S::AlterView { .. }
        | S::AlterFunction(_)
        | S::AlterCollation(_)
        | S::AlterOperator(_)
        | S::AlterOperatorFamily(_)
        | S::AlterOperatorClass(_)
        | S::AlterTextSearch(_)
        | S::AlterRole { .. }
        | S::AlterUser(_)
        | S::AlterPolicy(_) => true,
        S::DropTrigger(_)
        | S::DropPolicy(_)
        | S::DropDomain(_)
        | S::DropExtension(_)
        | S::DropOperator(_)
        | S::DropOperatorFamily(_)
        | S::DropOperatorClass(_) => true,
        S::Analyze(_) | S::Vacuum(_) | S::OptimizeTable { .. } | S::Comment { .. } | S::Grant(_) | S::Revoke(_) => true,
        S::Set(_) | S::Reset(_) | S::Use(_) | S::Discard { .. } | S::Flush { .. } | S::ExplainTable { .. } => true,
        S::Savepoint { .. } | S::ReleaseSavepoint { .. } | S::UnlockTables | S::Pragma { .. } => true,
        S::LISTEN { .. } | S::UNLISTEN { .. } | S::NOTIFY { .. } | S::Copy { .. } | S::AttachDatabase { .. } => true,
        S::ShowVariable { .. } | S::ShowVariables { .. } | S::ShowTables { .. } | S::ShowColumns { .. } | S::ShowCreate { .. } => true,
        _ => false,
    }
}

/// What stands behind and within `WITH` may write too, and what is asked for may become a table.
fn query(kind: DatabaseKind, asked: &Query) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    for table in asked.with.iter().flat_map(|with| &with.cte_tables) {
        changes.extend(query(kind, &table.query)?);
    }
    match asked.body.as_ref() {
        SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) | SetExpr::Merge(statement) => {
            changes.extend(of(kind, statement)?);
        }
        SetExpr::Select(select) => changes.extend(into_table(kind, select)),
        _ => {}
    }
    Ok(changes)
}

fn into_table(kind: DatabaseKind, select: &Select) -> Option<Change> {
    let named = match select.into.as_ref()?.targets.first()? {
        Expr::Identifier(one) => ident(kind, one),
        Expr::CompoundIdentifier(parts) => name(kind, &parts.clone().into()),
        _ => return None,
    };
    (kind == DatabaseKind::Postgres).then_some(Change::CreateTable { table: named, columns: Vec::new(), filled: true })
}

fn taken_away<'a>(kind: DatabaseKind, names: impl Iterator<Item = &'a ast::ObjectName>) -> Vec<Change> {
    names.map(|dropped| Change::TakeAway { name: name(kind, dropped) }).collect()
}

fn drop_of(kind: DatabaseKind, object: &ObjectType, dropped: &ast::ObjectName) -> Option<Change> {
    match object {
        ObjectType::Table => Some(Change::DropTable { table: name(kind, dropped) }),
        ObjectType::Schema | ObjectType::Database => Some(Change::DropTable { table: format!("{}.*", name(kind, dropped)) }),
        ObjectType::View | ObjectType::MaterializedView => Some(Change::DropView { name: name(kind, dropped) }),
        ObjectType::Index => Some(Change::DropIndex { concurrently: false }),
        ObjectType::Sequence | ObjectType::Role | ObjectType::User => Some(Change::TakeAway { name: name(kind, dropped) }),
        _ => None,
    }
}

fn update_of(kind: DatabaseKind, update: &ast::Update) -> Option<Change> {
    let last = |name: &ast::ObjectName| name.0.last().and_then(|part| part.as_ident()).map(|column| ident(kind, column));
    let columns = update.assignments.iter().flat_map(|assignment| match &assignment.target {
        AssignmentTarget::ColumnName(column) => vec![last(column)],
        AssignmentTarget::Tuple(columns) => columns.iter().map(last).collect(),
    });
    let all = update.selection.as_ref().is_none_or(is_always) && update.from.is_none() && update.limit.is_none() && update.table.joins.is_empty();
    Some(Change::Update { table: table(kind, &update.table)?, columns: columns.flatten().collect(), all })
}

fn delete_of(kind: DatabaseKind, delete: &ast::Delete) -> Option<Change> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let all = delete.selection.as_ref().is_none_or(is_always)
        && delete.using.is_none()
        && delete.limit.is_none()
        && from.iter().all(|from| from.joins.is_empty());
    Some(Change::Delete { table: table(kind, from.first()?)?, all })
}

/// Whether a condition holds for every row: `true`, `1`, `1 = 1`.
fn is_always(condition: &Expr) -> bool {
    match condition {
        Expr::Nested(inner) => is_always(inner),
        Expr::Value(value) => matches!(&value.value, Value::Boolean(true)) || matches!(&value.value, Value::Number(number, _) if number != "0"),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => matches!(left.as_ref(), Expr::Value(_)) && left == right,
        _ => false,
    }
}

fn table(kind: DatabaseKind, of: &TableWithJoins) -> Option<String> {
    match &of.relation {
        // The parser takes `ONLY a` for a table of that name that is called `a`.
        TableFactor::Table { name: only, alias: Some(found), .. } if only.to_string().eq_ignore_ascii_case("only") => Some(ident(kind, &found.name)),
        TableFactor::Table { name: found, .. } => Some(name(kind, found)),
        _ => None,
    }
}
