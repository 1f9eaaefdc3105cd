"""An HTTP proxy in front of the S3 server that misbehaves on request: errors, SlowDown, cut-off bodies, silence."""
from __future__ import annotations

import http.client
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler

SLOW_DOWN = (b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.'
             b"</Message></Error>")
INTERNAL = (b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>We encountered an internal error.'
            b"</Message></Error>")


class FaultyS3(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, target_port: int):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target_port = target_port
        self.plan: list[tuple[str, str, int]] = []  # (method, fault, how many requests)
        self.hits: dict[str, int] = {}
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def fail(self, method: str, fault: str, count: int):
        with self.lock:
            self.plan.append((method, fault, count))

    def next_fault(self, method: str) -> str | None:
        with self.lock:
            for i, (m, fault, count) in enumerate(self.plan):
                if m == method and count > 0:
                    self.plan[i] = (m, fault, count - 1)
                    self.hits[fault] = self.hits.get(fault, 0) + 1
                    return fault
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes, headers=(), cut: int = 0):
        self.send_response(status)
        for k, v in headers:
            if k.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(k, v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:len(body) - cut])
        if cut:
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        fault = self.server.next_fault(self.command)
        if fault == "silence":
            time.sleep(35)
            self.close_connection = True
            return
        if fault == "500":
            return self.answer(500, INTERNAL)
        if fault == "503":
            return self.answer(503, SLOW_DOWN)
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target_port, timeout=60)
        # the signature covers the Host header, so it is passed on as the client sent it
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for k, v in self.headers.items():
            if k.lower() not in ("connection", "expect"):
                upstream.putheader(k, v)
        upstream.endheaders(body)
        r = upstream.getresponse()
        data = r.read()
        if self.command == "HEAD":
            self.send_response(r.status)
            for k, v in r.getheaders():
                if k.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(k, v)
            self.end_headers()
        else:
            self.answer(r.status, data, r.getheaders(), cut=len(data) // 2 if fault == "truncate" and data else 0)
        upstream.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any
