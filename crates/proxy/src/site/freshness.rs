//! How long a client may keep a file without asking.

use std::path::Path;

/// The `Cache-Control` of a file.
///
/// Names that contain a hash of the content stand for it forever. Pages name such files, so they are asked for each
/// time. What is in between may be a minute old, so that page and script do not drift far apart after a deployment.
pub(crate) fn cache_control(path: &Path) -> &'static str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_page = path.extension().is_some_and(|extension| extension == "html" || extension == "htm");
    if is_page {
        "no-cache"
    } else if has_hash(name) {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=60"
    }
}

/// Whether some part of `name` is a hash, as bundlers write them: `app.3f2a9c1b.js`, `index-BxY3k9Qa.js`. One taken
/// for a hash wrongly would be kept for a year, so a part has to look like nothing else.
fn has_hash(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else { return false };
    let mut parts = stem.split(['.', '-', '_']);
    // The first part is what the file is called.
    parts.next();
    parts.any(looks_random)
}

fn looks_random(part: &str) -> bool {
    let any = |test: fn(&u8) -> bool| part.bytes().any(|byte| test(&byte));
    let digits = any(u8::is_ascii_digit);
    let hex = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) && any(u8::is_ascii_lowercase);
    let mixed = part.bytes().all(|byte| byte.is_ascii_alphanumeric()) && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase);
    part.len() >= 8 && digits && (hex || mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_kept() {
        let (forever, asked, short) = ("public, max-age=31536000, immutable", "no-cache", "public, max-age=60");
        for (name, expect) in [
            ("index.html", asked),
            ("page.3f2a9c1b.html", asked),
            ("app.3f2a9c1b.js", forever),
            ("index-BxY3k9Qa.js", forever),
            ("main.3f2a9c1b.chunk.css", forever),
            ("font-3f2a9c1b7d8e.woff2", forever),
            ("app.js", short),
            ("3f2a9c1b.js", short),
            ("jquery-3.7.1.min.js", short),
            ("jquery-MyPluginName.js", short),
            ("report-20240101.pdf", short),
            ("app-deadbeef.js", short),
            ("favicon.ico", short),
            ("LICENSE", short),
        ] {
            assert_eq!(cache_control(Path::new(name)), expect, "{name}");
        }
    }
}
