//! Sites where nginx can read them. Its workers have a user of their own, and what a host keeps is open to nobody: so the files of a site
//! get second names (hard links) in a folder that is open to all and holds nothing else. What the built-in proxy would not show is not
//! there: hidden files, and links that lead out of the site.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::Path;

use plimsoll_model::Digest;
use plimsoll_model::route::{Route, Upstream};

use crate::trouble::Trouble;

/// What a site is called among all: the same as long as it has the same files at the same place.
pub(super) fn name(route: &Route, root: &Path) -> String {
    let digest = Digest::of_value(&(root.to_string_lossy(), prefix(route)));
    format!("{}.{}.{}.{}", route.key.project, route.key.environment, route.component, &digest.to_string()[..16])
}

/// Where the files of the site are below its folder: nginx adds the whole path that was asked for.
fn prefix(route: &Route) -> &str {
    if route.spec.strip_prefix { route.spec.matches.path.trim_matches('/') } else { "" }
}

/// Lays out the sites of `routes` in `folder`, unless they are.
pub(super) fn lay_out(folder: &Path, routes: &[Route]) -> Result<(), Trouble> {
    for route in routes {
        let Upstream::Site { root } = &route.upstream else { continue };
        let place = folder.join(name(route, root));
        if !place.is_dir() {
            lay_out_one(root, prefix(route), &place).map_err(|error| trouble(&place, &error))?;
        }
    }
    Ok(())
}

/// Removes what is called otherwise than `needed`.
pub(super) fn sweep(folder: &Path, needed: impl Fn(&str) -> bool) -> Result<(), Trouble> {
    let swept = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(&needed) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    };
    match swept() {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(trouble(folder, &error)),
        _ => Ok(()),
    }
}

fn lay_out_one(root: &Path, prefix: &str, place: &Path) -> io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    open_to_all(folder)?;
    let temporary = folder.join(".new");
    if temporary.exists() {
        fs::remove_dir_all(&temporary)?;
    }
    fs::create_dir(&temporary)?;
    open_to_all(&temporary)?;
    let mut at = temporary.clone();
    for segment in prefix.split('/').filter(|segment| !segment.is_empty()) {
        at.push(segment);
        fs::create_dir(&at)?;
        open_to_all(&at)?;
    }
    // A site that is not there has no files, as with the built-in proxy.
    if let Ok(root) = root.canonicalize() {
        fill(&root, &root, &at)?;
    }
    fs::rename(&temporary, place)?;
    fs::File::open(folder)?.sync_all()
}

fn fill(root: &Path, from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if name.as_encoded_bytes().starts_with(b".") && name != ".well-known" {
            continue;
        }
        let (kind, to) = (entry.symlink_metadata()?.file_type(), to.join(name));
        if kind.is_dir() {
            fs::create_dir(&to)?;
            open_to_all(&to)?;
            fill(root, &entry, &to)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&entry)?;
            if target.is_relative() && entry.canonicalize().is_ok_and(|place| place.starts_with(root)) {
                symlink(target, &to)?;
            }
        } else if kind.is_file() {
            link(&entry, &to)?;
        }
    }
    Ok(())
}

/// A second name; a copy where that cannot be, or where the file itself is not open to all.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let is_open = fs::metadata(from)?.permissions().mode() & 0o004 != 0;
    if !is_open || fs::hard_link(from, to).is_err() {
        fs::copy(from, to)?;
        fs::set_permissions(to, Permissions::from_mode(0o444))?;
    }
    Ok(())
}

/// Whatever the mask of the process takes away.
fn open_to_all(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}

fn trouble(place: &Path, error: &io::Error) -> Trouble {
    Trouble::new("nginx-sites", format!("the site cannot be laid out for nginx in {}: {error}", place.display()))
        .with_help("see that the disk has space, and that the daemon may write there")
}
