"""A guestbook: GET / tells the entries, POST / takes one. It listens on PORT.

The schema is none of its business: migrations have made it before this starts. It names the columns it uses, so that one more hurts nobody.
"""

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

URL = os.environ.get("DATABASE_URL")
LIMIT = 100_000


@contextmanager
def database():
    """A connection that commits when nothing goes wrong: PostgreSQL where there is a URL, else the file."""
    if URL:
        import psycopg2

        connection = psycopg2.connect(URL)
    else:
        import sqlite3

        connection = sqlite3.connect("data/guestbook.db", timeout=10)
    try:
        yield connection.cursor()
        connection.commit()
    finally:
        connection.close()


class Guestbook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200, {"healthy": True})
        with database() as rows:
            rows.execute("SELECT message FROM entries ORDER BY written_at")
            self.answer(200, {"entries": [message for (message,) in rows.fetchall()]})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if not 0 < length <= LIMIT:
            return self.answer(400, {"error": "write something, and not too much"})
        message = self.rfile.read(length).decode(errors="replace")
        with database() as rows:
            mark = "%s" if URL else "?"
            rows.execute(f"INSERT INTO entries (message) VALUES ({mark})", (message,))
        self.answer(201, {"message": message})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Guestbook)
    server.daemon_threads = False  # requests under way are finished before it ends
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    sys.exit(main())
