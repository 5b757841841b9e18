//! The text of an `authorized_keys`: which keys it holds, and the same with one more or one less. Nothing else in it is touched.

/// A line that lets a key in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// What the key may do; empty where nothing is said.
    pub options: &'a str,
    /// Its kind and itself, and whose it is: the line without the options.
    pub public: &'a str,
}

impl<'a> Entry<'a> {
    /// Reads a line; none when it holds no key.
    pub fn read(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let at = words(line).find(|(_, word)| is_kind(word)).map(|(at, _)| at)?;
        let (options, public) = (line[..at].trim_end(), &line[at..]);
        public.split_whitespace().nth(1).map(|_| Self { options, public })
    }

    /// What makes it this key and no other.
    pub fn key(&self) -> &'a str {
        self.public.split_whitespace().nth(1).unwrap_or_default()
    }
}

/// The keys of a text, in its order.
pub(super) fn entries(text: &str) -> Vec<Entry<'_>> {
    text.lines().filter_map(Entry::read).collect()
}

/// The text with a key that may do what `options` say, unless it is there.
pub(super) fn with(text: &str, options: &str, public: &str) -> String {
    let wanted = Entry::read(public).map(|entry| entry.key());
    if entries(text).iter().any(|entry| Some(entry.key()) == wanted) {
        return text.to_owned();
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{gap}{}\n", format!("{options} {public}").trim_start())
}

/// The text without a key.
pub(super) fn without(text: &str, key: &str) -> String {
    text.split_inclusive('\n').filter(|line| Entry::read(line).is_none_or(|entry| entry.key() != key)).collect()
}

/// Words and where they begin; a space in quotes divides none.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_quoted = false;
    let mut former = '\0';
    let ends = move |c: char| {
        is_quoted ^= c == '"' && former != '\\';
        former = c;
        c.is_whitespace() && !is_quoted
    };
    line.split(ends).map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word))
}

fn is_kind(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\nssh-ed25519 OLD ada@desk\nfrom=\"10.0.0.1\",command=\"echo \\\"ssh-rsa X\\\" now\" ssh-rsa OTHER bob\n\nnonsense\n";

    #[test]
    fn keys_are_found_behind_their_options() {
        let found: Vec<_> = entries(TEXT).into_iter().map(|entry| (entry.options, entry.key())).collect();
        assert_eq!(found, [("", "OLD"), ("from=\"10.0.0.1\",command=\"echo \\\"ssh-rsa X\\\" now\"", "OTHER")]);
        for none in ["", "# ssh-rsa A", "ssh-rsa", "restrict", "\"ssh-rsa A\""] {
            assert_eq!(Entry::read(none), None, "{none}");
        }
    }

    #[test]
    fn a_key_is_added_once_and_taken_out_wherever_it_stands() {
        let added = with(TEXT, "restrict", "ssh-ed25519 NEW ci");
        assert_eq!(added, format!("{TEXT}restrict ssh-ed25519 NEW ci\n"));
        assert_eq!(with(&added, "", "ssh-ed25519 NEW another comment"), added);
        assert_eq!(with("ssh-rsa A", "", "ssh-rsa B"), "ssh-rsa A\nssh-rsa B\n");
        assert_eq!(without(&added, "NEW"), TEXT);
        assert_eq!(without("ssh-rsa A\nssh-rsa B b\nrestrict ssh-rsa A x", "A"), "ssh-rsa B b\n");
        assert_eq!(without(TEXT, "none"), TEXT);
    }

    proptest::proptest! {
        #[test]
        fn what_was_added_is_taken_out_to_the_byte(text in "([a-z #\"\\\\=-]{0,20}\n){0,6}") {
            proptest::prop_assert_eq!(without(&with(&text, "", "ssh-ed25519 NEW ci"), "NEW"), text);
        }
    }
}
