//! `ALTER TABLE`, operation by operation.

use plimsoll_model::database::DatabaseKind;
use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableAlgorithm, AlterTableLock, AlterTableOperation, ColumnOption, DataType, Ident, RenameTableNameKind,
    TableConstraint,
};

use super::column::{constraint, constraints, is_counted, is_null, read, typed};
use super::name::{ident, name};
use super::{KIND_OF_INDEX, UNKNOWN};
use crate::lint::change::Change;

/// What it does, in the order in which it says so.
///
/// # Errors
/// Why it is not known.
pub(super) fn changes(kind: DatabaseKind, altered: &AlterTable) -> Result<Vec<Change>, String> {
    if altered.operations.iter().any(|operation| is_unknown(kind, operation)) {
        return Err(UNKNOWN.into());
    }
    let table = Table { kind, name: name(kind, &altered.name) };
    Ok(altered.operations.iter().flat_map(|operation| table.operation(operation)).collect())
}

/// Whether it may take rows with it, or write all of them anew, and no rule says when.
fn is_unknown(kind: DatabaseKind, operation: &AlterTableOperation) -> bool {
    use AlterTableOperation as Op;
    match operation {
        Op::AttachPartition { .. } | Op::DetachPartition { .. } | Op::AddPartitions { .. } | Op::DropPartitions { .. } => true,
        Op::RenamePartitions { .. } | Op::SwapWith { .. } => true,
        Op::DropPrimaryKey { .. } => kind == DatabaseKind::Mysql,
        _ => false,
    }
}

/// Why nobody may write while it is done, where it says so itself.
pub(super) fn shuts(operation: &AlterTableOperation) -> Option<&'static str> {
    match operation {
        AlterTableOperation::Algorithm { algorithm: AlterTableAlgorithm::Copy, .. } => Some("ALGORITHM=COPY copies it"),
        AlterTableOperation::Lock { lock: AlterTableLock::Shared | AlterTableLock::Exclusive, .. } => Some("LOCK wants it so"),
        _ => None,
    }
}

/// The table that is altered.
struct Table {
    kind: DatabaseKind,
    name: String,
}

impl Table {
    fn operation(&self, operation: &AlterTableOperation) -> Vec<Change> {
        use AlterTableOperation as Op;
        let table = || self.name.clone();
        let ident = |column: &Ident| ident(self.kind, column);
        match operation {
            Op::AddColumn { column_def, .. } => {
                let added = Change::AddColumn { table: table(), column: read(self.kind, column_def) };
                let constrained = constraints(self.kind, column_def).into_iter();
                std::iter::once(added).chain(constrained.map(|constraint| Change::AddConstraint { table: table(), constraint })).collect()
            }
            Op::DropColumn { column_names, .. } => {
                column_names.iter().map(|column| Change::DropColumn { table: table(), column: ident(column) }).collect()
            }
            Op::RenameColumn { old_column_name, new_column_name } => {
                vec![Change::RenameColumn { table: table(), column: ident(old_column_name), to: ident(new_column_name) }]
            }
            Op::RenameTable { table_name: RenameTableNameKind::To(to) | RenameTableNameKind::As(to) } => {
                vec![Change::RenameTable { table: table(), to: name(self.kind, to) }]
            }
            Op::AlterColumn { column_name, op } => vec![self.column(ident(column_name), op)],
            Op::ModifyColumn { col_name, data_type, options, .. } => self.redefined(&ident(col_name), data_type, options),
            Op::ChangeColumn { old_name, new_name, data_type, options, .. } => {
                let (column, to) = (ident(old_name), ident(new_name));
                let mut changes = self.redefined(&column, data_type, options);
                changes.extend((column != to).then(|| Change::RenameColumn { table: table(), column, to }));
                changes
            }
            Op::AddConstraint { constraint: TableConstraint::FulltextOrSpatial(_), .. } => vec![Change::Shut { table: table(), by: KIND_OF_INDEX }],
            Op::AddConstraint { constraint: added, not_valid } => vec![match constraint(self.kind, added, *not_valid) {
                Some(constraint) => Change::AddConstraint { table: table(), constraint },
                None => Change::CreateIndex { table: table(), concurrently: false },
            }],
            Op::DropConstraint { name, .. } => vec![Change::DropConstraint { table: table(), constraint: ident(name) }],
            Op::ValidateConstraint { name } => vec![Change::Validate { table: table(), constraint: ident(name) }],
            Op::SetLogged => vec![Change::Rewrite { table: Some(table()), by: "SET LOGGED" }],
            Op::SetUnlogged => vec![Change::Rewrite { table: Some(table()), by: "SET UNLOGGED" }],
            operation => match shuts(operation) {
                Some(by) => vec![Change::Shut { table: table(), by }],
                None => vec![Change::Alter { table: table() }],
            },
        }
    }

    fn column(&self, column: String, operation: &AlterColumnOperation) -> Change {
        let table = self.name.clone();
        match operation {
            AlterColumnOperation::SetNotNull => Change::SetNotNull { table, column },
            AlterColumnOperation::DropNotNull => Change::DropNotNull { table, column },
            AlterColumnOperation::SetDefault { value } if !is_null(value) => Change::SetDefault { table, column },
            AlterColumnOperation::SetDefault { .. } | AlterColumnOperation::DropDefault => Change::DropDefault { table, column },
            AlterColumnOperation::AddGenerated { .. } => Change::SetDefault { table, column },
            AlterColumnOperation::SetDataType { data_type, .. } => Change::Retype { table, column, to: data_type.to_string().to_uppercase() },
        }
    }

    /// `MySQL` says all of a column anew, whatever is to be changed: what is not said is gone.
    fn redefined(&self, column: &str, data_type: &DataType, options: &[ColumnOption]) -> Vec<Change> {
        let (table, column) = (self.name.clone(), column.to_owned());
        let is_default = |option: &ColumnOption| match option {
            ColumnOption::Default(value) => !is_null(value),
            option => is_counted(option),
        };
        let not_null = options.contains(&ColumnOption::NotNull);
        let has_default = options.iter().any(is_default);
        let named = |change: fn(String, String) -> Change| change(table.clone(), column.clone());
        let nullable = (!not_null).then(|| named(|table, column| Change::DropNotNull { table, column }));
        let default = match has_default {
            true => named(|table, column| Change::SetDefault { table, column }),
            false => named(|table, column| Change::DropDefault { table, column }),
        };
        let demanded = not_null.then(|| named(|table, column| Change::SetNotNull { table, column }));
        let retyped = Change::Retype { table, column, to: typed(self.kind, data_type, options) };
        [Some(retyped), nullable, Some(default), demanded].into_iter().flatten().collect()
    }
}
