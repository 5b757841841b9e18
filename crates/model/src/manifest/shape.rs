//! What may stand behind a key: the vocabulary in which the table of keys is written.
//!
//! A shape is data. The reader, the schema and the reference each interpret it in their own way.

use super::rules::Rule;

/// A TOML table whose keys are known beforehand.
pub(super) struct Table {
    /// Its name in the schema and the reference.
    pub name: &'static str,
    /// What it describes.
    pub doc: &'static str,
    /// Its keys, in the order in which they are explained.
    pub keys: &'static [Key],
    /// Of these keys exactly one must be there. Empty when there is no such rule.
    pub one_of: &'static [&'static [&'static str]],
}

/// One key of a table.
pub(super) struct Key {
    /// How it is written.
    pub name: &'static str,
    /// What may stand behind it.
    pub shape: Shape,
    /// A value as TOML: shown in errors, the schema and the reference.
    pub example: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its value when it is absent, as TOML. Defaults that depend on something are told in `doc`.
    pub default: Option<&'static str>,
    /// It cannot be left out.
    pub required: bool,
    /// An environment cannot override it.
    pub fixed: bool,
}

/// What may stand behind a key.
pub(super) enum Shape {
    /// A string that follows a rule.
    Text(&'static Rule),
    /// One of some words.
    Choice(&'static [Choice]),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
        /// Code of the finding for one outside.
        code: &'static str,
    },
    /// A time such as `"30s"`.
    Duration {
        /// The shortest, in milliseconds.
        min_ms: u64,
    },
    /// An amount of bytes such as `"512MB"`.
    Size,
    /// A string, a number or a flag; becomes text.
    Scalar,
    /// A relative path that stays in its folder.
    Path,
    /// A list.
    List(&'static Shape),
    /// A table with names of the writer's choice as keys.
    Map(&'static Rule, &'static Shape),
    /// A table with known keys.
    Table(&'static Table),
    /// The keys of a table that an environment may override.
    Overrides(&'static Table),
    /// The first of these whose type is the value's.
    Either(&'static [Shape]),
    /// Part of the design, and not of this version. Says what it is.
    NotYet(&'static str),
}

/// One word of a choice.
pub(super) struct Choice {
    /// How it is written.
    pub word: &'static str,
    /// Whether this version can do it.
    pub available: bool,
}

impl Choice {
    /// One that can be made.
    pub(super) const fn new(word: &'static str) -> Self {
        Self { word, available: true }
    }
}

impl Key {
    pub(super) const fn new(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Self {
        Self { name, shape, example, doc, default: None, required: false, fixed: false }
    }

    pub(super) const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// Whether this version can do something with it.
    pub(super) fn available(&self) -> bool {
        !matches!(self.shape, Shape::NotYet(_))
    }
}

impl Table {
    /// The key of this name.
    pub(super) fn key(&'static self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Shape {
    /// What it is called in a sentence, with its article.
    pub(super) fn noun(&self) -> String {
        match self {
            Self::Text(rule) => rule.noun.into(),
            Self::Choice(choices) => {
                let words: Vec<String> = choices.iter().filter(|choice| choice.available).map(|choice| format!("\"{}\"", choice.word)).collect();
                words.join(" or ")
            }
            Self::Flag => "`true` or `false`".into(),
            Self::Count { .. } => "a whole number".into(),
            Self::Duration { .. } => "a duration such as \"30s\"".into(),
            Self::Size => "a size such as \"512MB\"".into(),
            Self::Scalar => "a string, a number or a boolean".into(),
            Self::Path => "a path (a string)".into(),
            Self::List(of) => format!("a list, each item {}", of.noun()),
            Self::Map(..) | Self::Table(_) | Self::Overrides(_) => "a table".into(),
            Self::Either(shapes) => shapes.iter().map(Self::noun).collect::<Vec<_>>().join(", or "),
            Self::NotYet(what) => (*what).into(),
        }
    }
}
