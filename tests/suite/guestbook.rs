//! The example with a database, while people write to it: a version with a migration that reads and writes every row comes and goes, and no
//! request fails. What becomes of it when somebody is killed, the kill matrix shows.

use std::time::Duration;

use plimsoll_testkit::fixtures::{Guestbook, Home, Postgres, Writers};

/// How many migrations the database has.
fn applied(home: &Home, book: &Guestbook) -> usize {
    let told = home.json(book.folder(), ["migrate", "status", "local"]).ended(0).detail("/databases/main");
    told.as_array().into_iter().flatten().filter(|known| known["state"] == "applied").count()
}

/// Versions come and go while people write.
fn check(url: Option<&str>) {
    let (home, book) = (Home::new(), Guestbook::new(url, "requires = { backup = true }"));
    let run = |command: &str| {
        let told = home.json(book.folder(), [command, "local"]).ended(0);
        assert_eq!(told.detail("/deployment/outcome"), "committed", "{told:?}");
    };
    run("deploy");
    let writers = Writers::to(&book, Duration::from_millis(5));
    writers.flow();
    for number in [2, 3] {
        book.version(number);
        run("deploy");
        assert_eq!((u64::from(number), 2), (book.serving(), applied(&home, &book)));
        writers.flow();
        run("rollback");
        assert_eq!((1, 1), (book.serving(), applied(&home, &book)));
        writers.flow();
    }
    let seen = writers.stop();
    assert_eq!((seen.failed.first(), seen.lost(&book).first()), (None, None), "{} of {} requests failed", seen.failed.len(), seen.sent);
    assert!(seen.acknowledged.len() > 50, "{} were acknowledged", seen.acknowledged.len());
}

#[test]
fn versions_come_and_go_while_people_write_to_a_file() {
    check(None);
}

#[test]
fn versions_come_and_go_while_people_write_to_a_server() {
    let server = Postgres::new();
    check(Some(&server.url("postgres")));
}
