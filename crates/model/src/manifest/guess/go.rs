//! Go: the programs of a module, at its root and below `cmd/`.

use super::super::draft::{Draft, Folder, Found};

/// What the source of a program that answers HTTP mentions.
const SERVING: &[&str] = &["\"net/http\"", "\"PORT\"", "gin-gonic/gin", "labstack/echo", "gofiber/fiber", "go-chi/chi", "google.golang.org/grpc"];

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    let Some(module) = folder.read("go.mod") else { return Found::default() };
    let root = folder.has("main.go").then(|| (own_name(folder, &module), ".".to_owned()));
    let commands = folder.list("cmd").into_iter().filter(|name| folder.has(&format!("cmd/{name}/main.go")));
    let programs: Vec<(String, String)> = root.into_iter().chain(commands.map(|name| (name.clone(), format!("cmd/{name}")))).collect();
    if programs.is_empty() {
        return Found::note(format!("{} has no main.go, here or below cmd/: it is left out.", folder.spoken("go.mod")));
    }
    let mut found = Found::default();
    for (name, place) in programs {
        let draft = draft(folder, &module, name, &place);
        if !draft.routed {
            found
                .notes
                .push(format!("{} gets no route: nothing says that it answers HTTP. If it does, write `route = {{ port = 4000 }}`.", draft.name));
        }
        found.drafts.push(draft);
    }
    found
}

/// The last part of the module's path.
fn own_name(folder: &Folder<'_>, module: &str) -> String {
    let path = module.lines().find_map(|line| line.strip_prefix("module ")).unwrap_or(&folder.name);
    path.trim().trim_matches('"').rsplit('/').next().unwrap_or(&folder.name).to_owned()
}

fn draft(folder: &Folder<'_>, module: &str, name: String, place: &str) -> Draft {
    let main = folder.read(&format!("{place}/main.go")).unwrap_or_default();
    Draft {
        why: format!("Go program, from {}", folder.spoken("go.mod")),
        build: Some(format!("go build -o bin/ ./{}", place.trim_start_matches('.'))),
        output: vec![format!("bin/{name}")],
        test: Some("go test ./...".into()),
        run: Some(format!("./{name}")),
        routed: SERVING.iter().any(|word| main.contains(word) || module.contains(word)),
        name,
        ..Draft::default()
    }
}
