# Receives alarm events and checks their signature with Python's own HMAC. Refuses the first one
# with 503, so that the sender has to come again.
import hashlib
import hmac
import http.server
import json
import sys

port, secret = int(sys.argv[1]), sys.argv[2].encode()
refusals = [503]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if refusals:
            self.send_response(refusals.pop())
            self.end_headers()
            return
        signed = self.headers["X-Weir-Timestamp"].encode() + b"." + body
        expected = "sha256=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
        same = hmac.compare_digest(expected, self.headers["X-Weir-Signature"])
        print("signature ok" if same else "signature WRONG", json.loads(body), flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
