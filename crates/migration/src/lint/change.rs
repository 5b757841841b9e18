//! What statements do to a schema and its rows, in the words that the rules judge. How SQL is read into them is left to `read`.

/// One thing that a statement does. Tables and columns are named as the database compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A table is made, and filled when it is made from a query.
    CreateTable { table: String, columns: Vec<Column>, filled: bool },
    /// A view is made.
    CreateView { name: String },
    /// A view goes.
    DropView { name: String },
    /// A table goes, with its rows.
    DropTable { table: String },
    /// A table is called something else.
    RenameTable { table: String, to: String },
    /// A table gets a column.
    AddColumn { table: String, column: Column },
    /// A column goes, with its values.
    DropColumn { table: String, column: String },
    /// A column is called something else.
    RenameColumn { table: String, column: String, to: String },
    /// A column's type is another.
    Retype { table: String, column: String, to: String },
    /// A column must have a value from now on.
    SetNotNull { table: String, column: String },
    /// A column may be without a value from now on.
    DropNotNull { table: String, column: String },
    /// A column has a value from now on where nothing is said.
    SetDefault { table: String, column: String },
    /// A column has no value any more where nothing is said.
    DropDefault { table: String, column: String },
    /// A table gets a constraint.
    AddConstraint { table: String, constraint: Constraint },
    /// A constraint goes.
    DropConstraint { table: String, constraint: String },
    /// Rows are held against a constraint that was added without.
    Validate { table: String, constraint: String },
    /// A table gets an index.
    CreateIndex { table: String, concurrently: bool },
    /// An index goes.
    DropIndex { concurrently: bool },
    /// Indexes are built anew.
    Reindex { concurrently: bool },
    /// A table is written anew as a whole, by the statement of this name.
    Rewrite { table: Option<String>, by: &'static str },
    /// Tables are locked by name.
    Lock { tables: Vec<String> },
    /// Rows are added.
    Insert { table: String },
    /// Values of rows are replaced; of all rows when there is no condition.
    Update { table: String, columns: Vec<String>, all: bool },
    /// Rows go; all of them when there is no condition.
    Delete { table: String, all: bool },
    /// All rows go at once.
    Truncate { table: String },
    /// A transaction is begun or ended.
    Transaction,
    /// A function, a procedure, a sequence or a login is made, or made anew.
    Make { name: String },
    /// One goes.
    TakeAway { name: String },
    /// Nobody may write to a table meanwhile, for this reason.
    Shut { table: String, by: &'static str },
    /// Foreign keys are held against rows from now on, or are not.
    CheckKeys { on: bool },
    /// Something else is done to a table, under its lock.
    Alter { table: String },
}

/// A column that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: String,
    /// In upper case.
    pub data_type: String,
    /// It must have a value.
    pub not_null: bool,
    /// What it gets when nothing is said.
    pub default: Option<String>,
    /// The database computes its value: a number in a row, or an expression.
    pub computed: bool,
    /// What it computes is written into all rows that are there.
    pub stored: bool,
}

impl Column {
    /// Whether who writes a row and does not know of it is refused.
    pub fn is_demanded(&self) -> bool {
        self.not_null && self.default.is_none() && !self.computed
    }
}

/// A constraint that is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constraint {
    pub name: Option<String>,
    pub kind: ConstraintKind,
    /// Whether the rows that are there are held against it at once.
    pub checks_rows: bool,
    /// The column of which it says that it has a value, and nothing else.
    pub not_null: Option<String>,
}

/// What a constraint demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConstraintKind {
    /// Rows of another table.
    ForeignKey,
    /// An expression that holds.
    Check,
    /// No value twice. `from_index` when the index for it is there already.
    Unique { from_index: bool },
}

impl Change {
    /// The table that nobody else can read or write while the transaction is open.
    pub fn locked(&self) -> Option<&str> {
        match self {
            Self::DropTable { table }
            | Self::RenameTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::Retype { table, .. }
            | Self::SetNotNull { table, .. }
            | Self::DropNotNull { table, .. }
            | Self::SetDefault { table, .. }
            | Self::DropDefault { table, .. }
            | Self::DropConstraint { table, .. }
            | Self::Truncate { table }
            | Self::Alter { table } => Some(table),
            Self::AddConstraint { table, constraint } if constraint.kind != ConstraintKind::ForeignKey => Some(table),
            _ => None,
        }
    }
}
