//! What cannot be served changes nothing.

use std::net::TcpListener;

use plimsoll_host::Trouble;
use plimsoll_host::route::Nginx;
use plimsoll_model::route::Route;
use plimsoll_testkit::fixtures::{self, free_port};

use crate::scene::{applied, ask, below, body, get, refused, route, router};
use crate::slot::Slot;

/// Refuses the routes, and leaves everything as it was.
async fn refuses(nginx: &fixtures::Nginx, router: &Nginx, port: u16, routes: &[Route]) -> Trouble {
    let (files, workers) = (nginx.files(), nginx.workers());
    let trouble = refused(router, routes).await;
    assert_eq!(nginx.files(), files);
    assert!(nginx.has_read_nothing_since(&workers), "it was told to read nothing");
    assert_eq!((get(port).await, get(nginx.foreign).await), ("one".into(), "foreign".into()));
    trouble
}

#[tokio::test]
async fn what_nginx_refuses_is_told_in_its_words() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, one, two) = (router(&nginx), Slot::new("one").await, Slot::new("two").await);
    applied(&router, &[route(port, one.upstream())]).await;

    let long = [&"a".repeat(60)[..]; 3].join(".");
    let trouble = refuses(&nginx, &router, port, &[route(port, two.upstream()), below(route(port, two.upstream()), "api", Some(&long), "/")]).await;
    assert!(trouble.code == "nginx-refused" && trouble.message.contains("server_names_hash_bucket_size"), "{trouble:?}");

    let broken = nginx.included().join("broken.conf");
    std::fs::write(&broken, "\nnonsense on;\n").expect("there is room");
    let trouble = refuses(&nginx, &router, port, &[route(port, two.upstream())]).await;
    assert!(trouble.message.contains(&format!("\"nonsense\" in {}:2", broken.display())), "{trouble:?}");
    assert!(!trouble.output.is_empty());
}

#[tokio::test]
async fn what_others_serve_is_left_to_them() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, one) = (router(&nginx), Slot::new("one").await);
    let own = route(port, one.upstream());
    applied(&router, std::slice::from_ref(&own)).await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let taken = listener.local_addr().expect("it is bound").port();
    for (other, code, names) in [
        (below(route(nginx.foreign, one.upstream()), "api", None, "/"), "port-taken", "plimsoll-by-hand.conf"),
        (below(route(nginx.foreign, one.upstream()), "api", Some("foreign.example"), "/"), "host-taken", "plimsoll-by-hand.conf"),
        (below(route(taken, one.upstream()), "api", None, "/"), "port-taken", "127.0.0.1"),
        (below(route(port, one.upstream()), "api", None, "/a;b"), "nginx-route", "api of shop/dev"),
    ] {
        let trouble = refuses(&nginx, &router, port, &[own.clone(), other]).await;
        assert!(trouble.code == code && trouble.message.contains(names) && trouble.help.is_some(), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_port_of_others_is_shared_by_host_name() {
    let (nginx, one) = (fixtures::Nginx::new(), Slot::new("one").await);
    applied(&router(&nginx), &[below(route(nginx.foreign, one.upstream()), "web", Some("shop.example"), "/")]).await;
    let port = nginx.foreign;
    let told =
        [body(&ask(port, "shop.example", "/", "").await), body(&ask(port, "foreign.example", "/", "").await), body(&ask(port, "x", "/", "").await)];
    assert_eq!(told, ["one", "foreign", "foreign"]);
}

#[tokio::test]
async fn what_serves_stays_so_while_others_are_broken() {
    let (nginx, one, two) = (fixtures::Nginx::new(), Slot::new("one").await, Slot::new("two").await);
    let shared = |slot: &Slot| [below(route(nginx.foreign, slot.upstream()), "web", Some("shop.example"), "/")];
    applied(&router(&nginx), &shared(&one)).await;
    std::fs::write(nginx.included().join("broken.conf"), "nonsense on;\n").expect("there is room");
    let files = nginx.files();
    for router in [router(&nginx), router(&nginx)] {
        assert_eq!(refused(&router, &shared(&two)).await.code, "nginx-refused");
        // So the way back is open.
        applied(&router, &shared(&one)).await;
        assert_eq!((nginx.files(), get(nginx.foreign).await), (files.clone(), "one".into()));
    }
}

#[tokio::test]
async fn a_folder_that_is_not_read_is_noticed() {
    let (nginx, one) = (fixtures::Nginx::new(), Slot::new("one").await);
    let text = std::fs::read_to_string(nginx.path("nginx.conf")).expect("it is there");
    std::fs::write(nginx.path("nginx.conf"), text.replace("include", "# include")).expect("there is room");
    let files = nginx.files();
    let trouble = refused(&router(&nginx), &[route(free_port(), one.upstream())]).await;
    assert!(trouble.code == "nginx-not-included" && trouble.help.is_some(), "{trouble:?}");
    assert_eq!(nginx.files(), files);
}

#[tokio::test]
async fn without_nginx_it_is_told_what_to_install() {
    let nginx = fixtures::Nginx::new();
    let mut policy = plimsoll_host::policy::NginxPolicy { folder: nginx.included(), ..Default::default() };
    policy.binary = nginx.path("no-nginx");
    let router = Nginx::new(policy);
    let trouble = refused(&router, &[route(free_port(), Slot::new("one").await.upstream())]).await;
    assert!(trouble.code == "nginx-missing" && trouble.help.is_some_and(|help| help.contains("nginx-light")));
}
