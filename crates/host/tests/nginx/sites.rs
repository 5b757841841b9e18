//! Sites, which nginx's workers read as somebody else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use plimsoll_testkit::fixtures::{self, free_port};

use crate::scene::{applied, ask, below, body, router, site};

/// A site in a folder that is open to nobody else, as those of releases are.
fn laid_out(nginx: &fixtures::Nginx) -> PathBuf {
    let root = nginx.path("releases/site");
    for folder in ["docs", "empty", "assets", ".git"] {
        fs::create_dir_all(root.join(folder)).expect("there is room");
    }
    let names = ["index.html", "404.html", "docs/index.html", "docs/a.txt", "assets/app.3f2a9c1b.js", ".git/config", ".env"];
    for name in names {
        fs::write(root.join(name), name).expect("there is room");
    }
    fs::write(root.join("big.css"), "a{}\n".repeat(1000)).expect("there is room");
    fs::write(nginx.path("secret"), "secret").expect("there is room");
    symlink(nginx.path("secret"), root.join("leak")).expect("there is room");
    symlink("../../../secret", root.join("docs/leak")).expect("there is room");
    symlink("docs/a.txt", root.join("link")).expect("there is room");
    fs::set_permissions(nginx.path("releases"), fs::Permissions::from_mode(0o700)).expect("it is ours");
    root
}

async fn check(port: u16, path: &str, more: &str, status: &str, expect: &[&str]) {
    let answer = ask(port, "a", path, more).await;
    assert_eq!(answer.split(' ').nth(1), Some(status), "{path}: {answer}");
    for part in expect {
        assert!(answer.contains(part), "{path}: no {part:?} in {answer}");
    }
}

#[tokio::test]
async fn files_are_served_as_by_the_built_in_proxy() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    applied(&router(&nginx), &[site(port, &laid_out(&nginx))]).await;
    for (path, status, expect) in [
        ("/", "200", &["Cache-Control: no-cache\r\n", "text/html; charset=utf-8", "\r\n\r\nindex.html"][..]),
        ("/docs/", "200", &["docs/index.html"]),
        ("/docs?a=b", "301", &["Location: /docs/?a=b\r\n"]),
        ("/docs/a.txt", "200", &["Cache-Control: public, max-age=60\r\n", "text/plain; charset=utf-8", "ETag: ", "nosniff"]),
        ("/assets/app.3f2a9c1b.js", "200", &["Cache-Control: public, max-age=31536000, immutable\r\n", "text/javascript; charset=utf-8"]),
        ("/link", "200", &["docs/a.txt"]),
        ("/nothing", "404", &["\r\n\r\n404.html"]),
        ("/empty/", "404", &["\r\n\r\n404.html"]),
        ("/leak", "404", &[]),
        ("/docs/leak", "404", &[]),
        ("/.env", "404", &[]),
        ("/.git/config", "404", &[]),
        ("/../secret", "400", &[]),
        ("/docs/..%2f..%2f..%2fsecret", "400", &[]),
    ] {
        check(port, path, "", status, expect).await;
    }
    check(port, "/big.css", "accept-encoding: gzip\r\n", "200", &["Content-Encoding: gzip", "Vary: Accept-Encoding"]).await;
    check(port, "/docs/a.txt", "range: bytes=0-3\r\n", "206", &["Content-Range: bytes 0-3/10"]).await;
}

#[tokio::test]
async fn applications_and_prefixes() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let root = laid_out(&nginx);
    let mut office = below(site(port, &root), "office", None, "/office");
    office.spec.strip_prefix = true;
    office.spec.spa = true;
    let plain = below(site(port, &root), "docs", None, "/docs");
    applied(&router(&nginx), &[office, plain]).await;
    for (path, more, status, expect) in [
        ("/office", "", "301", &["Location: /office/\r\n"][..]),
        ("/office/", "", "200", &["index.html"]),
        ("/office/docs/a.txt", "", "200", &["docs/a.txt"]),
        ("/office/orders/7", "", "200", &["Cache-Control: no-cache", "\r\n\r\nindex.html"]),
        ("/office/empty/", "", "200", &["\r\n\r\nindex.html"]),
        ("/office/app.js", "", "404", &[]),
        ("/office/john.doe", "accept: text/html,*/*\r\n", "200", &["\r\n\r\nindex.html"]),
        ("/docs/a.txt", "", "200", &["docs/a.txt"]),
        ("/docs/nothing", "", "404", &["\r\n\r\n404.html"]),
        ("/index.html", "", "404", &[]),
    ] {
        check(port, path, more, status, expect).await;
    }
}

/// The names are those by which the built-in proxy's own rule is tested.
#[tokio::test]
async fn what_may_be_kept() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let root = nginx.path("names");
    fs::create_dir(&root).expect("there is room");
    let (forever, asked, short) = ("public, max-age=31536000, immutable", "no-cache", "public, max-age=60");
    let names = [
        ("page.3f2a9c1b.html", asked),
        ("index-BxY3k9Qa.js", forever),
        ("main.3f2a9c1b.chunk.css", forever),
        ("font-3f2a9c1b7d8e.woff2", forever),
        ("x-3f2a9c1b-y.js", forever),
        ("app.js", short),
        ("3f2a9c1b.js", short),
        ("jquery-3.7.1.min.js", short),
        ("jquery-MyPluginName.js", short),
        ("report-20240101.pdf", short),
        ("app-deadbeef.js", short),
        ("favicon.ico", short),
        ("LICENSE", short),
        ("x-3f2a9c1b", short),
    ];
    for (name, _) in names {
        fs::write(root.join(name), name).expect("there is room");
    }
    applied(&router(&nginx), &[site(port, &root)]).await;
    for (name, expect) in names {
        check(port, &format!("/{name}"), "", "200", &[&format!("Cache-Control: {expect}\r\n")]).await;
    }
}

#[tokio::test]
async fn the_site_before_stays_for_the_workers_before() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let router = router(&nginx);
    let roots = ["one", "two", "three"].map(|word| {
        let root = nginx.path(word);
        fs::create_dir(&root).and_then(|()| fs::write(root.join("index.html"), word)).expect("there is room");
        root
    });
    for (root, kept) in roots.iter().zip([1, 2, 2]) {
        applied(&router, &[site(port, root)]).await;
        assert_eq!(body(&ask(port, "a", "/", "").await), root.file_name().expect("it has a name").to_string_lossy());
        assert_eq!(fs::read_dir(nginx.path("sites")).expect("it is there").count(), kept);
    }
}
