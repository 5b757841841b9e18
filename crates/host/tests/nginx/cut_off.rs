//! A change that was cut off, or that nginx does not take up.

use std::collections::BTreeMap;

use plimsoll_testkit::fixtures::{self, free_port};
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{applied, get, refused, route, router};
use crate::slot::Slot;

fn write(nginx: &fixtures::Nginx, files: &BTreeMap<String, String>) {
    for (name, text) in files {
        std::fs::write(nginx.included().join(name), text).expect("there is room");
    }
}

/// The files of the second of two configurations are there, and nginx, which serves by the first, was not told: so a daemon finds it that
/// was started again.
#[tokio::test]
async fn files_that_were_not_read_are_taken_back_or_read() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (one, two) = (Slot::new("one").await, Slot::new("two").await);
    let (first, second) = ([route(port, one.upstream())], [route(port, two.upstream())]);
    applied(&router(&nginx), &second).await;
    let files = nginx.files();
    for (routes, word) in [(&first, "one"), (&second, "two")] {
        applied(&router(&nginx), &first).await;
        write(&nginx, &files);
        assert_eq!(get(port).await, "one");
        applied(&router(&nginx), routes).await;
        for _ in 0..20 {
            assert_eq!(get(port).await, word);
        }
        assert_eq!(nginx.files() == files, word == "two");
    }
}

#[tokio::test]
async fn files_that_do_not_fit_together_are_written_anew() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (one, two) = (Slot::new("one").await, Slot::new("two").await);
    applied(&router(&nginx), &[route(port, one.upstream())]).await;
    let text = nginx.files()["plimsoll-shop.dev.conf"].clone();
    write(&nginx, &BTreeMap::from([("plimsoll-shop.other.conf".to_owned(), text)]));
    applied(&router(&nginx), &[route(port, two.upstream())]).await;
    assert_eq!(get(port).await, "two");
    assert!(!nginx.files().contains_key("plimsoll-shop.other.conf"));
}

#[tokio::test]
async fn what_nginx_does_not_take_up_is_taken_back() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, one, two) = (router(&nginx), Slot::new("one").await, Slot::new("two").await);
    applied(&router, &[route(port, one.upstream())]).await;
    let before = nginx.files();
    let pid = std::fs::read_to_string(nginx.path("nginx.pid")).expect("it runs").trim().parse().expect("it is a number");
    let master = Pid::from_raw(pid).expect("it is a process id");

    // It reads nothing, and its workers serve on.
    kill_process(master, Signal::STOP).expect("it runs");
    let trouble = refused(&router, &[route(port, two.upstream())]).await;
    kill_process(master, Signal::CONT).expect("it runs");
    assert!(trouble.code == "nginx-stuck" && trouble.help.is_some(), "{trouble:?}");
    assert_eq!((nginx.files(), get(port).await), (before, "one".into()));
    applied(&router, &[route(port, two.upstream())]).await;
    assert_eq!(get(port).await, "two");
}
