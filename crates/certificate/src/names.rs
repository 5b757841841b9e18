//! Which host names a certificate covers, as clients see it (RFC 9525, 6.3).

/// Whether `pattern`, a DNS name of a certificate, covers `host`. A wildcard stands for exactly one label, and is all of it.
#[must_use]
pub fn covers(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        Some(parent) => {
            let rest = host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, rest)| rest);
            // `*.example` would be all of a top-level domain, which clients do not believe.
            parent.contains('.') && rest.is_some_and(|rest| rest.eq_ignore_ascii_case(parent))
        }
        None => !pattern.contains('*') && pattern.eq_ignore_ascii_case(host),
    }
}
