//! The table of keys, the reader and the schema say the same.

use std::collections::BTreeSet;

use serde_json::Value;
use toml::Table;

use super::super::shape::{Key, Shape};
use super::super::{judge, keys, read, reference, schema, walk};
use super::environment;

/// A manifest that has each table of the table of keys, with nothing in it that could be left out.
const BARE: &str = r#"
    name = "bare"
    components = { web = { run = "x", build = { command = "x" }, health = {}, limits = {} }, db = { run = "x", secrets = ["STRIPE_KEY"] } }
    environments = { dev = { hosts = ["local"] } }
    hooks = {}
    secrets = {}
"#;

/// The same with a site.
const SITE: &str = r#"
    name = "bare"
    components = { web = { site = "x", route = {} }, db = { run = "x" } }
    environments = { dev = { hosts = ["local"] } }
"#;

/// The same with a certificate.
const SECURE: &str = r#"
    name = "bare"
    components = { web = { site = "x", route = { tls = { certificate = "x", key = { secret = "X" } } } }, db = { run = "x" } }
    environments = { dev = { hosts = ["local"] } }
"#;

/// The same with labels, and a component that goes from host to host.
const LABELLED: &str = r#"
    name = "bare"
    components = { web = { run = "x", strategy = "rolling", on = "db" }, db = { run = "x" } }
    environments = { dev = { hosts = [{ host = "a", labels = ["db"] }, { host = "b", labels = ["db"] }, { host = "c", labels = ["worker"] }] } }
"#;

/// The same with one from an authority.
const ISSUED: &str = r#"
    name = "bare"
    components = { web = { site = "x", route = { host = "a.example", tls = { acme = { contact = "me@a.example" } } } }, db = { run = "x" } }
    environments = { dev = { hosts = ["local"] } }
"#;

/// The same with a database on a server, and hosts to choose from.
const SERVER: &str = r#"
    name = "bare"
    components = { web = { run = "x" }, db = { run = "x" } }
    databases = { main = { kind = "mysql", migrations = "x", url = { secret = "X" } } }
    environments = { dev = { hosts = ["a", { host = "b", labels = ["database"] }] } }
"#;

/// The same with one in a file.
const FILE: &str = r#"
    name = "bare"
    components = { web = { run = "x", shared = ["data"] }, db = { run = "x", shared = ["data"] } }
    databases = { main = { kind = "sqlite", migrations = "x", component = "db", file = "data/x.db" } }
    environments = { dev = { hosts = ["local"] } }
"#;

/// The same with one that a tool of the project's own migrates.
const TOOLED: &str = r#"
    name = "bare"
    components = { web = { run = "x" } }
    databases.main = { kind = "mysql", migrations = "x", url = { secret = "X" }, component = "web", migrate = { up = "x", status = "x" } }
    environments = { dev = { hosts = ["local"] } }
"#;

/// The same with an environment that says something of its data.
const DATA: &str = r#"
    name = "bare"
    components = { web = { run = "x" }, db = { run = "x" } }
    environments = { dev = { hosts = ["local"], requires = {}, backups = {} } }
"#;

/// The same with somebody who can approve.
const APPROVED: &str = r#"
    name = "bare"
    components = { web = { run = "x" } }
    [environments.dev]
    hosts = ["local"]
    approvers = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMfBzGKhAB5GTEnlYqp3sSKtC7JZgYJ+fPdYNHeWBQpv kim"]
    requires = {}
"#;

/// The same where somebody has to.
const UNAPPROVED: &str = r#"
    name = "bare"
    components = { web = { run = "x" } }
    [environments.dev]
    hosts = ["local"]
    approvers = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMfBzGKhAB5GTEnlYqp3sSKtC7JZgYJ+fPdYNHeWBQpv kim"]
    requires = { approval = "everyone" }
"#;

/// The same with a database whose backups are copied into a bucket.
const COPIED: &str = r#"
    name = "bare"
    components = { web = { run = "x" } }
    databases = { main = { kind = "mysql", migrations = "x", url = { secret = "X" } } }
    [environments.dev]
    hosts = ["local"]
    backups = { copy = { to = "s3://bare-copies", access_key = { secret = "A" }, secret_key = { secret = "B" } } }
"#;

/// The same with copies that go to another machine.
const SENT: &str = r#"
    name = "bare"
    components = { web = { run = "x" } }
    databases = { main = { kind = "mysql", migrations = "x", url = { secret = "X" } } }
    [environments.dev]
    hosts = ["local"]
    backups.copy = { to = "sftp://a@b.example/c", ssh_key = { secret = "A" }, host_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDZx8aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }
"#;

/// Where each table stands in one of them: the way there, by keys and by numbers of items.
const PLACES: &[(&str, &[&str])] = &[
    ("manifest", &[]),
    ("component", &["components", "web"]),
    ("database", &["databases", "main"]),
    ("database_url", &["databases", "main", "url"]),
    ("migrate", &["databases", "main", "migrate"]),
    ("build", &["components", "web", "build"]),
    ("health", &["components", "web", "health"]),
    ("route", &["components", "web", "route"]),
    ("tls", &["components", "web", "route", "tls"]),
    ("acme", &["components", "web", "route", "tls", "acme"]),
    ("tls_key", &["components", "web", "route", "tls", "key"]),
    ("limits", &["components", "web", "limits"]),
    ("environment", &["environments", "dev"]),
    ("requirements", &["environments", "dev", "requires"]),
    ("backups", &["environments", "dev", "backups"]),
    ("copy", &["environments", "dev", "backups", "copy"]),
    ("copy_secret", &["environments", "dev", "backups", "copy", "access_key"]),
    ("host", &["environments", "dev", "hosts", "1"]),
    ("hooks", &["hooks"]),
    ("secrets", &["secrets"]),
];

fn base(table: &str, key: &str) -> Table {
    let text = match (table, key) {
        ("environment", "approvers") => UNAPPROVED,
        ("requirements", "approval") => APPROVED,
        ("tls", "acme") | ("acme", _) => ISSUED,
        ("tls" | "tls_key", _) => SECURE,
        ("route", _) | (_, "site" | "spa" | "tls") => SITE,
        ("component", "on" | "max_unavailable") => LABELLED,
        ("host", _) => LABELLED,
        ("database", "component" | "file" | "migrate") => FILE,
        ("migrate", _) => TOOLED,
        ("database" | "database_url", _) => SERVER,
        ("copy", "ssh_key" | "host_key") => SENT,
        ("backups", "copy") | ("copy" | "copy_secret", _) => COPIED,
        ("requirements" | "backups", _) => DATA,
        _ => BARE,
    };
    toml::from_str(text).expect("it is TOML")
}

fn set(manifest: &mut Table, place: &[&str], key: &Key) {
    let (first, rest) = place.split_first().map_or((None, place), |(first, rest)| (Some(*first), rest));
    let table = match first {
        None => manifest,
        Some(first) => rest.iter().fold(&mut manifest[first], |value, part| inner(value, part)).as_table_mut().expect("the place is a table"),
    };
    let example: Table = toml::from_str(&format!("x = {}", key.example)).unwrap_or_else(|error| panic!("{}: {error}", key.name));
    table.insert(key.name.into(), example["x"].clone());
}

fn inner<'v>(value: &'v mut toml::Value, part: &str) -> &'v mut toml::Value {
    match part.parse::<usize>() {
        Ok(number) => &mut value[number],
        Err(_) => &mut value[part],
    }
}

#[test]
fn every_key_is_read_and_has_an_effect() {
    for (table, place) in PLACES {
        let table = keys::TABLES.iter().find(|known| known.name == *table).expect("the table is known");
        // An environment that replaces all others is no longer the one that is looked at.
        for key in table.keys.iter().filter(|key| key.available() && key.name != "environments") {
            let without = base(table.name, key.name);
            let mut with = without.clone();
            set(&mut with, place, key);
            let project = |manifest: &Table| read(&manifest.to_string(), "", &environment("dev"));
            assert_eq!(judge(&with.to_string(), ""), [], "{}.{}", table.name, key.name);
            assert_ne!(project(&with), project(&without), "{}.{} changes nothing", table.name, key.name);
        }
    }
    assert_eq!(PLACES.len(), keys::TABLES.len());
}

#[test]
fn every_default_has_the_shape_of_its_key() {
    let keys = keys::TABLES.iter().flat_map(|table| table.keys);
    for key in keys.filter(|key| key.default.is_some()) {
        let node = walk::default_of(key).expect("it has a default");
        assert!(!matches!(node, super::super::section::Node::Refused), "{}", key.name);
    }
}

#[test]
fn the_schema_has_the_keys_of_the_reader() {
    let schema = schema();
    for table in keys::TABLES {
        let object = if table.name == "manifest" { &schema } else { &schema["$defs"][table.name] };
        let published: BTreeSet<&str> = object["properties"].as_object().expect("it is an object").keys().map(String::as_str).collect();
        let known: BTreeSet<&str> = table.keys.iter().filter(|key| !matches!(key.shape, Shape::NotYet(_))).map(|key| key.name).collect();
        assert_eq!(published, known, "{}", table.name);
        assert_eq!(object["additionalProperties"], false);
    }
}

#[test]
fn what_the_reader_takes_the_schema_takes() {
    let schema = schema();
    let check = |text: &str, expect: bool| {
        let manifest: Value = toml::from_str(text).expect("it is TOML");
        assert_eq!(valid(&schema, &schema, &manifest), expect, "{text}");
    };
    for good in [super::GOOD, BARE, SITE, SECURE, LABELLED, ISSUED] {
        check(good, true);
    }
    check("name = \"x\"", false);
    check("name = \"x\"\ncomponents.web = {}", false);
    check("name = \"x\"\ncomponents.web = { run = 5 }", false);
    check("name = \"x\"\ncomponents.web = { run = \"x\", route = { tls = { key = \"x\" } } }", false);
    check("name = \"x\"\ncomponents.web = { run = \"x\", rum = 5 }", false);
    check("name = \"x\"\ncomponents.web = { run = \"x\", strategy = \"canary\" }", false);
    check("name = \"x\"\ncomponents.web = { run = \"x\", route = { port = 0 } }", false);
    check("name = \"x\"\ncomponents.web = { run = \"x\" }\nenvironments.dev.components.web.path = \"x\"", false);
}

/// Whether `value` suits `schema`: as much of the standard as the published schema uses, but for patterns.
pub(super) fn valid(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        return valid(root, &root["$defs"][name], value);
    }
    let any = |key: &str| schema[key].as_array().map(|all| all.iter().filter(|schema| valid(root, schema, value)).count());
    let typed = match (&schema["type"], value) {
        (Value::String(word), value) => word == kind(value) || (word == "number" && value.is_i64()),
        (Value::Array(words), value) => words.iter().any(|word| word == kind(value) || (word == "number" && value.is_i64())),
        _ => true,
    };
    let known = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    let ranged = value.as_i64().is_none_or(|number| {
        schema["minimum"].as_i64().is_none_or(|min| min <= number) && schema["maximum"].as_i64().is_none_or(|max| number <= max)
    });
    let required = schema["required"].as_array().is_none_or(|keys| keys.iter().all(|key| value.get(key.as_str().expect("a key")).is_some()));
    let inner = value.as_object().is_none_or(|entries| {
        entries.iter().all(|(key, value)| match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(schema), _) => valid(root, schema, value),
            (None, Value::Bool(allowed)) => *allowed,
            (None, Value::Null) => true,
            (None, schema) => valid(root, schema, value),
        })
    });
    let items = value.as_array().is_none_or(|items| schema["items"].is_null() || items.iter().all(|item| valid(root, &schema["items"], item)));
    typed
        && known
        && ranged
        && required
        && inner
        && items
        && any("oneOf").is_none_or(|count| count == 1)
        && any("anyOf").is_none_or(|count| count > 0)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn the_reference_tells_every_key() {
    let page = reference();
    for key in keys::TABLES.iter().flat_map(|table| table.keys).filter(|key| key.available()) {
        assert!(page.contains(&format!("| `{}` |", key.name)), "{}", key.name);
    }
}
