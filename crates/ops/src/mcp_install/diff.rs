//! What changes from one text to another, for people to read.

use std::iter::zip;

/// How many lines are shown around a change.
const AROUND: usize = 3;

/// The lines between the first and the last that differ, with some around them, as a unified diff.
pub(super) fn unified(name: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = zip(&old, &new).take_while(|(a, b)| a == b).count();
    let tail = zip(old[head..].iter().rev(), new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (from, after_shown) = (head.saturating_sub(AROUND), tail.min(AROUND));
    let marked = |mark: char, lines: &[&str]| lines.iter().map(|line| format!("{mark}{line}\n")).collect::<String>();
    let ranges = format!("@@ -{} +{} @@", range(from, old.len() - tail + after_shown), range(from, new.len() - tail + after_shown));
    let beside = if old.is_empty() { "/dev/null" } else { name };
    format!("--- {beside}\n+++ {name}\n{ranges}\n")
        + &marked(' ', &old[from..head])
        + &marked('-', &old[head..old.len() - tail])
        + &marked('+', &new[head..new.len() - tail])
        + &marked(' ', &new[new.len() - tail..new.len() - tail + after_shown])
}

/// Lines from here to there, as diffs count them.
fn range(from: usize, to: usize) -> String {
    let count = to - from;
    format!("{},{count}", if count == 0 { from } else { from + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_shown_with_what_is_around_it() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n";
        insta::assert_snapshot!(unified("a", old, &old.replace("5\n", "five\nand more\n")), @"
        --- a
        +++ a
        @@ -2,7 +2,8 @@
         2
         3
         4
        -5
        +five
        +and more
         6
         7
         8
        ");
        insta::assert_snapshot!(unified("a", "", "1\n"), @"
        --- /dev/null
        +++ a
        @@ -0,0 +1,1 @@
        +1
        ");
    }
}
