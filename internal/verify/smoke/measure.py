# Runs a command and tells how long it took and the most memory that one of its
# processes had. What the command prints goes to standard error.
import os
import resource
import subprocess
import time

words = argument["words"]
if os.path.exists("/bin/sh"):
    words = ["/bin/sh", "-c", argument["command"]]
if not words:
    sys.exit("the command needs a shell, and the image has none")
start = time.perf_counter()
try:
    code = subprocess.call(words, stdin=subprocess.DEVNULL, stdout=2)
except OSError as e:
    sys.exit(str(e))
seconds = time.perf_counter() - start
if code < 0:
    code = 128 - code   # a signal, as a shell has it
# Linux counts in kilobytes.
tell({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, "code": code})
