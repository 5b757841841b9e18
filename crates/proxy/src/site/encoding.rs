//! In which encoding a file goes out (RFC 9110, 12.5.3).

use mime_guess::Mime;

/// A way to make bytes fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// From the one that saves most to the one that saves least.
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in headers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What a file in it has behind its name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}

/// The encodings that `accept` allows, the best first: what the client likes more, then what saves more.
pub(crate) fn accepted(accept: &str) -> Vec<Encoding> {
    let weights: Vec<(&str, u32)> = accept.split(',').filter_map(weighed).collect();
    let weight = |name: &str| weights.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight);
    let mut all: Vec<(Encoding, u32)> =
        Encoding::ALL.into_iter().map(|encoding| (encoding, weight(encoding.name()).or(weight("*")).unwrap_or(0))).collect();
    all.retain(|(_, weight)| *weight > 0);
    all.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    all.into_iter().map(|(encoding, _)| encoding).collect()
}

/// Whether files of this type get much smaller.
pub(crate) fn is_compressible(kind: &Mime) -> bool {
    const OTHERS: [&str; 8] = [
        "application/javascript",
        "application/json",
        "application/wasm",
        "application/xml",
        "application/vnd.ms-fontobject",
        "font/ttf",
        "font/otf",
        "image/x-icon",
    ];
    let suffix = kind.suffix().map(|suffix| suffix.as_str());
    kind.type_() == "text" || matches!(suffix, Some("json" | "xml")) || OTHERS.contains(&kind.essence_str())
}

/// A coding and its weight in thousandths.
fn weighed(item: &str) -> Option<(&str, u32)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    match weight {
        None => Some((name, 1000)),
        Some(weight) => weight.parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight)).map(|weight| (name, (weight * 1000.0) as u32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first() {
        for (accept, expect) in [
            ("", vec![]),
            ("identity", vec![]),
            ("gzip, deflate, br", vec!["br", "gzip"]),
            ("gzip, deflate, br, zstd", vec!["br", "zstd", "gzip"]),
            ("gzip;q=1.0, br;q=0.5", vec!["gzip", "br"]),
            ("*", vec!["br", "zstd", "gzip"]),
            ("*;q=0.1, br;q=0", vec!["zstd", "gzip"]),
            ("GZIP", vec!["gzip"]),
            ("gzip;q=x, br;q=2", vec![]),
        ] {
            let names: Vec<_> = accepted(accept).into_iter().map(Encoding::name).collect();
            assert_eq!(names, expect, "{accept}");
        }
    }

    #[test]
    fn what_is_worth_it() {
        for (file, expect) in [
            ("a.html", true),
            ("a.js", true),
            ("a.mjs", true),
            ("a.svg", true),
            ("a.webmanifest", true),
            ("a.wasm", true),
            ("a.png", false),
            ("a.woff2", false),
            ("a.mp4", false),
            ("a", false),
        ] {
            assert_eq!(is_compressible(&mime_guess::from_path(file).first_or_octet_stream()), expect, "{file}");
        }
    }
}
