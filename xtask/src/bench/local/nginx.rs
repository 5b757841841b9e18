//! nginx, as the peer of the proxy and as the upstream behind both.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::bed::{folder, free_port};

/// A configuration that answers, at the port for which `PORT` stands.
pub const UPSTREAM: &str = "\
server {
    listen 127.0.0.1:PORT;
    location / { default_type text/plain; return 200 'hello from the upstream, a body of some sixty bytes in all\\n'; }
}
";

/// A configuration that passes on what arrives at `PORT` to `UPSTREAM_PORT`: over kept-alive connections, with
/// the headers that our proxy adds.
const PROXY: &str = "\
upstream api { server 127.0.0.1:UPSTREAM_PORT; keepalive 256; keepalive_requests 1000000000; }
server {
    listen 127.0.0.1:PORT;
    location / {
        proxy_pass http://api;
        proxy_http_version 1.1;
        proxy_set_header Connection '';
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
    }
}
";

/// A running nginx that passes on requests.
pub struct Nginx {
    /// Where it listens.
    pub port: u16,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    /// Starts one before the upstream at this port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn before(upstream_port: u16) -> Result<Self, String> {
        let folder = folder()?;
        let port = free_port();
        let servers = PROXY.replace("UPSTREAM_PORT", &upstream_port.to_string()).replace("PORT", &port.to_string());
        fs::write(folder.path().join("nginx.conf"), configuration(folder.path(), &servers))
            .map_err(|error| format!("cannot configure nginx: {error}"))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf")).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("cannot run nginx: {error}"))?;
        let nginx = Self { port, child, _folder: folder };
        nginx.wait()?;
        Ok(nginx)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait(&self) -> Result<(), String> {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("nginx does not listen after 10 s".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM, as its master process then ends the workers; a SIGKILL would leave them.
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.child.wait();
    }
}

/// A whole configuration around `servers`, with all that nginx writes below `folder`.
pub fn configuration(folder: &Path, servers: &str) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"));
    format!(
        "daemon off;\nworker_processes 2;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\naccess_log off;\nkeepalive_requests 1000000000;\n{}{servers}}}\n",
        temporary.concat()
    )
}
