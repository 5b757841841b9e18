//! Columns and constraints, as `CREATE TABLE` and `ALTER TABLE` describe them.

use plimsoll_model::database::DatabaseKind;
use sqlparser::ast::{ColumnDef, ColumnOption, DataType, Expr, GeneratedExpressionMode, TableConstraint};

use super::name::ident;
use crate::lint::change::{Column, Constraint, ConstraintKind};

/// A column that is made.
pub(super) fn read(kind: DatabaseKind, column: &ColumnDef) -> Column {
    let data_type = typed(kind, &column.data_type, column.options.iter().map(|option| &option.option));
    let options = || column.options.iter().map(|option| &option.option);
    let default = options().find_map(|option| match option {
        ColumnOption::Default(value) => (!is_null(value)).then(|| value.to_string()),
        _ => None,
    });
    Column {
        name: ident(kind, &column.name),
        not_null: options().any(|option| matches!(option, ColumnOption::NotNull | ColumnOption::PrimaryKey(_))),
        computed: data_type.ends_with("SERIAL") || options().any(|option| is_counted(option) || is_expression(option)),
        stored: data_type.ends_with("SERIAL") || options().any(|option| is_counted(option) || is_stored(option)),
        data_type,
        default,
    }
}

/// The constraints that stand with a column that is added.
pub(super) fn constraints(kind: DatabaseKind, column: &ColumnDef) -> Vec<Constraint> {
    let has_default = read(kind, column).default.is_some();
    let read = |option: &ColumnOption| {
        let (of, checks_rows) = match option {
            // Rows that are there get no value, and so point to nothing that would have to be there. Not all servers see that.
            ColumnOption::ForeignKey(_) => (ConstraintKind::ForeignKey, has_default || kind == DatabaseKind::Mysql),
            ColumnOption::Check(_) => (ConstraintKind::Check, kind != DatabaseKind::Mysql),
            ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_) => (ConstraintKind::Unique { from_index: false }, true),
            _ => return None,
        };
        Some(Constraint { name: None, kind: of, checks_rows, not_null: None })
    };
    column.options.iter().filter_map(|option| read(&option.option)).collect()
}

/// A constraint that is added to a table; none when it is just an index.
pub(super) fn constraint(kind: DatabaseKind, constraint: &TableConstraint, not_valid: bool) -> Option<Constraint> {
    let (name, of, not_null) = match constraint {
        TableConstraint::ForeignKey(key) => (&key.name, ConstraintKind::ForeignKey, None),
        TableConstraint::Check(check) => (&check.name, ConstraintKind::Check, not_null(kind, &check.expr)),
        TableConstraint::Unique(unique) => (&unique.name, ConstraintKind::Unique { from_index: false }, None),
        TableConstraint::PrimaryKey(key) => (&key.name, ConstraintKind::Unique { from_index: false }, None),
        TableConstraint::Exclude(exclude) => (&exclude.name, ConstraintKind::Unique { from_index: false }, None),
        TableConstraint::UniqueUsingIndex(made) | TableConstraint::PrimaryKeyUsingIndex(made) => {
            (&made.name, ConstraintKind::Unique { from_index: true }, None)
        }
        TableConstraint::Index(_) | TableConstraint::FulltextOrSpatial(_) => return None,
    };
    let name = name.as_ref().map(|name| ident(kind, name));
    Some(Constraint { name, kind: of, checks_rows: !not_valid, not_null })
}

/// A default that is none.
pub(super) fn is_null(value: &Expr) -> bool {
    value.to_string().eq_ignore_ascii_case("null")
}

/// A type with the alphabet of its texts: in MySQL, another one is another type.
pub(super) fn typed<'a>(kind: DatabaseKind, data_type: &DataType, options: impl IntoIterator<Item = &'a ColumnOption>) -> String {
    let alphabet =
        |option: &&ColumnOption| kind == DatabaseKind::Mysql && matches!(option, ColumnOption::CharacterSet(_) | ColumnOption::Collation(_));
    let parts = std::iter::once(data_type.to_string()).chain(options.into_iter().filter(alphabet).map(ToString::to_string));
    parts.collect::<Vec<_>>().join(" ").to_uppercase()
}

/// A number in a row.
pub(super) fn is_counted(option: &ColumnOption) -> bool {
    match option {
        ColumnOption::Identity(_) | ColumnOption::Generated { generation_expr: None, .. } => true,
        ColumnOption::DialectSpecific(tokens) => tokens.iter().any(|token| token.to_string().eq_ignore_ascii_case("AUTO_INCREMENT")),
        _ => false,
    }
}

fn is_expression(option: &ColumnOption) -> bool {
    matches!(option, ColumnOption::Generated { .. })
}

fn is_stored(option: &ColumnOption) -> bool {
    matches!(option, ColumnOption::Generated { generation_expr_mode: Some(GeneratedExpressionMode::Stored), .. })
}

fn not_null(kind: DatabaseKind, expression: &Expr) -> Option<String> {
    match expression {
        Expr::Nested(inner) => not_null(kind, inner),
        Expr::IsNotNull(inner) => match inner.as_ref() {
            Expr::Identifier(column) => Some(ident(kind, column)),
            _ => None,
        },
        _ => None,
    }
}
