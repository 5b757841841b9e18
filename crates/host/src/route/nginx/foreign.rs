//! What the configuration of nginx serves that is not ours, as `nginx -T` shows it. Read as far as the rules need it: which addresses
//! and names the servers have.

use std::net::{IpAddr, SocketAddr};

use super::files::is_ours;

/// The servers of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) servers: Vec<Server>,
}

/// A server of somebody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// The file that it stands in.
    pub(super) file: String,
    pub(super) listens: Vec<Listen>,
    pub(super) names: Vec<String>,
}

/// An address that a server listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listen {
    /// As it is written.
    pub(super) address: String,
    pub(super) port: u16,
    /// Whether it takes what no other server there takes.
    pub(super) default: bool,
    /// Whether it speaks TLS.
    pub(super) tls: bool,
    /// Whether it speaks HTTP/2.
    pub(super) http2: bool,
    /// Whether it understands only who says of others what they ask.
    pub(super) proxied: bool,
}

impl Foreign {
    /// Reads what `nginx -T` wrote; what stands in our own files is left out.
    pub(super) fn read(dump: &str) -> Self {
        let (mut servers, mut file, mut text) = (Vec::new(), String::new(), String::new());
        for line in dump.lines().chain(["# configuration file :"]) {
            match line.strip_prefix("# configuration file ").and_then(|rest| rest.strip_suffix(':')) {
                Some(next) => {
                    if !is_ours(file.rsplit('/').next().unwrap_or_default(), text.as_bytes()) {
                        servers.extend(in_file(&file, &text));
                    }
                    (file, text) = (next.to_owned(), String::new());
                }
                None => text.extend([line, "\n"]),
            }
        }
        Self { servers }
    }

    /// The servers that listen on `port`.
    pub(super) fn on(&self, port: u16) -> impl Iterator<Item = &Server> {
        self.servers.iter().filter(move |server| server.listens.iter().any(|listen| listen.port == port))
    }

    /// The addresses of `port` at which somebody else takes what nobody takes.
    pub(super) fn defaults(&self, port: u16) -> Vec<&Listen> {
        let listens = self.servers.iter().flat_map(|server| &server.listens);
        listens.filter(|listen| listen.port == port && listen.default).collect()
    }
}

/// The servers in one file. What stands outside of a server may be included in one, so it counts as one.
fn in_file(file: &str, text: &str) -> Vec<Server> {
    let new = || Server { file: file.to_owned(), ..Server::default() };
    let (mut done, mut open, mut blocks, mut words) = (Vec::new(), vec![new()], Vec::new(), Vec::<String>::new());
    for token in tokens(text) {
        match token {
            Token::Word(word) => words.push(word),
            Token::Open => {
                let is_server = words.first().is_some_and(|word| word == "server") && words.len() == 1;
                blocks.push(is_server);
                if is_server {
                    open.push(new());
                }
                words.clear();
            }
            Token::Close => {
                if blocks.pop() == Some(true) {
                    done.extend(open.pop().map(listening_somewhere));
                }
                words.clear();
            }
            Token::End => {
                if let Some(server) = open.last_mut() {
                    directive(server, &words);
                }
                words.clear();
            }
        }
    }
    done.extend(open.into_iter().filter(|server| !server.listens.is_empty()));
    done
}

fn directive(server: &mut Server, words: &[String]) {
    match words.split_first() {
        Some((name, [address, options @ ..])) if name == "listen" => server.listens.extend(listen(address, options)),
        Some((name, names)) if name == "server_name" => server.names.extend(names.iter().map(|name| name.to_ascii_lowercase())),
        _ => {}
    }
}

/// One that says nothing listens where nginx lets it.
fn listening_somewhere(mut server: Server) -> Server {
    if server.listens.is_empty() {
        server.listens.extend(listen("80", &[]));
    }
    server
}

fn listen(address: &str, options: &[String]) -> Option<Listen> {
    let has = |wanted: &str| options.iter().any(|option| option == wanted);
    let port = match address.parse::<SocketAddr>() {
        Ok(address) => address.port(),
        Err(_) if address.starts_with("unix:") => return None,
        Err(_) if address.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() => 80,
        Err(_) => address.rsplit(':').next()?.parse().unwrap_or(80),
    };
    let default = has("default_server") || has("default");
    Some(Listen { address: address.to_owned(), port, default, tls: has("ssl"), http2: has("http2"), proxied: has("proxy_protocol") })
}

enum Token {
    Word(String),
    Open,
    Close,
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            ';' => tokens.push(Token::End),
            '{' => tokens.push(Token::Open),
            '}' => tokens.push(Token::Close),
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            '"' | '\'' => {
                let mut word = String::new();
                while let Some(inner) = rest.next().filter(|inner| *inner != c) {
                    word.push(if inner == '\\' { rest.next().unwrap_or(inner) } else { inner });
                }
                tokens.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(more) = rest.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '{' | '}')) {
                    word.push(more);
                    if more == '$' && rest.peek() == Some(&'{') {
                        word.extend(rest.by_ref().take_while(|c| *c != '}'));
                    }
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::super::files::HEADER;
    use super::*;

    fn seen(dump: &str) -> Vec<String> {
        let told = |server: &Server| {
            let listens = server.listens.iter().map(|l| format!("{}{}", l.address, if l.default { "!" } else { "" })).collect::<Vec<_>>();
            format!("{} {} {}", server.file, listens.join("+"), server.names.join("+"))
        };
        Foreign::read(dump).servers.iter().map(told).collect()
    }

    #[test]
    fn servers_of_others_are_seen() {
        let dump = format!(
            "# configuration file /etc/nginx/nginx.conf:\nhttp {{\n  include conf.d/*.conf; # server {{ listen 1; }}\n\
             server {{ server_name \"none here\"; }}\n upstream u {{ server 127.0.0.1:3000; }}\n}}\n\n\
             # configuration file /etc/nginx/conf.d/plimsoll.conf:\n{HEADER}\nserver {{ listen 7; }}\n\n\
             # configuration file /etc/nginx/conf.d/plimsoll-forged.conf:\nserver {{ listen 8; }}\n\n\
             # configuration file /etc/nginx/sites-enabled/default:\nserver {{\n listen 80 default_server;\n listen [::]:80 default_server;\n\
             server_name _;\n location / {{ return 200 \"}};{{\"; }}\n}}\nserver {{ listen 10.0.0.1:8080 ssl; listen unix:/run/x; server_name Shop.Example *.b; }}\n\
             # configuration file /etc/nginx/common:\nlisten [::1];\n"
        );
        assert_eq!(
            seen(&dump),
            [
                "/etc/nginx/nginx.conf 80 none here",
                "/etc/nginx/conf.d/plimsoll-forged.conf 8 ",
                "/etc/nginx/sites-enabled/default 80!+[::]:80! _",
                "/etc/nginx/sites-enabled/default 10.0.0.1:8080 shop.example+*.b",
                "/etc/nginx/common [::1] ",
            ]
        );
    }

    #[test]
    fn ports_are_told_whoever_shares_them() {
        let foreign = Foreign::read("# configuration file /a:\nserver { listen *:81 default_server; listen 82 ssl; }\n");
        assert_eq!((foreign.on(81).count(), foreign.on(82).count(), foreign.on(80).count()), (1, 1, 0));
        let defaults = |port| foreign.defaults(port).iter().map(|listen| listen.address.as_str()).collect::<Vec<_>>();
        assert_eq!((defaults(81), defaults(82)), (vec!["*:81"], vec![]));
        let tls = |port| foreign.servers[0].listens.iter().any(|listen| listen.port == port && listen.tls);
        assert_eq!([81, 82].map(tls), [false, true]);
    }
}
