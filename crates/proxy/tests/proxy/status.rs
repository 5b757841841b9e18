//! What the proxy tells of a deployment, and to whom.

use serde_json::json;

use crate::support::backend::Backend;
use crate::support::client::{Connection, get, request};
use crate::support::table::{below, to_site, to_slot, with};
use crate::support::{Proxy, free_port};

#[tokio::test]
async fn each_route_tells_what_it_serves() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let routes = vec![
        to_slot(port, "blue", blue.address),
        below("/site", to_site(port, proxy.folder.path())),
        below("/api", with(to_slot(port, "nobody", nobody), |spec| spec.strip_prefix = true)),
    ];
    proxy.put(routes).await.unwrap();

    let expect = json!({
        "project": "shop", "environment": "dev", "component": "web", "version": "1.2.3", "commit": "abc", "branch": "main",
        "deployment": "d1", "deployed_at": "2026-01-01T00:00:00Z", "status": "serving",
    });
    assert_eq!(get(port, "/_deploy/status").await.json(), expect);
    for (path, status, told) in [
        ("/_deploy/health", 200, json!({ "status": "serving" })),
        ("/site/_deploy/health", 200, json!({ "status": "serving" })),
        ("/api/_deploy/health", 503, json!({ "status": "unreachable" })),
    ] {
        let answer = get(port, path).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, told), "{path}");
    }
    assert_eq!(blue.requests(), 0, "the slot is not asked");
    proxy.stop().await;
}

#[tokio::test]
async fn others_are_told_nothing_unless_it_is_public() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    let public = below("/public", with(to_slot(port, "blue", blue.address), |spec| spec.public_status = true));
    proxy.put(vec![to_slot(port, "blue", blue.address), public]).await.unwrap();
    let mut connection = Connection::open(port).await;
    for (path, status) in [("/_deploy/status", 404), ("/public/_deploy/status", 200)] {
        let from_away = request("GET", path, &[("x-forwarded-for", "192.0.2.7")], "");
        assert_eq!(connection.ask(from_away).await.status, status, "{path}");
    }
    assert_eq!(connection.ask(request("POST", "/_deploy/health", &[], "")).await.status, 404);
    assert_eq!(blue.requests(), 0, "the slot is not asked");
    proxy.stop().await;
}
