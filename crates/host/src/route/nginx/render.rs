//! From servers to the files that nginx reads. No I/O: the same routes are the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use plimsoll_model::route::{Route, Upstream};
use plimsoll_model::{Digest, EnvironmentKey};

use super::files::{Files, HEADER};
use super::generation::{FILE, Generation};
use super::servers::{Secure, Server, Way};
use super::{sites, text};
use crate::trouble::Trouble;

/// Where authorities look for the proof that a host is one's own (RFC 8555, 8.3): by plain HTTP.
const PROOFS: &str = "/.well-known/acme-challenge";
const MAPS: &str = include_str!("parts/maps.conf");
/// What is the same in many places. Not `*.conf`, which nginx reads by itself.
const PARTS: [(&str, &str); 4] = [
    ("plimsoll.proxy", include_str!("parts/proxy.conf")),
    ("plimsoll.server", include_str!("parts/server.conf")),
    ("plimsoll.site", include_str!("parts/site.conf")),
    ("plimsoll.tls", include_str!("parts/tls.conf")),
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
    let all = servers.iter().flat_map(|server| server.routes.values().map(|way| (slot(owner, way.route()), way.route())));
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
    let below = stripped(route).map(|prefix| below(name, prefix)).unwrap_or_default();
    format!("{text}{below}{}", unless_said(name, route))
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
    let part = include(places, "plimsoll.server", 1)?;
    let mut text = format!("\nserver {{\n{}    server_name {};\n{part}", listens(server), server.host.unwrap_or("_"));
    if let Some(secure) = &server.secure {
        text.push_str(&tls(secure, places)?);
    }
    if !server.routes.contains_key("") {
        text.push_str("    location / { return 404; }\n");
    }
    for (path, way) in &server.routes {
        text.push_str(&format!("    # {} of {}\n", way.route().component, way.route().key));
        text.push_str(&match way {
            Way::Serve(route) => served(owner, path, route, places)?,
            Way::SendOn(route) => sent_on(owner, path, route, server, places)?,
        });
    }
    text.push_str("}\n");
    Ok(text)
}

fn listens(server: &Server<'_>) -> String {
    let secure = server.secure.as_ref().map_or("", |secure| if secure.http2 { " ssl http2" } else { " ssl" });
    let default = if server.host.is_none() { " default_server" } else { "" };
    server.listens.iter().map(|listen| format!("    listen {listen}{secure}{default};\n")).collect()
}

fn tls(secure: &Secure<'_>, places: &Places) -> Result<String, Trouble> {
    let part = include(places, "plimsoll.tls", 1)?;
    let Some(certificate) = secure.certificate else { return Ok(format!("{part}    ssl_reject_handshake on;\n")) };
    // One file for both. The master process reads it; the workers, which have another user, do not.
    let file = text::quoted(certificate)?;
    Ok(format!("{part}    ssl_certificate {file};\n    ssl_certificate_key {file};\n"))
}

fn served(owner: &EnvironmentKey, path: &str, route: &Route, places: &Places) -> Result<String, Trouble> {
    let leads = match &route.upstream {
        Upstream::Slot { .. } => proxied(&slot(owner, route), path, route, places)?,
        Upstream::Site { root } => site(root, path, route, places)?,
    };
    // What the built-in proxy answers itself is nobody else's here either.
    Ok(format!("    location \"{path}/_deploy/\" {{ return 404; }}\n{leads}"))
}

/// To HTTPS, but for the proofs that authorities ask for: whoever answers them may do so by plain HTTP, unless a route is there for that.
fn sent_on(owner: &EnvironmentKey, path: &str, route: &Route, server: &Server<'_>, places: &Places) -> Result<String, Trouble> {
    let port = if route.spec.matches.port == 443 { String::new() } else { format!(":{}", route.spec.matches.port) };
    let on = locations(path, &format!("        return 308 https://$host{port}$request_uri;\n"));
    match &route.upstream {
        Upstream::Slot { .. } if path.is_empty() && !server.routes.contains_key(PROOFS) => {
            Ok(format!("{on}{}", location(&format!("{PROOFS}/"), "", &passed(&slot(owner, route), route, places)?)))
        }
        _ => Ok(on),
    }
}

fn proxied(name: &str, path: &str, route: &Route, places: &Places) -> Result<String, Trouble> {
    let hsts = by_https_only(route, &format!("${}", hsts(name)));
    Ok(locations(path, &format!("{}{hsts}", passed(name, route, places)?)))
}

/// The header with which clients are told to come by HTTPS only.
fn by_https_only(route: &Route, value: &str) -> String {
    if route.spec.tls.is_none() { String::new() } else { format!("        add_header Strict-Transport-Security {value} always;\n") }
}

/// What a slot says itself of the next requests counts.
fn unless_said(name: &str, route: &Route) -> String {
    let Some(tls) = &route.spec.tls else { return String::new() };
    format!("map $upstream_http_strict_transport_security ${} {{ default \"\"; \"\" \"max-age={}\"; }}\n", hsts(name), tls.hsts_s)
}

fn hsts(name: &str) -> String {
    format!("plimsoll_hsts_{}", tag(name))
}

fn passed(name: &str, route: &Route, places: &Places) -> Result<String, Trouble> {
    let (pass, prefix) = match stripped(route) {
        Some(prefix) => (format!("http://{name}${}$is_args$args", rest(name)), format!("\"{prefix}\"")),
        None => (format!("http://{name}"), "$plimsoll_forwarded_prefix".to_owned()),
    };
    let timeout = route.spec.response_timeout_ms;
    let part = include(places, "plimsoll.proxy", 2)?;
    Ok(format!("        proxy_pass {pass};\n        proxy_read_timeout {timeout}ms;\n        proxy_set_header X-Forwarded-Prefix {prefix};\n{part}"))
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
    let hsts = route.spec.tls.as_ref().map(|tls| by_https_only(route, &format!("\"max-age={}\"", tls.hsts_s))).unwrap_or_default();
    let body = format!("        root {folder};\n        error_page {how} {missing};\n{part}{hsts}");
    let found = match at {
        "" => locations(path, &body),
        at => format!("    location = \"{at}\" {{ return 301 \"{at}/$is_args$args\"; }}\n{}", location(&format!("{at}/"), "", &body)),
    };
    Ok(format!("{found}    location {missing} {{\n        root {folder};\n{instead}{part}{hsts}    }}\n"))
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
