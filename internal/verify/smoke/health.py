# Runs a health check until it ends with status 0, a few times at most. Prints the
# last status; what the check said then goes to standard error.
import os
import signal
import subprocess
import time

def attempt():
    try:
        process = subprocess.Popen(
            argument["command"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
    except FileNotFoundError:
        return 127, argument["command"][0].encode() + b": not found\n"
    except OSError as e:
        return 126, str(e).encode() + b"\n"
    try:
        said = process.communicate(timeout=argument["seconds"])[0]
        return process.returncode, said
    except subprocess.TimeoutExpired:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass   # it has ended, and left its output to others
        return 124, b"it did not end in time\n"

end = time.monotonic() + argument["total"]
for n in range(argument["tries"]):
    if n > 0:
        time.sleep(1)
    code, said = attempt()
    if code == 0 or time.monotonic() > end:
        break
sys.stderr.buffer.write(said)
sys.stderr.flush()
tell(code)
os._exit(0)   # without waiting for what the check left behind
