//! What the manifest names is read and judged, with its place.

use std::os::unix::fs::PermissionsExt;

use plimsoll_model::manifest;

use super::*;
use crate::hosts::now;
use crate::tests::Scene;

const FILES: &str = "certificate = \"certs/shop.pem\", key = \"certs/shop.key\"";

/// A manifest whose line 6 names the certificate.
fn text(tls: &str) -> String {
    format!(
        "name = \"shop\"\n[components.web]\nrun = \"./web\"\nroute = {{ host = \"shop.example\" }}\n[environments.local]\ntls = {{ {tls} }}\n[components.db]\nrun = \"./db\"\n"
    )
}

struct Made {
    chain: String,
    key: String,
}

fn made(host: &str) -> Made {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    Made { chain: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

fn gathered(tls: &str, files: &[(&str, &str)], secrets: &[(&str, &str)]) -> Result<Gathered, OpError> {
    let scene = Scene::new(files);
    let keys = secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
    if let Ok(found) = std::fs::metadata(scene.context.project.join("certs/shop.key")) {
        let mut private = found.permissions();
        private.set_mode(0o600);
        std::fs::set_permissions(scene.context.project.join("certs/shop.key"), private).unwrap();
    }
    let text = text(tls);
    let project = manifest::read(&text, MANIFEST, &"local".parse().unwrap()).unwrap();
    gather(&scene.context, &Loaded { project, text }, &keys, now())
}

#[test]
fn a_key_comes_from_a_file_or_a_secret() {
    let Made { chain, key } = made("shop.example");
    let secret = "certificate = \"certs/shop.pem\", key = { secret = \"TLS_KEY\" }";
    let (pem, file) = (("certs/shop.pem", chain.as_str()), ("certs/shop.key", key.as_str()));
    for (tls, files, secrets) in [(FILES, &[pem, file][..], &[][..]), (secret, &[pem], &[("TLS_KEY", key.as_str())])] {
        let gathered = gathered(tls, files, secrets).unwrap();
        let codes: Vec<_> = gathered.warnings.iter().map(|finding| (finding.code.as_str(), finding.place.as_ref().unwrap().line)).collect();
        assert_eq!(codes, [("certificate-self-signed", 6)]);
        let (digest, _) = gathered.known.values().next().unwrap();
        assert_eq!(gathered.certificates.0.keys().collect::<Vec<_>>(), [digest]);
        assert!(gathered.certificates.keys().next().unwrap().expose() == &key);
        assert!(!format!("{gathered:?}").contains("-----"));
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place_in_the_manifest() {
    let (shop, other) = (made("shop.example"), made("other.example"));
    let (pem, key) = (("certs/shop.pem", shop.chain.as_str()), ("certs/shop.key", shop.key.as_str()));
    for (tls, files, expect) in [
        (FILES, &[][..], &["certificate-missing", "key-missing"][..]),
        (FILES, &[pem], &["key-missing"]),
        ("certificate = \"certs/shop.pem\", key = { secret = \"TLS_KEY\" }", &[pem], &["secret-missing"]),
        (FILES, &[pem, ("certs/shop.key", &other.key)], &["key-mismatch"]),
        (FILES, &[("certs/shop.pem", &other.chain), ("certs/shop.key", &other.key)], &["host-not-covered"]),
        (FILES, &[("certs/shop.pem", "x"), key], &["certificate-unreadable"]),
    ] {
        let error = gathered(tls, files, &[]).unwrap_err();
        let errors = error.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let codes: Vec<_> = errors.map(|finding| finding.code.as_str()).collect();
        assert_eq!((codes.as_slice(), error.exit), (expect, Exit::Manifest), "{error:?}");
        assert_eq!(error.code, if expect.len() == 1 { expect[0] } else { "certificates-unfit" });
        assert!(error.findings.iter().all(|finding| finding.place.as_ref().is_some_and(|place| place.file == MANIFEST && place.line == 6)));
    }
}

#[test]
fn a_key_that_others_may_read_is_told() {
    let Made { chain, key } = made("shop.example");
    let scene = Scene::new(&[("certs/shop.pem", &chain), ("certs/shop.key", &key)]);
    let path = scene.context.project.join("certs/shop.key");
    for (mode, told) in [(0o600, false), (0o400, false), (0o640, true), (0o644, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = open_to_others(&scene.context, &KeySource::File("certs/shop.key".into()));
        assert_eq!(found.map(|finding| finding.code), told.then(|| "key-open".to_owned()), "{mode:o}");
    }
    assert_eq!(open_to_others(&scene.context, &KeySource::Secret("TLS_KEY".into())), None);
}
