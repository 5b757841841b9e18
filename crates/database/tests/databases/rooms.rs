//! The folder with all backups of a database: what lies there is told, and what nothing keeps goes.

use std::fs;
use std::path::Path;

use plimsoll_database::{back_up, list, prune, verify};
use plimsoll_model::ComponentName;
use plimsoll_model::backup::Backup;
use plimsoll_model::time::Moment;

use super::stage::{Stage, fill};

fn told(room: &Path) -> Vec<(String, Option<Moment>, Option<String>)> {
    let told = |backup: Backup| (backup.id.to_string(), backup.verified_at, backup.trouble.map(|trouble| trouble.code));
    list(room, &ComponentName::new("data").unwrap()).unwrap().into_iter().map(told).collect()
}

#[tokio::test]
async fn only_what_was_verified_counts_and_the_last_of_it_is_never_pruned() {
    let (stage, folder) = (Stage::Sqlite(tempfile::tempdir().unwrap()), tempfile::tempdir().unwrap());
    let (place, room) = (stage.place("shop"), folder.path());
    fill(&stage, &place).await;
    assert_eq!(told(&room.join("no")), []);
    for (number, name) in ["b1", "b2", "b3", "b4"].iter().enumerate() {
        back_up(&place, &room.join(name), Moment(number as i64), None).await.unwrap();
    }
    verify(&room.join("b1"), &place, Moment(10)).await.unwrap();
    verify(&room.join("b2"), &place, Moment(20)).await.unwrap();
    let bare = |name: &str| (name.to_owned(), None, None);
    let verified = |name: &str, at| (name.to_owned(), Some(Moment(at)), None);
    assert_eq!(told(room), [verified("b1", 10), verified("b2", 20), bare("b3"), bare("b4")]);

    // The mark of one says nothing of another.
    fs::copy(room.join("b2/verified.json"), room.join("b3/verified.json")).unwrap();
    assert_eq!(told(room)[2], bare("b3"));

    // What is found damaged does not count any more; who lost its data is told without a look into it.
    let data = room.join("b1/data.sqlite.zst");
    let mut bytes = fs::read(&data).unwrap();
    bytes[100] ^= 1;
    fs::write(&data, bytes).unwrap();
    assert_eq!(verify(&room.join("b1"), &place, Moment(30)).await.unwrap_err().code(), "backup-damaged");
    assert_eq!(told(room)[0], bare("b1"));
    fs::write(&data, b"short").unwrap();
    assert_eq!(told(room)[0], ("b1".into(), None, Some("backup-damaged".into())));

    // What was cut off goes as well; what is nobody's backup stays.
    for name in ["b5.new", ".plimsoll-scratch", "Letters from Ada"] {
        fs::create_dir(room.join(name)).unwrap();
    }
    let kept = prune(room, &ComponentName::new("data").unwrap(), 1).unwrap();
    assert_eq!(kept.iter().map(|backup| backup.id.as_str()).collect::<Vec<_>>(), ["b2", "b4"]);
    assert_eq!(told(room), [verified("b2", 20), bare("b4")]);
    let mut left: Vec<_> = fs::read_dir(room).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["Letters from Ada", "b2", "b4"]);
}
