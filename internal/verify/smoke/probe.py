# Asks each port for / until it answers, and once more then. Prints what came for
# each port as soon as it is known.
import hashlib
import http.client
import re
import threading
import time

LIMIT = 1 << 20   # bytes of a body
SETTLE = 5        # seconds that a port may take longer than the first one, or be a gateway without what is behind it
REQUEST = 15      # seconds that one request may take

def left():
    return end[0] - time.monotonic()

def body(response, answer):
    data, stop = b"", time.monotonic() + REQUEST
    try:
        while len(data) < LIMIT:
            part = response.read1(LIMIT - len(data))
            if not part:
                break
            data += part
            if time.monotonic() > stop:
                raise OSError("the body does not end")
    except (OSError, http.client.HTTPException) as e:
        answer["cut"] = str(e) or type(e).__name__
    answer["length"] = len(data)
    answer["sha256"] = hashlib.sha256(data).hexdigest()
    answer["digitless"] = hashlib.sha256(re.sub(rb"\d+", b"0", data)).hexdigest()
    answer["first"] = data[:400].decode("utf-8", "replace")

def ask(port):
    answer = {"port": port, "accepts": False, "status": 0, "final": False, "closed": False}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=max(1, min(REQUEST, left())))
    try:
        connection.connect()
        answer["accepts"] = True
        connection.request("GET", "/", headers={"Host": "localhost:%d" % port, "Connection": "close"})
        response = connection.getresponse()
        answer["status"] = response.status
        answer["location"] = response.getheader("Location") or ""
        answer["final"] = response.status not in (502, 503, 504)
        body(response, answer)
    except OSError as e:   # closing without a word is among them
        answer["closed"] = isinstance(e, ConnectionError)
        answer["trouble"] = str(e) or type(e).__name__
    except http.client.HTTPException as e:
        answer["trouble"] = "%s: %s" % (type(e).__name__, str(e)[:80])
        answer["final"] = True
    finally:
        connection.close()
    return answer

def watch(port):
    accepted = None   # since when
    while True:
        answer = ask(port)
        now = time.monotonic()
        if answer["accepts"] and accepted is None:
            accepted = now
        settled = accepted is not None and (answer["status"] != 0 or answer["closed"]) and now - accepted > SETTLE
        if answer["final"] or settled or left() <= 0:
            break
        time.sleep(0.05)
    if answer["status"] != 0:
        end[0] = min(end[0], now + SETTLE)
    tell(answer)
    if answer["status"] != 0:
        end[0] = max(end[0], time.monotonic() + 1)
        tell(ask(port))

end = [time.monotonic() + argument["seconds"]]
threads = [threading.Thread(target=watch, args=(port,)) for port in argument["ports"]]
for t in threads:
    t.start()
for t in threads:
    t.join()
