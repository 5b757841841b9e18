//! Certificates of all kinds, judged: made on the spot, but for those that nothing makes any more.

use plimsoll_model::finding::Severity;
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, Secret};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};

use crate::{About, Case, Pair, Unusable, covers, judge};

/// The first day of 2030, when all of this happens.
const NOW: Moment = Moment(1_893_456_000_000);

/// Of 1024 bits, and signed with SHA-1.
const WEAK: &str = include_str!("tests/weak.pem");

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A root, what it signed to sign with, and another root of the same name.
struct World {
    root: Authority,
    middle: Authority,
    impostor: Authority,
}

/// A certificate and its key.
struct Leaf {
    certificate: String,
    key: Secret<String>,
}

fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2029, 12, 1), date_time_ymd(2030, 3, 1));
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name, &[]);
    (params.is_ca, params.not_after) = (IsCa::Ca(BasicConstraints::Unconstrained), date_time_ymd(2040, 1, 1));
    params
}

fn world() -> World {
    let root = CertifiedIssuer::self_signed(authority("Root"), KeyPair::generate().unwrap()).unwrap();
    let middle = CertifiedIssuer::signed_by(authority("Middle"), KeyPair::generate().unwrap(), &root).unwrap();
    let impostor = CertifiedIssuer::self_signed(authority("Middle"), KeyPair::generate().unwrap()).unwrap();
    World { root, middle, impostor }
}

impl World {
    fn leaf(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        Leaf { certificate: params.signed_by(&key, &self.middle).unwrap().pem(), key: Secret::new(key.serialize_pem()) }
    }

    fn shop(&self) -> Leaf {
        self.leaf(&params("shop", &["shop.example", "*.shop.example"]))
    }
}

fn case<'a>(hosts: &'a [&'a str]) -> Case<'a> {
    Case { certificate: "shop.pem", key: "shop.key", hosts, now: NOW }
}

/// The codes of what is found, those of warnings with a `?`.
fn found(chain: &str, key: &Secret<String>, hosts: &[&str]) -> Vec<String> {
    let findings = match judge(&case(hosts), chain, key) {
        Ok((_, warnings)) => {
            assert!(warnings.iter().all(|finding| finding.severity == Severity::Warning), "{warnings:?}");
            warnings
        }
        Err(findings) => {
            assert!(findings.iter().any(|finding| finding.severity == Severity::Error), "{findings:?}");
            findings
        }
    };
    for finding in &findings {
        let names_its_file = finding.message.starts_with("shop.pem: ") || finding.message.starts_with("shop.key: ");
        assert!(names_its_file && finding.help.is_some() && finding.place.is_none(), "{finding:?}");
        assert!(key.expose().lines().all(|line| line.len() < 20 || !format!("{finding:?}").contains(line)), "the key is shown");
    }
    findings.into_iter().map(|finding| format!("{}{}", if finding.severity == Severity::Error { "" } else { "?" }, finding.code)).collect()
}

#[test]
fn a_chain_is_in_order_and_whole() {
    let (world, hosts) = (world(), ["shop.example"]);
    let Leaf { certificate: leaf, key } = world.shop();
    let (middle, root, impostor) = (world.middle.pem(), world.root.pem(), world.impostor.pem());
    let other = world.shop().certificate;
    for (chain, expect) in [
        (vec![&leaf, &middle], &[][..]),
        (vec![&leaf, &middle, &root], &[]),
        (vec![&leaf], &["?chain-incomplete"]),
        (vec![&middle, &leaf], &["chain-order"]),
        (vec![&leaf, &root, &middle], &["chain-order", "chain-broken"]),
        (vec![&leaf, &root], &["chain-broken"]),
        (vec![&leaf, &impostor], &["chain-broken"]),
        (vec![&other, &middle], &["key-mismatch"]),
    ] {
        let text: String = chain.into_iter().map(String::as_str).collect();
        assert_eq!(found(&text, &key, &hosts), expect, "{text}");
    }
}

#[test]
fn dates_are_looked_at() {
    let world = world();
    let check = |from: (i32, u8, u8), until: (i32, u8, u8), expect: &[&str]| {
        let mut params = params("shop", &["shop.example"]);
        (params.not_before, params.not_after) = (date_time_ymd(from.0, from.1, from.2), date_time_ymd(until.0, until.1, until.2));
        let leaf = world.leaf(&params);
        assert_eq!(found(&(leaf.certificate + &world.middle.pem()), &leaf.key, &["shop.example"]), expect, "{from:?} to {until:?}");
    };
    check((2029, 12, 1), (2030, 3, 1), &[]);
    check((2029, 1, 1), (2030, 1, 1), &["certificate-expired"]);
    check((2029, 1, 1), (2029, 12, 31), &["certificate-expired"]);
    check((2030, 1, 2), (2030, 3, 1), &["certificate-not-yet-valid"]);
    check((2029, 2, 1), (2030, 1, 30), &["?certificate-expires-soon"]);
    check((2029, 2, 1), (2030, 2, 2), &[]);
    // One that lives for a week has half of it before it.
    check((2029, 12, 29), (2030, 1, 4), &[]);
}

#[test]
fn an_authority_that_expired_is_no_better() {
    let world = world();
    let mut expired = authority("Middle");
    expired.not_after = date_time_ymd(2029, 12, 31);
    let middle = expired.signed_by(world.middle.key(), &world.root).unwrap();
    let leaf = world.shop();
    let text = leaf.certificate + &middle.pem();
    assert_eq!(found(&text, &leaf.key, &["shop.example"]), ["certificate-expired"]);
    let pair = Pair::read(&text, &leaf.key).unwrap();
    assert_eq!(pair.about().expires_at.to_string(), "2029-12-31T00:00:00.000Z", "the first that expires counts");
}

#[test]
fn hosts_are_covered_as_clients_see_it() {
    for (pattern, host, expect) in [
        ("shop.example", "shop.example", true),
        ("SHOP.example", "shop.Example.", true),
        ("shop.example", "www.shop.example", false),
        ("*.shop.example", "www.shop.example", true),
        ("*.shop.example", "WWW.Shop.Example", true),
        ("*.shop.example", "shop.example", false),
        ("*.shop.example", "a.b.shop.example", false),
        ("*.shop.example", ".shop.example", false),
        ("w*.shop.example", "www.shop.example", false),
        ("www.*.example", "www.shop.example", false),
        ("*.example", "shop.example", false),
        ("*", "localhost", false),
        ("127.0.0.1", "127.0.0.1", true),
    ] {
        assert_eq!(covers(pattern, host), expect, "{host} by {pattern}");
    }
    let world = world();
    let leaf = world.leaf(&params("shop", &["shop.example", "*.shop.example", "127.0.0.1", "::1"]));
    let chain = leaf.certificate + &world.middle.pem();
    assert_eq!(found(&chain, &leaf.key, &["shop.example", "www.shop.example", "127.0.0.1", "::1"]), [""; 0]);
    assert_eq!(found(&chain, &leaf.key, &["a.b.shop.example", "other.example"]), ["host-not-covered", "host-not-covered"]);
    // What it is called is no host.
    let nameless = world.leaf(&params("shop.example", &[]));
    assert_eq!(found(&(nameless.certificate + &world.middle.pem()), &nameless.key, &["shop.example"]), ["host-not-covered"]);
}

#[test]
fn what_clients_do_not_believe_any_more_is_told() {
    let world = world();
    let mut for_clients = params("shop", &["shop.example"]);
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = world.leaf(&for_clients);
    assert_eq!(found(&(leaf.certificate + &world.middle.pem()), &leaf.key, &["shop.example"]), ["certificate-not-for-servers"]);
    let key = KeyPair::generate().unwrap();
    let own = params("shop", &["shop.example"]).self_signed(&key).unwrap().pem();
    assert_eq!(found(&own, &Secret::new(key.serialize_pem()), &["shop.example"]), ["?certificate-self-signed"]);
    let weak = found(WEAK, &leaf.key, &["old.example"]);
    assert_eq!(weak.iter().filter(|code| *code == "certificate-weak").count(), 2, "{weak:?}");
}

#[test]
fn what_is_no_certificate_or_key_is_told_without_showing_it() {
    let world = world();
    let Leaf { certificate, key } = world.shop();
    let chain = certificate + &world.middle.pem();
    let cut = |text: &str| text.lines().enumerate().filter(|(number, _)| *number != 2).map(|(_, line)| format!("{line}\n")).collect::<String>();
    let secret = |text: &str| Secret::new(text.to_owned());
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (chain, key, expect) in [
        ("", &key, "certificate-unreadable"),
        ("hello", &key, "certificate-unreadable"),
        (key.expose().as_str(), &key, "certificate-unreadable"),
        (cut(&chain).as_str(), &key, "certificate-unreadable"),
        (chain.as_str(), &secret(""), "key-unreadable"),
        (chain.as_str(), &secret(&chain), "key-unreadable"),
        (chain.as_str(), &secret(&key.expose().repeat(2)), "key-unreadable"),
        (chain.as_str(), &secret(&cut(key.expose())), "key-unreadable"),
        (chain.as_str(), &secret(encrypted), "key-encrypted"),
        (chain.as_str(), &secret(garbage), "key-unusable"),
    ] {
        let codes = found(chain, key, &["shop.example"]);
        let told = codes.first().map(String::as_str);
        assert!(told == Some(expect) || (expect == "key-unreadable" && told == Some("key-unusable")), "{expect}: {codes:?}");
    }
}

#[test]
fn a_pair_is_kept_and_read_as_it_was() {
    let world = world();
    let leaf = world.shop();
    let chain = format!("# what the authority sent\r\n{}{}", leaf.certificate, world.middle.pem());
    // The key may stand in the same file, and does not get among the certificates.
    let both = format!("{}\n{chain}", leaf.key.expose());
    let pair = Pair::read(&both, &Secret::new(both.clone())).unwrap();
    assert!(!pair.chain().contains("PRIVATE") && !pair.chain().contains('#') && !format!("{pair:?}").contains("-----"));
    let again = Pair::read_file(&pair.write()).unwrap();
    assert_eq!((again.about(), again.usable().cert.len()), (pair.about(), 2));
    let plain = Pair::read(&chain, &leaf.key).unwrap().about();
    assert_eq!(plain, pair.about(), "it is the same however it is written");
    let alone = Pair::read(&leaf.certificate, &leaf.key).unwrap().about();
    assert!(alone.digest != plain.digest && alone.digest != Digest::ZERO, "the chain is part of it");
    let About { expires_at, .. } = plain;
    assert_eq!(expires_at.to_string(), "2030-03-01T00:00:00.000Z");
    assert_eq!(Pair::read(&chain, &world.shop().key).map(drop), Err(Unusable::Mismatch));
}
