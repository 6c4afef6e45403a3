# Prints those of the named files that are shell scripts. A name without a slash
# is looked for on PATH and, as a shell's argument is, in the working directory.
import os
import re
import shutil

for name in argument:
    for path in {shutil.which(name), name} - {None}:
        try:
            if not os.path.isfile(path) or os.path.getsize(path) > 100000:
                continue
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        if re.match(r"#!.*sh\b", text) or path.endswith(".sh"):
            tell(text)
