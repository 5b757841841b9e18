//! A damaged state file costs one switch at most, and nobody is told that nothing is deployed.

use plimsoll_keeper::Command;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::backend::Backend;
use crate::support::client::get;
use crate::support::free_port;
use crate::support::kept::{Kept, spec};
use crate::support::table::to_slot;

/// Kills the proxy, does `harm` to its folder before the next one reads it, and waits for that one.
async fn kill_and(kept: &Kept, harm: impl FnOnce()) {
    let pid = kept.ready().await;
    // It cannot be started again before it has ended, nor end before it is killed.
    harm();
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
    kept.keeper.watch().wait_for(|state| state.ready && state.pid != Some(pid)).await.unwrap();
}

fn spoil(kept: &Kept, name: &str, text: &[u8]) {
    std::fs::write(kept.folder.path().join(name), text).unwrap();
}

#[tokio::test]
async fn the_table_before_a_damaged_one_is_served() {
    for damage in [&b""[..], b"garbage", &[0; 100]] {
        let (kept, port, other) = (Kept::start().await, free_port(), free_port());
        let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
        kept.put(vec![to_slot(port, "blue", blue.address)]).await;
        kept.put(vec![to_slot(port, "green", green.address), to_slot(other, "green", green.address)]).await;
        kill_and(&kept, || spoil(&kept, "routes.json", damage)).await;

        assert_eq!(get(port, "/").await.text(), "blue");
        let status = kept.control.status().await.unwrap();
        assert!(status.generation == 1 && status.damage.unwrap().contains("routes.json"));
        // The port that only the lost table had is not closed: its connections wait.
        let waiting = tokio::spawn(async move { get(other, "/").await });
        kept.put(vec![to_slot(port, "green", green.address), to_slot(other, "green", green.address)]).await;
        assert_eq!(waiting.await.unwrap().text(), "green");
        assert_eq!(kept.control.status().await.unwrap().damage, None);
    }
}

#[tokio::test]
async fn connections_wait_for_routes_that_were_lost() {
    let (kept, port, blue) = (Kept::start().await, free_port(), Backend::start("blue").await);
    kept.put(vec![to_slot(port, "one", blue.address)]).await;
    kept.put(vec![to_slot(port, "two", blue.address)]).await;
    kill_and(&kept, || ["routes.json", "routes.json.last"].iter().for_each(|name| spoil(&kept, name, b"{"))).await;
    assert!(kept.control.status().await.unwrap().damage.is_some());
    let waiting: Vec<_> = (0..10).map(|_| tokio::spawn(async move { get(port, "/").await })).collect();
    kept.put(vec![to_slot(port, "three", blue.address)]).await;
    for answer in waiting {
        assert_eq!(answer.await.unwrap().text(), "blue");
    }
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_the_truth() {
    let (kept, port, blue) = (Kept::start().await, free_port(), Backend::start("blue").await);
    kept.put(vec![to_slot(port, "one", blue.address)]).await;
    let mut hasty = spec(kept.folder.path());
    hasty.command = match hasty.command {
        Command::Program { path, args } => Command::Program { path, args: [args, vec!["0".to_owned()]].concat() },
        other => other,
    };
    kept.upgrade_to(&hasty).await.unwrap();
    kill_and(&kept, || std::fs::remove_file(kept.folder.path().join("routes.json")).unwrap()).await;
    assert_eq!(get(port, "/").await.status, 503);
    kept.put(vec![to_slot(port, "one", blue.address)]).await;
    assert_eq!(get(port, "/").await.text(), "blue");
}

#[tokio::test]
async fn what_is_in_force_is_handed_over_whole() {
    let (kept, port) = (Kept::start().await, free_port());
    let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
    kept.put(vec![to_slot(port, "blue", blue.address)]).await;
    kept.put(vec![to_slot(port, "green", green.address)]).await;
    for name in ["routes.json", "routes.json.last"] {
        spoil(&kept, name, b"{");
    }
    kept.upgrade().await;
    assert_eq!(get(port, "/").await.text(), "green");
    assert_eq!(kept.control.status().await.unwrap().damage, None);
}
