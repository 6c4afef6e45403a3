"""Answer every request with numbers that the compiled part works out."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import exact


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"harmonic": exact.harmonic(20), "pi": exact.pi()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()


if __name__ == "__main__":
    main()
