//! Which C library a program needs.

/// What names of versions in a program begin with.
const NAME: &[u8] = b"GLIBC_";

/// The newest version of the GNU C library that the program names: that of the newest function that it calls. None when it calls none.
pub(super) fn libc(program: &[u8]) -> Option<(u32, u32)> {
    let names = program.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    names.filter_map(|(at, _)| version(&program[at + NAME.len()..])).max()
}

/// `2.34` at the beginning of something longer.
fn version(text: &[u8]) -> Option<(u32, u32)> {
    let end = text.iter().take(8).position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let (major, minor) = std::str::from_utf8(&text[..end]).ok()?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_counts() {
        let check = |program: &str, expect: Option<(u32, u32)>| assert_eq!(libc(program.as_bytes()), expect, "{program:?}");
        check("x\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0", Some((2, 34)));
        check("GLIBC_PRIVATE\0GLIBC_2.17\0", Some((2, 17)));
        check("nothing of the kind\0", None);
        check("GLIBC_2.3", None);
    }
}
