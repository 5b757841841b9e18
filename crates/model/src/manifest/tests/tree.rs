//! Judging a manifest against its folder.

use super::super::{judge_tree, read};
use super::memory::Memory;
use super::{environment, lines};

const MANIFEST: &str = r#"name = "shop"
[components.backend]
path = "backend"
sources = ["proto"]
run = "x"
[components.admin]
path = "admin"
site = "dist"
route = {}
"#;

fn check(files: &[&str], links_out: &[&str], expect: &str) {
    let tree = Memory {
        files: files.iter().map(|path| ((*path).to_owned(), String::new())).collect(),
        links_out: links_out.iter().map(|path| (*path).to_owned()).collect(),
    };
    let project = read(MANIFEST, "plimsoll.toml", &environment("local")).expect("it is good");
    assert_eq!(lines(judge_tree(MANIFEST, "plimsoll.toml", &project, &tree)), expect, "{files:?} {links_out:?}");
}

#[test]
fn folders_must_be_there_and_inside() {
    let all = ["backend/main.c", "proto/a.proto", "admin/dist/index.html"];
    check(&all, &[], "");
    check(
        &["backends/main.c", "proto", "admin/dist/index.html"],
        &[],
        "3:8+9 missing-folder: there is no folder `backend` | did you mean `backends`? write a folder of the project, relative to the manifest",
    );
    check(
        &["backend", "admin/dist/index.html"],
        &[],
        "3:8+9 not-a-folder: `backend` is a file, and a component is a folder | write the folder that it is in\n\
         4:1+7 missing-source: `proto` is not there | write files or folders of the project, relative to the manifest",
    );
    check(
        &all,
        &["backend", "proto"],
        "3:8+9 path-leaves-project: `backend` is a link that leads out of the project | move what it leads to into the project\n\
         4:1+7 path-leaves-project: `proto` is a link that leads out of the project | \
         write files or folders of the project, relative to the manifest",
    );
    check(
        &["backend/main.c", "proto", "admin/index.html"],
        &[],
        "8:1+4 missing-folder: there is no folder `admin/dist` to serve, and no `build` that makes it | \
         write the folder that holds index.html, or how to build it",
    );
}
