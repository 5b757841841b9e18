//! What the shop answers: one method for each path.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::http::{Request, Response};
use crate::version::VERSION;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Longest time that `/api/slow` takes, in milliseconds.
const SLOWEST: u64 = 60_000;

const PRODUCTS: &str = r#"[
  {"id": 1, "name": "Ship's lantern", "price_cents": 4900},
  {"id": 2, "name": "Brass compass", "price_cents": 12900},
  {"id": 3, "name": "Coil of rope, 20 m", "price_cents": 2400}
]
"#;

/// The state of the shop. It lives in memory: a new release starts with none.
#[derive(Default)]
pub struct Shop {
    orders: AtomicU64,
}

impl Shop {
    /// The answer to `request`.
    pub fn answer(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("OPTIONS", _) => Response::new("204 No Content", TEXT, ""),
            ("GET" | "HEAD", "/") => Response::new("200 OK", HTML, page()),
            ("GET" | "HEAD", "/health") => Response::new("200 OK", TEXT, "ok\n"),
            ("GET" | "HEAD", "/version") => Response::new("200 OK", TEXT, format!("{VERSION}\n")),
            ("GET" | "HEAD", "/api/products") => Response::new("200 OK", JSON, PRODUCTS),
            ("GET" | "HEAD", "/api/orders") => Response::new("200 OK", JSON, format!("{{\"orders\": {}}}\n", self.orders.load(Ordering::Relaxed))),
            ("POST", "/api/orders") => self.order(&request.body),
            ("GET", "/api/slow") => slow(&request.query),
            (_, "/" | "/health" | "/version" | "/api/products" | "/api/orders" | "/api/slow") => {
                Response::new("405 Method Not Allowed", TEXT, "this path does not take that method\n")
            }
            _ => Response::new("404 Not Found", TEXT, "there is nothing here\n"),
        }
    }

    /// Counts an order and sends it back with its number.
    fn order(&self, body: &[u8]) -> Response {
        let body = std::str::from_utf8(body).unwrap_or_default().trim();
        if !(body.starts_with('{') && body.ends_with('}')) {
            return Response::new("400 Bad Request", TEXT, "an order is a JSON object\n");
        }
        let number = self.orders.fetch_add(1, Ordering::Relaxed) + 1;
        Response::new("201 Created", JSON, format!("{{\"number\": {number}, \"order\": {body}}}\n"))
    }
}

/// Answers after `ms` milliseconds, so that one can watch a slow request outlive a deployment.
fn slow(query: &str) -> Response {
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("ms="));
    match asked.unwrap_or("1000").parse::<u64>() {
        Ok(ms) => {
            thread::sleep(Duration::from_millis(ms.min(SLOWEST)));
            Response::new("200 OK", TEXT, "slow and steady\n")
        }
        Err(_) => Response::new("400 Bad Request", TEXT, "ms is a number of milliseconds\n"),
    }
}

fn page() -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Shop API</title>\n<h1>Shop API</h1>\n\
         <p>Version {VERSION}. Try <a href=\"/api/products\">the products</a> or <a href=\"/health\">its health</a>.</p>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(shop: &Shop, method: &str, target: &str, body: &str) -> (u16, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request { method: method.into(), path: path.into(), query: query.into(), body: body.into(), keep_alive: true };
        let response = shop.answer(&request);
        (response.status[..3].parse().expect("a status starts with its number"), String::from_utf8(response.body).expect("text"))
    }

    #[test]
    fn every_path_answers() {
        let shop = Shop::default();
        let cases = [
            ("GET", "/", "", 200),
            ("GET", "/health", "", 200),
            ("GET", "/version", "", 200),
            ("GET", "/api/products", "", 200),
            ("GET", "/api/slow?ms=0", "", 200),
            ("GET", "/api/slow?ms=soon", "", 400),
            ("POST", "/api/orders", "{}", 201),
            ("POST", "/api/orders", "no order", 400),
            ("OPTIONS", "/api/orders", "", 204),
            ("DELETE", "/api/orders", "", 405),
            ("GET", "/nowhere", "", 404),
        ];
        for (method, target, body, status) in cases {
            assert_eq!(ask(&shop, method, target, body).0, status, "{method} {target}");
        }
    }

    #[test]
    fn orders_are_numbered_and_sent_back() {
        let shop = Shop::default();
        assert_eq!(ask(&shop, "POST", "/api/orders", r#"{"product": 2}"#).1, "{\"number\": 1, \"order\": {\"product\": 2}}\n");
        assert_eq!(ask(&shop, "POST", "/api/orders", "{}").1, "{\"number\": 2, \"order\": {}}\n");
        assert_eq!(ask(&shop, "GET", "/api/orders", "").1, "{\"orders\": 2}\n");
    }
}
