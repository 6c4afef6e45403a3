# Imports each module in an interpreter of its own, a few at a time. The outcome
# comes back through a pipe, as the module may print and close what it likes.
import concurrent.futures
import os
import signal
import subprocess
import time

CHILD = r"""
import os
def tell(*words):
    os.write({fd}, u"\0".join(words).encode("utf-8", "replace")[:60000])
    os._exit(0)
try:
    __import__({name!r})
except SystemExit as e:
    tell("exit", repr(e.code))
except BaseException as e:
    import traceback
    kind = type(e)
    where = "" if kind.__module__ == "builtins" else kind.__module__ + "."
    tell("exception", where + kind.__name__, str(e), traceback.format_exc())
tell("ok")
"""

def outcome(process, words):
    code = process.returncode
    if words[0] == "exception":
        return {"kind": "exception", "exception": words[1], "message": words[2], "trace": words[3]}
    if words[0] == "exit":
        return {"kind": "exit", "message": words[1]}
    if words[0] == "ok":
        return {"kind": "ok"}
    if code < 0:
        return {"kind": "signal", "message": signal.Signals(-code).name}
    return {"kind": "exit", "message": str(code)}

def attempt(name):
    left = end - time.monotonic()
    if left <= 0:
        return {"kind": "untried"}
    read, write = os.pipe()
    os.set_blocking(read, False)
    null = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [argument["python"], "-c", CHILD.format(fd=write, name=name)],
            stdin=null, stdout=null, stderr=null, pass_fds=[write], start_new_session=True)
        try:
            process.wait(min(left, argument["seconds"]))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return {"kind": "timeout"}
        try:
            data = os.read(read, 65536)
        except BlockingIOError:
            data = b""
        return outcome(process, data.decode("utf-8", "replace").split("\0"))
    finally:
        os.close(read)
        os.close(write)

end = time.monotonic() + argument["total"]
with concurrent.futures.ThreadPoolExecutor(min(8, 2 * (os.cpu_count() or 1))) as pool:
    waiting = {pool.submit(attempt, name): name for name in argument["modules"]}
    for done in concurrent.futures.as_completed(waiting):
        tell(dict(done.result(), name=waiting[done]))
