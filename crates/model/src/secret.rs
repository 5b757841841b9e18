//! Secrets: values that are carried and never shown.

use std::fmt;

/// A value that no log, error or document shows: it has no `Display`, its `Debug` is `***`, and serde knows no way to write it.
///
/// Who really needs the value says so with [`Secret::expose`], and each such place can be searched for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Takes `value` into custody.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one who hands it over.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Replaces known secret values in text that comes from outside, such as a program's output.
#[derive(Clone, Default)]
pub struct Redactor {
    values: Vec<String>,
}

/// Shorter values are not looked for: they would blacken half of the text and are no secrets to speak of.
const SHORTEST: usize = 4;

impl Redactor {
    /// Redacts each of `values`, and each line of those that have several.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a Secret<String>>) -> Self {
        let mut values: Vec<String> = values
            .into_iter()
            .flat_map(|secret| std::iter::once(secret.expose().as_str()).chain(secret.expose().lines()))
            .map(str::trim)
            .filter(|value| value.len() >= SHORTEST)
            .map(str::to_owned)
            .collect();
        // The longest first, so that a value that holds another is replaced as a whole.
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// `text` with `***` in the place of each secret.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, value| if text.contains(value) { text.replace(value, "***") } else { text })
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter22"))), "Some(***)");
    }

    #[test]
    fn secrets_are_taken_out_of_text() {
        let redactor = Redactor::new(&[Secret::new("hunter22".to_owned()), Secret::new("hunter22-long".to_owned()), Secret::new("ab".to_owned())]);
        assert_eq!(redactor.redact("x hunter22-long hunter22 ab"), "x *** *** ab");
    }
}
