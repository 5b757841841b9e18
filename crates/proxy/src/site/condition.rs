//! Whether the client has the file already (RFC 9110, 13).

use std::time::SystemTime;

use http::header::{self, HeaderMap};

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validators {
    /// The entity tag as it stands in the header, quotes and all.
    pub(crate) tag: String,
    /// When the file was changed, in whole seconds; absent when the file system does not really know.
    pub(crate) changed: Option<SystemTime>,
}

impl Validators {
    /// Whether a client with these headers has the file in this very state.
    pub(crate) fn are_known_to(&self, headers: &HeaderMap) -> bool {
        let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
        if tags.peek().is_some() {
            return tags.filter_map(|tags| tags.to_str().ok()).any(|tags| self.is_among(tags));
        }
        let since =
            headers.get(header::IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok()).and_then(|since| httpdate::parse_http_date(since).ok());
        matches!((since, self.changed), (Some(since), Some(changed)) if changed <= since)
    }

    /// Whether a part may be sent: the client has the rest of this very state, or does not say what it has.
    pub(crate) fn allow_a_part(&self, headers: &HeaderMap) -> bool {
        let Some(condition) = headers.get(header::IF_RANGE) else { return true };
        let Ok(condition) = condition.to_str() else { return false };
        if condition.starts_with('"') {
            return condition == self.tag;
        }
        matches!((httpdate::parse_http_date(condition), self.changed), (Ok(since), Some(changed)) if changed == since)
    }

    fn is_among(&self, tags: &str) -> bool {
        let own = opaque(&self.tag);
        tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag.trim()) == own)
    }
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const THEN: &str = "Thu, 01 Jan 2026 00:00:00 GMT";
    const BEFORE: &str = "Wed, 31 Dec 2025 00:00:00 GMT";
    const LATER: &str = "Fri, 02 Jan 2026 00:00:00 GMT";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn validators() -> Validators {
        Validators { tag: "\"a\"".into(), changed: Some(httpdate::parse_http_date(THEN).unwrap()) }
    }

    #[test]
    fn what_a_client_has() {
        for (lines, expect) in [
            (vec![], false),
            (vec![("if-none-match", "\"a\"")], true),
            (vec![("if-none-match", "W/\"a\"")], true),
            (vec![("if-none-match", "\"b\", \"a\"")], true),
            (vec![("if-none-match", "*")], true),
            (vec![("if-none-match", "\"b\"")], false),
            (vec![("if-none-match", "\"b\""), ("if-modified-since", LATER)], false),
            (vec![("if-modified-since", THEN)], true),
            (vec![("if-modified-since", LATER)], true),
            (vec![("if-modified-since", BEFORE)], false),
            (vec![("if-modified-since", "yesterday")], false),
        ] {
            assert_eq!(validators().are_known_to(&headers(&lines)), expect, "{lines:?}");
        }
        let undated = Validators { changed: None, ..validators() };
        assert!(!undated.are_known_to(&headers(&[("if-modified-since", LATER)])));
    }

    #[test]
    fn when_a_part_will_do() {
        for (condition, expect) in [("\"a\"", true), ("\"b\"", false), ("W/\"a\"", false), (THEN, true), (BEFORE, false), (LATER, false)] {
            assert_eq!(validators().allow_a_part(&headers(&[("if-range", condition)])), expect, "{condition}");
        }
        assert!(validators().allow_a_part(&HeaderMap::new()));
        let weak = Validators { tag: "W/\"a\"".into(), changed: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1)) };
        assert!(!weak.allow_a_part(&headers(&[("if-range", "W/\"a\"")])));
    }
}
