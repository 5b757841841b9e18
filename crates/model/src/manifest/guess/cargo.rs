//! Rust: the programs of a `Cargo.toml`, or of the members of its workspace.

use toml::{Table, Value};

use super::super::draft::{Draft, Folder, Found};

/// Crates that a program has when it answers HTTP.
const SERVERS: &[&str] = &["actix-web", "axum", "hyper", "ntex", "poem", "rocket", "salvo", "tide", "tiny_http", "tonic", "warp"];

/// A package: its folder relative to the looked-at one (empty for itself), and its `Cargo.toml`.
type Package = (String, Table);

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    let Some(root) = table(folder, "Cargo.toml") else { return Found::default() };
    if folder.path.last().is_some() && is_member(folder) {
        return Found::default();
    }
    let mut found = Found::default();
    let packages = members(folder, &root).into_iter().chain([(String::new(), root)]);
    for (place, package) in packages {
        for program in programs(folder, &place, &package) {
            let draft = draft(folder, &(place.clone(), package.clone()), &program);
            if !draft.routed {
                found.notes.push(unrouted(&program));
            }
            found.drafts.push(draft);
        }
    }
    if found.drafts.is_empty() {
        found.notes.push(format!("{} builds no program: it is left out.", folder.spoken("Cargo.toml")));
    }
    found
}

fn table(folder: &Folder<'_>, path: &str) -> Option<Table> {
    toml::from_str(&folder.read(path)?).ok()
}

/// A member of the project's workspace is found there, with the one `target` folder that all members share.
fn is_member(folder: &Folder<'_>) -> bool {
    let above = Folder { tree: folder.tree, path: crate::RelPath::here(), name: String::new() };
    table(&above, "Cargo.toml").is_some_and(|root| root.contains_key("workspace"))
}

fn members(folder: &Folder<'_>, root: &Table) -> Vec<Package> {
    let globs = root.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    let places = globs.into_iter().flatten().filter_map(Value::as_str).flat_map(|glob| match glob.strip_suffix("/*") {
        Some(parent) => folder.list(parent).into_iter().map(|name| format!("{parent}/{name}")).collect(),
        None => vec![glob.to_owned()],
    });
    places.filter_map(|place| table(folder, &format!("{place}/Cargo.toml")).map(|package| (place, package))).collect()
}

/// The names of what `cargo build` would make of a package.
fn programs(folder: &Folder<'_>, place: &str, package: &Table) -> Vec<String> {
    let Some(name) = package.get("package").and_then(|package| package.get("name")).and_then(Value::as_str) else { return Vec::new() };
    let named = package.get("bin").and_then(Value::as_array).into_iter().flatten();
    let mut programs: Vec<String> = named.filter_map(|bin| bin.get("name")?.as_str()).map(str::to_owned).collect();
    if programs.is_empty() && folder.has(&format!("{place}/src/main.rs")) {
        programs.push(name.to_owned());
    }
    let extra = folder.list(&format!("{place}/src/bin")).into_iter().filter_map(|file| file.strip_suffix(".rs").map(str::to_owned));
    let extra: Vec<String> = extra.filter(|name| !programs.contains(name)).collect();
    programs.into_iter().chain(extra).collect()
}

fn draft(folder: &Folder<'_>, (place, package): &Package, program: &str) -> Draft {
    Draft {
        name: program.to_owned(),
        why: format!("Rust program, from {}", folder.spoken(&format!("{place}/Cargo.toml"))),
        build: Some(format!("cargo build --release --bin {program}")),
        output: vec![format!("target/release/{program}")],
        test: Some("cargo test".into()),
        run: Some(format!("./{program}")),
        routed: serves(folder, place, package, program),
        ..Draft::default()
    }
}

fn serves(folder: &Folder<'_>, place: &str, package: &Table, program: &str) -> bool {
    let dependencies = package.get("dependencies").and_then(Value::as_table);
    let sources = [format!("{place}/src/main.rs"), format!("{place}/src/bin/{program}.rs")];
    let listens = |path: &String| folder.read(path).is_some_and(|text| text.contains("TcpListener") || text.contains("\"PORT\""));
    dependencies.is_some_and(|known| SERVERS.iter().any(|server| known.contains_key(*server))) || sources.iter().any(listens)
}

fn unrouted(program: &str) -> String {
    format!("{program} gets no route: nothing says that it answers HTTP. If it does, write `route = {{ port = 4000 }}` and `health`.")
}
