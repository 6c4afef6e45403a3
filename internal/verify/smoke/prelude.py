# Only the standard library is wanted here, and nothing of the application's that
# has the name of one of its modules. posix is part of the interpreter.
import sys
from posix import environ
if sys.version_info < (3, 5):
    sys.exit("Python %d.%d is older than 3.5" % sys.version_info[:2])
theirs = environ.get(b"PYTHONPATH", b"").decode("utf-8", "replace").split(":")
sys.path[:] = [p for p in sys.path if p and p not in theirs]
import json
argument = json.loads(sys.argv[1])

def tell(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()

