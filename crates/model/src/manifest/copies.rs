//! Copies of backups in the manifest: judged, and made of their section.

use super::report::Report;
use super::section::Section;
use crate::Recipient;
use crate::copy::{Access, CopySpec, Destination};

/// The region of a store that has none.
const REGION: &str = "us-east-1";
/// What belongs to a store of the kind of Amazon S3: what it needs, and what it may have.
const S3: [&[&str]; 2] = [&["access_key", "secret_key"], &["endpoint", "region"]];
/// What belongs to a folder of another machine.
const SFTP: [&[&str]; 2] = [&["ssh_key", "host_key"], &[]];

/// Says what does not fit together in the copies of an environment.
pub(super) fn judge(environment: &Section, report: &mut Report<'_>) {
    let Some(section) = of(environment) else { return };
    let Some(to) = section.text("to").and_then(|text| Destination::new(&text).ok()) else { return };
    let ([needed, _], [others, spare], scheme) = match to {
        Destination::S3 { .. } => (S3, SFTP, "s3"),
        Destination::Sftp { .. } => (SFTP, S3, "sftp"),
    };
    for key in needed.iter().filter(|key| !section.has(key)) {
        let example = section.table.and_then(|table| table.key(key)).map(|key| key.example).unwrap_or_default();
        report.error("missing-key", &section.span, format!("{scheme}:// needs `{key}`"), format!("write `{key} = {example}`"));
    }
    for key in others.iter().chain(spare).filter(|key| section.has(key)) {
        report.error("bad-value", &section.span_of(key), format!("`{key}` is not for {scheme}://"), "remove it");
    }
}

/// What `environment` wants of copies. `readers` can read them unless it names others; `keep` of them stay unless it says otherwise.
pub(super) fn spec(environment: &Section, readers: &[Recipient], keep: u32) -> Option<CopySpec> {
    let section = of(environment)?;
    let to = Destination::new(&section.text("to")?).ok()?;
    let own = || section.texts("recipients").iter().filter_map(|(text, _)| Recipient::new(text).ok()).collect();
    Some(CopySpec {
        access: access(section, &to)?,
        to,
        recipients: if section.has("recipients") { own() } else { readers.to_vec() },
        keep: section.number("keep").map_or(Some(keep), |keep| u32::try_from(keep).ok())?,
    })
}

/// The secrets that the copies of an environment want.
pub(super) fn secrets(environment: &Section) -> Vec<String> {
    let named = |key: &&str| of(environment)?.section(key)?.text("secret");
    ["access_key", "secret_key", "ssh_key"].iter().filter_map(named).collect()
}

fn of(environment: &Section) -> Option<&Section> {
    environment.section("backups")?.section("copy")
}

fn access(section: &Section, to: &Destination) -> Option<Access> {
    let secret = |key: &str| section.section(key)?.text("secret");
    Some(match to {
        Destination::S3 { .. } => Access::S3 {
            endpoint: section.text("endpoint"),
            region: section.text("region").unwrap_or_else(|| REGION.into()),
            access_key: secret("access_key")?,
            secret_key: secret("secret_key")?,
        },
        Destination::Sftp { .. } => Access::Sftp { ssh_key: secret("ssh_key")?, host_key: section.text("host_key")? },
    })
}
