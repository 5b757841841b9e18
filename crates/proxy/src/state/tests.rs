//! What becomes of damage.

#![expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]

use plimsoll_model::Digest;
use plimsoll_model::name::{ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, ProjectName};
use plimsoll_model::route::{About, Match, Route, RouteSpec, Tls, Upstream};
use plimsoll_model::time::Moment;
use proptest::prelude::*;

use super::*;

fn table(generation: u64) -> RouteTable {
    RouteTable { generation, routes: vec![route(8000 + generation as u16)] }
}

fn route(port: u16) -> Route {
    Route {
        key: EnvironmentKey { project: ProjectName::new("shop").unwrap(), environment: EnvironmentName::new("dev").unwrap() },
        component: ComponentName::new("web").unwrap(),
        spec: RouteSpec {
            matches: Match { port, host: Some("shop.example".into()), path: "/".into() },
            strip_prefix: false,
            public_status: true,
            spa: false,
            response_timeout_ms: 60_000,
            tls: None,
        },
        upstream: Upstream::Slot { slot: "shop-dev/web-1".into(), address: ([127, 0, 0, 1], port).into() },
        certificate: None,
        about: About {
            deployment: DeploymentId::new("d1").unwrap(),
            version: "1.2.3".into(),
            commit: None,
            branch: None,
            deployed_at: "2026-01-01T00:00:00Z".into(),
        },
    }
}

fn whole(generation: u64) -> Vec<u8> {
    format::write(&table(generation))
}

/// What is read from a folder with these files: the generation, and whether damage is told.
fn check(files: &[(&str, &[u8])], expect: Result<(Option<u64>, bool), &str>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let shown: Vec<_> = files.iter().map(|(name, text)| (name, String::from_utf8_lossy(text))).collect();
    match (read(folder.path()), expect) {
        (Ok(Found { table, damage }), Ok(expect)) => {
            assert_eq!((table.as_ref().map(|table| table.generation), damage.is_some()), expect, "{shown:?}");
        }
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{shown:?}: {error}"),
        (other, _) => panic!("{shown:?}: {other:?}"),
    }
}

#[test]
fn a_folder_is_read_as_well_as_it_can_be() {
    let (five, four) = (whole(5), whole(4));
    check(&[], Ok((None, false)));
    check(&[(CURRENT, &five)], Ok((Some(5), false)));
    check(&[(CURRENT, &five), (LAST, &four)], Ok((Some(5), false)));
    check(&[(CURRENT, &five), (LAST, b"")], Ok((Some(5), false)));
    check(&[(LAST, &four)], Ok((Some(4), true)));
    for damaged in [&five[..20], b"", b"\n", b"{}\n{}", &[0; 4096], &[&five[..], b"x"].concat()] {
        check(&[(CURRENT, damaged), (LAST, &four)], Ok((Some(4), true)));
        check(&[(CURRENT, damaged)], Ok((None, true)));
        check(&[(CURRENT, damaged), (LAST, damaged)], Ok((None, true)));
        check(&[(LAST, damaged)], Ok((None, true)));
    }
    let newer = format::of_version(format::VERSION + 1, "anything");
    check(&[(CURRENT, newer.as_bytes()), (LAST, &four)], Err("newer Plimsoll (version 4"));
}

#[test]
fn older_programs_read_tables_without_tls_alone() {
    let mut table = table(1);
    let version = |table: &RouteTable| String::from_utf8(format::write(table)).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(version(&table), "{\"version\":2");
    table.routes[0].spec.tls = Some(Tls { certificate: Digest::ZERO, expires_at: Moment::LAST, redirect_from: None, hsts_s: 0, enrolment: None });
    assert_eq!(version(&table), "{\"version\":3");
    assert_eq!(format::read(&format::write(&table)).unwrap(), table);
}

#[test]
fn what_cannot_be_read_is_as_good_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(LAST), whole(4)).unwrap();
    fs::create_dir(folder.path().join(CURRENT)).unwrap();
    let found = read(folder.path()).unwrap();
    assert_eq!((found.table, found.damage.is_some()), (Some(table(4)), true));
    write(folder.path(), &table(5)).unwrap();
    assert_eq!(read(folder.path()).unwrap(), Found { table: Some(table(5)), damage: None });
}

#[test]
fn the_one_before_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    for generation in 1..=3 {
        write(folder.path(), &table(generation)).unwrap();
    }
    assert_eq!(read(folder.path()).unwrap().table, Some(table(3)));
    assert!(matches!(read_file(&folder.path().join(LAST)), Ok(File::Whole(last)) if last == table(2)));
}

#[test]
fn a_damaged_file_does_not_become_the_last_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let current = folder.path().join(CURRENT);
    write(folder.path(), &table(1)).unwrap();
    write(folder.path(), &table(2)).unwrap();
    fs::write(&current, "{").unwrap();
    assert_eq!(read(folder.path()).unwrap().table, Some(table(1)));
    write(folder.path(), &table(3)).unwrap();
    assert_eq!(fs::read(folder.path().join(DAMAGED)).unwrap(), b"{");
    fs::write(&current, "{").unwrap();
    assert_eq!(read(folder.path()).unwrap().table, Some(table(1)));
}

/// One thing that can happen to a file.
#[derive(Debug, Clone)]
enum Harm {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Zero(prop::sample::Index, usize),
    Garbage(Vec<u8>),
    Appended(Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Harm::Cut),
        (any::<prop::sample::Index>(), 0..8_u8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        (any::<prop::sample::Index>(), 1..600_usize).prop_map(|(at, length)| Harm::Zero(at, length)),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Harm::Garbage),
        prop::collection::vec(any::<u8>(), 1..50).prop_map(Harm::Appended),
    ]
}

impl Harm {
    fn done_to(&self, mut text: Vec<u8>) -> Vec<u8> {
        let length = text.len();
        match self {
            Self::Cut(at) => text.truncate(at.index(length)),
            Self::Flip(at, bit) => text[at.index(length)] ^= 1 << bit,
            Self::Zero(at, many) => text.iter_mut().skip(at.index(length)).take(*many).for_each(|byte| *byte = 0),
            Self::Garbage(bytes) => bytes.clone_into(&mut text),
            Self::Appended(bytes) => text.extend(bytes),
        }
        text
    }
}

proptest! {
    #[test]
    fn damage_costs_one_generation_at_most(harm in harm()) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &table(1)).unwrap();
        write(folder.path(), &table(2)).unwrap();
        fs::write(folder.path().join(CURRENT), harm.done_to(whole(2))).unwrap();
        let found = read(folder.path()).unwrap();
        prop_assert!(found == Found { table: Some(table(2)), damage: None } || (found.table == Some(table(1)) && found.damage.is_some()), "{:?}", found);
    }

    #[test]
    fn any_bytes_are_a_table_or_damage(bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
        let bytes = if head { [b"{\"version\":2,\"blake3\":\"", &bytes[..]].concat() } else { bytes };
        prop_assert!(format::read(&bytes).is_err());
    }
}
