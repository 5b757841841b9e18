//! What slots wrote.

use plimsoll_api::{LogLine, LogQuery, Order};
use tokio::sync::mpsc;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, name};

cases! { "logs": none, in_their_order, of_one_component, the_last_ones, followed, nobody_reads }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn none(scene: &Scene) {
    assert_eq!(read(scene, query(10)).await, []);
}

async fn in_their_order(scene: &Scene) {
    scene.deploy(&ONE).await;
    scene.deploy(&TWO).await;
    written(scene, 2).await;
    let lines = read(scene, query(10)).await;
    let told: Vec<_> = lines.iter().map(|line| (line.slot.as_str(), line.stream.as_str(), line.text.as_str())).collect();
    assert_eq!(told, [("back-1", "out", "version 1 starts"), ("back-2", "out", "version 2 starts")], "also of slots that are gone");
    assert!(lines[0].at <= lines[1].at && lines[0].at.ends_with('Z'), "{lines:?}");
    assert!(lines.iter().all(|line| line.component == name("back")));
}

async fn of_one_component(scene: &Scene) {
    scene.supply("back", &ONE).await;
    scene.supply("front", &TWO).await;
    let id = scene.open(&scene.plan(scene.back_and_front(&ONE, &TWO)).await).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, forward(1)).await;
    written(scene, 2).await;
    let texts = async |component| texts(&read(scene, LogQuery { component, ..query(10) }).await);
    assert_eq!(texts(None).await, ["version 1 starts", "version 2 starts"]);
    assert_eq!(texts(Some(name("front"))).await, ["version 2 starts"]);
    assert_eq!(texts(Some(name("other"))).await, Vec::<String>::new());
}

async fn the_last_ones(scene: &Scene) {
    scene.deploy(&ONE).await;
    scene.deploy(&TWO).await;
    written(scene, 2).await;
    let expect = ["version 1 starts", "version 2 starts"];
    assert_eq!(texts(&read(scene, query(1)).await), expect, "one of each slot");
    assert_eq!(read(scene, query(0)).await, []);
}

async fn followed(scene: &Scene) {
    scene.deploy(&ONE).await;
    let (to, mut lines) = mpsc::channel(1);
    let reading = async {
        let mut read = vec![lines.recv().await.expect("there is one")];
        scene.deploy(&TWO).await;
        read.push(lines.recv().await.expect("another one comes"));
        drop(lines);
        read
    };
    let (told, read) = tokio::join!(scene.host().logs(LogQuery { follow: true, ..query(10) }, to), reading);
    assert_eq!((told, texts(&read)), (Ok(()), vec!["version 1 starts".to_owned(), "version 2 starts".to_owned()]));
}

async fn nobody_reads(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, [Order::Prepare { level: 0 }]).await;
    let (to, lines) = mpsc::channel(1);
    drop(lines);
    assert_eq!(scene.host().logs(LogQuery { follow: true, ..query(10) }, to).await, Ok(()));
}

/// Waits until slots have written so many lines: nobody promises that they have when they are healthy.
async fn written(scene: &Scene, count: usize) {
    let (to, mut lines) = mpsc::channel(1);
    let reading = async {
        for _ in 0..count {
            lines.recv().await.expect("more comes");
        }
        drop(lines);
    };
    let (told, ()) = tokio::join!(scene.host().logs(LogQuery { follow: true, ..query(10) }, to), reading);
    assert_eq!(told, Ok(()));
}

fn query(tail: u32) -> LogQuery {
    LogQuery { key: key("local"), component: None, tail, follow: false }
}

async fn read(scene: &Scene, query: LogQuery) -> Vec<LogLine> {
    let (to, mut lines) = mpsc::channel(1);
    let reading = async {
        let mut read = Vec::new();
        while let Some(line) = lines.recv().await {
            read.push(line);
        }
        read
    };
    let (told, read) = tokio::join!(scene.host().logs(query, to), reading);
    assert_eq!(told, Ok(()));
    read
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| line.text.clone()).collect()
}
