//! A folder with an `index.html` and nothing that builds it: a static site.

use super::super::draft::{Draft, Folder, Found};

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    let Some(site) = [".", "public"].into_iter().find(|place| folder.has(&format!("{place}/index.html"))) else { return Found::default() };
    Found::one(Draft {
        name: folder.name.clone(),
        why: format!("Static site, from {}", folder.spoken(&format!("{site}/index.html"))),
        site: Some(site.into()),
        routed: true,
        ..Draft::default()
    })
}
