//! Which file a path means. Nothing outside the root is ever reached, and nothing hidden shown.

use std::path::{Path, PathBuf};

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// A file within the root, every link on the way resolved.
    File(PathBuf),
    /// A folder that was named without its final slash: where it is, as an absolute path for the client.
    Folder(String),
    /// Nothing that may be seen.
    Nothing,
}

/// Looks up `path`, still percent-encoded, below `root`, which has its own links resolved.
pub(crate) fn resolve(root: &Path, path: &str) -> Found {
    let Some(names) = segments(path) else { return Found::Nothing };
    let folder_named = path.ends_with('/') || names.is_empty() && !path.is_empty();
    let Some(place) = within(root, &names.iter().collect::<PathBuf>()) else { return Found::Nothing };
    match (place.is_dir(), folder_named) {
        (true, true) => file(root, &place.join("index.html")),
        (true, false) if file(root, &place.join("index.html")) == Found::Nothing => Found::Nothing,
        (true, false) => Found::Folder(with_slash(path)),
        (false, true) => Found::Nothing,
        (false, false) => file(root, &place),
    }
}

/// The file at `path`, when it is one and lies below `root` once its links are followed.
pub(crate) fn file(root: &Path, path: &Path) -> Found {
    match path.canonicalize() {
        // A pipe or a device would block the thread that opens it.
        Ok(place) if place.starts_with(root) && place.is_file() => Found::File(place),
        _ => Found::Nothing,
    }
}

fn within(root: &Path, relative: &Path) -> Option<PathBuf> {
    root.join(relative).canonicalize().ok().filter(|place| place.starts_with(root))
}

/// The names that a path is made of, decoded; none when one of them may not be asked for.
fn segments(path: &str) -> Option<Vec<String>> {
    path.split('/').filter(|segment| !segment.is_empty()).map(|segment| decode(segment).filter(|name| may_be_shown(name))).collect()
}

fn may_be_shown(name: &str) -> bool {
    (!name.starts_with('.') || name == ".well-known") && !name.contains(['/', '\\', '\0'])
}

fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next()?)? << 4 | digit(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Written anew, because `//elsewhere.example` would send the client to another host.
fn with_slash(path: &str) -> String {
    path.split('/').filter(|segment| !segment.is_empty()).fold("/".to_owned(), |mut whole, segment| {
        whole.push_str(segment);
        whole.push('/');
        whole
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn site() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("site");
        for sub in ["docs", "empty", ".well-known", ".git", "a b"] {
            fs::create_dir_all(root.join(sub)).unwrap();
        }
        for name in ["index.html", "docs/index.html", ".well-known/x", ".git/config", ".env", "a b/ü.txt", "docs/page.html"] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::write(root.join("../secret"), "secret").unwrap();
        symlink("../secret", root.join("leak")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("docs/page.html", root.join("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        (folder, root)
    }

    #[test]
    fn what_paths_lead_to() {
        let (_folder, root) = site();
        let file = |name: &str| Found::File(root.join(name));
        let folder = |path: &str| Found::Folder(path.to_owned());
        for (path, expect) in [
            ("/", file("index.html")),
            ("", folder("/")),
            ("/index.html", file("index.html")),
            ("/index.html/", Found::Nothing),
            ("/docs", folder("/docs/")),
            ("//docs", folder("/docs/")),
            ("/docs/", file("docs/index.html")),
            ("/docs//page.html", file("docs/page.html")),
            ("/link", file("docs/page.html")),
            ("/empty", Found::Nothing),
            ("/empty/", Found::Nothing),
            ("/a%20b/%C3%BC.txt", file("a b/ü.txt")),
            ("/.well-known/x", file(".well-known/x")),
            ("/.git/config", Found::Nothing),
            ("/%2egit/config", Found::Nothing),
            ("/.env", Found::Nothing),
            ("/../secret", Found::Nothing),
            ("/%2e%2e/secret", Found::Nothing),
            ("/docs/..%2f..%2fsecret", Found::Nothing),
            ("/docs/%2e%2e/index.html", Found::Nothing),
            ("/leak", Found::Nothing),
            ("/up/secret", Found::Nothing),
            ("/up/site/index.html", Found::File(root.join("index.html"))),
            ("/pipe", Found::Nothing),
            ("/nothing", Found::Nothing),
            ("/%", Found::Nothing),
            ("/%zz", Found::Nothing),
            ("/%ff", Found::Nothing),
            ("/a%00", Found::Nothing),
        ] {
            assert_eq!(resolve(&root, path), expect, "{path}");
        }
    }
}
