//! From servers to the files that nginx reads. No I/O: the same routes are the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_model::route::{Route, Upstream};
use plimsoll_model::{Digest, EnvironmentKey};

use super::files::{Files, HEADER};
use super::generation::{FILE, Generation};
use super::servers::Server;
use super::{sites, text};
use crate::trouble::Trouble;

const MAPS: &str = include_str!("parts/maps.conf");
/// What is the same in many places. Not `*.conf`, which nginx reads by itself.
const PARTS: [(&str, &str); 3] = [
    ("plimsoll.proxy", include_str!("parts/proxy.conf")),
    ("plimsoll.server", include_str!("parts/server.conf")),
    ("plimsoll.site", include_str!("parts/site.conf")),
];

/// Where things are that the files speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// The folder of the files themselves.
    pub(super) folder: PathBuf,
    /// The folder in which sites are laid out.
    pub(super) sites: PathBuf,
    /// The port on which generations answer.
    pub(super) port: u16,
}

/// The files for `servers`: one for each environment that has any, and what they share.
///
/// # Errors
/// `nginx-path` when nginx cannot be told a path.
pub(super) fn render(servers: &[Server<'_>], places: &Places) -> Result<Files, Trouble> {
    let owners: BTreeSet<&EnvironmentKey> = servers.iter().map(|server| server.owner).collect();
    let mut files = Files::from(PARTS.map(|(name, text)| (name.to_owned(), format!("{HEADER}\n{text}").into_bytes())));
    for owner in owners {
        let own: Vec<&Server> = servers.iter().filter(|server| server.owner == owner).collect();
        let text = format!("{HEADER}\n# The servers of {owner}.\n{}", environment(owner, &own, places)?);
        files.insert(format!("plimsoll-{}.{}.conf", owner.project, owner.environment), text.into_bytes());
    }
    Ok(files)
}

/// The same with the file that tells which ones they are, and for which `routes`.
pub(super) fn told(mut files: Files, routes: String, places: &Places) -> Files {
    let generation = Generation::of(&files, routes, places.port);
    files.insert(FILE.to_owned(), format!("{HEADER}\n{}\n{MAPS}", generation.text()).into_bytes());
    files
}

fn environment(owner: &EnvironmentKey, servers: &[&Server<'_>], places: &Places) -> Result<String, Trouble> {
    let all = servers.iter().flat_map(|server| server.routes.values().map(|route| (slot(owner, route), *route)));
    let named: BTreeMap<String, &Route> = all.collect();
    let mut text: String = named.iter().map(|(name, route)| upstream(name, route)).collect();
    for server in servers {
        text.push_str(&block(owner, server, places)?);
    }
    Ok(text)
}

/// What a slot is called in the file of `owner`. Each file stands for itself, so that no two of them have to change at once.
fn slot(owner: &EnvironmentKey, route: &Route) -> String {
    let name = |key: &EnvironmentKey| format!("{}.{}", key.project, key.environment);
    let within = if *owner == route.key { String::new() } else { format!("in.{}.", name(owner)) };
    format!("plimsoll.{within}{}.{}", name(&route.key), route.component)
}

fn upstream(name: &str, route: &Route) -> String {
    let Upstream::Slot { address, .. } = &route.upstream else { return String::new() };
    // Servers close idle connections after 5 seconds and more, and the one who closes first loses no request.
    let text = format!("\nupstream {name} {{\n    server {address} max_fails=0;\n    keepalive 64;\n    keepalive_timeout 4s;\n}}\n");
    match stripped(route) {
        Some(prefix) => format!("{text}{}", below(name, prefix)),
        None => text,
    }
}

/// The path as it was asked for, behind the prefix: nginx itself has it decoded only.
fn below(name: &str, prefix: &str) -> String {
    let variable = rest(name);
    let prefix = text::literally(prefix);
    format!("map $request_uri ${variable} {{ default /; \"~^{prefix}(?<plimsoll_below>/[^?]*)\" $plimsoll_below; }}\n")
}

fn rest(name: &str) -> String {
    format!("plimsoll_rest_{}", tag(name))
}

/// A name for what cannot be called by the whole name of a slot.
fn tag(name: &str) -> String {
    Digest::of(name.as_bytes()).to_string()[..8].to_owned()
}

fn stripped(route: &Route) -> Option<&str> {
    Some(route.spec.matches.path.trim_end_matches('/')).filter(|prefix| route.spec.strip_prefix && !prefix.is_empty())
}

fn block(owner: &EnvironmentKey, server: &Server<'_>, places: &Places) -> Result<String, Trouble> {
    let default = if server.host.is_none() { " default_server" } else { "" };
    let listens: String = server.listens.iter().map(|listen| format!("    listen {listen}{default};\n")).collect();
    let part = include(places, "plimsoll.server", 1)?;
    let mut text = format!("\nserver {{\n{listens}    server_name {};\n{part}", server.host.unwrap_or("_"));
    if !server.routes.contains_key("") {
        text.push_str("    location / { return 404; }\n");
    }
    for (path, route) in &server.routes {
        // What the built-in proxy answers itself is nobody else's here either.
        text.push_str(&format!("    # {} of {}\n    location \"{path}/_deploy/\" {{ return 404; }}\n", route.component, route.key));
        text.push_str(&match &route.upstream {
            Upstream::Slot { .. } => proxied(&slot(owner, route), path, route, places)?,
            Upstream::Site { root } => site(root, path, route, places)?,
        });
    }
    text.push_str("}\n");
    Ok(text)
}

fn proxied(name: &str, path: &str, route: &Route, places: &Places) -> Result<String, Trouble> {
    let (pass, prefix) = match stripped(route) {
        Some(prefix) => (format!("http://{name}${}$is_args$args", rest(name)), format!("\"{prefix}\"")),
        None => (format!("http://{name}"), "$plimsoll_forwarded_prefix".to_owned()),
    };
    let timeout = route.spec.response_timeout_ms;
    let part = include(places, "plimsoll.proxy", 2)?;
    let body =
        format!("        proxy_pass {pass};\n        proxy_read_timeout {timeout}ms;\n        proxy_set_header X-Forwarded-Prefix {prefix};\n{part}");
    Ok(locations(path, &body))
}

/// Whatever leads nowhere goes to a place of its own: to a page of an application that knows its paths, or to the page for that.
fn site(root: &Path, path: &str, route: &Route, places: &Places) -> Result<String, Trouble> {
    let folder = text::quoted(&places.sites.join(sites::name(route, root)))?;
    let at = stripped(route).unwrap_or_default();
    let part = include(places, "plimsoll.site", 2)?;
    let missing = format!("@missing_{}", tag(&slot(&route.key, route)));
    let (how, instead) = match route.spec.spa {
        true => ("403 404 =", format!("        if ($plimsoll_page = 0) {{ return 404; }}\n        try_files \"{at}/index.html\" =404;\n")),
        false => ("403 404 =404", format!("        try_files \"{at}/404.html\" =404;\n")),
    };
    let body = format!("        root {folder};\n        error_page {how} {missing};\n{part}");
    let found = match at {
        "" => locations(path, &body),
        at => format!("    location = \"{at}\" {{ return 301 \"{at}/$is_args$args\"; }}\n{}", location(&format!("{at}/"), "", &body)),
    };
    Ok(format!("{found}    location {missing} {{\n        root {folder};\n{instead}{part}    }}\n"))
}

/// A prefix on whole segments.
fn locations(path: &str, body: &str) -> String {
    let below = location(&format!("{path}/"), "", body);
    if path.is_empty() { below } else { format!("{}{below}", location(path, "= ", body)) }
}

fn location(path: &str, how: &str, body: &str) -> String {
    format!("    location {how}\"{path}\" {{\n{body}    }}\n")
}

fn include(places: &Places, name: &str, depth: usize) -> Result<String, Trouble> {
    Ok(format!("{}include {};\n", "    ".repeat(depth), text::quoted(&places.folder.join(name))?))
}
