"""links ADDRESS: prints the name of an address."""

import os
import sys

from links.names import Names


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    print(Names(os.environ.get("LINKS_SECRET", "only for trying it out")).name(sys.argv[1]))
    return 0
