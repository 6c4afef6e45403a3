# Says of each distribution in some directories what its metadata and its code say.
import os
import re

try:
    from importlib import metadata
except ImportError:  # before Python 3.8
    metadata = None

IMPORT = re.compile(rb"(?:^|[;:])[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)|import[ \t]+([A-Za-z_][\w., \t]*))", re.M)
CALL = re.compile(rb"(?:import_module|__import__|import_optional_dependency)\([ \t\n]*[\"']([A-Za-z_][\w.]*)")


ELSEWHERE = re.compile(r"(sys_platform|platform_system|os_name)\s*==\s*['\"](win32|Windows|darwin|Darwin|nt|emscripten)")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def modules(files):
    """The modules among the files, those of namespace packages with their dots."""
    packages = {f.rsplit("/", 1)[0] for f in files if re.search(r"/__init__\.(py|pyc|[^/]*so)$", f)}
    found = set()
    for f in files:
        if not f.endswith((".py", ".so", ".pyd")) or f.startswith(("../", "/")):
            continue
        parts = f.split("/")
        if len(parts) == 1:
            found.add(parts[0].split(".")[0])
            continue
        for i in range(1, len(parts)):
            if "/".join(parts[:i]) in packages:
                found.add(".".join(parts[:i]))
                break
        else:
            found.add(".".join(parts[:-1]))
    return sorted(m for m in found if all(p.isidentifier() for p in m.split(".")))


def requires(dist):
    base, extras = set(), set()
    for text in dist.requires or []:
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", text)
        if match and not (ELSEWHERE.search(text) and " or " not in text):
            (extras if re.search(r"\bextra\s*==", text) else base).add(normal(match.group()))
    return sorted(base), sorted(extras)


def imports(root, files):
    """What the files import, as far as a line tells."""
    found = set()
    for f in files:
        if not f.endswith(".py"):
            continue
        try:
            with open(os.path.join(root, f), "rb") as source:
                text = source.read()
        except OSError:
            continue
        for one, several in IMPORT.findall(text):
            found.update([one] if one else [part.split()[0] for part in several.split(b",") if part.strip()])
        found.update(CALL.findall(text))
    return {m.decode() for m in found}


def main(argument):
    if metadata is None:
        tell({"Error": "Python is older than 3.8"})
        return
    all_dists, owner = [], {}
    for root in argument["dirs"]:
        for dist in metadata.distributions(path=[root]):
            name = dist.metadata["Name"]
            if not name:
                continue
            files = [str(f) for f in dist.files or []]
            base, extras = requires(dist)
            d = {
                "Name": normal(name), "Version": dist.version, "Modules": modules(files), "Complete": bool(files) and not editable(files),
                "Commands": sorted(e.name for e in dist.entry_points if e.group == "console_scripts") if hasattr(dist, "entry_points") else [],
                "Requires": base, "Extras": extras, "Compiled": any(f.endswith((".so", ".pyd")) for f in files),
            }
            # scripts that are files of their own
            d["Commands"] += sorted(f.rsplit("/", 1)[1] for f in files if re.match(r"(\.\./)+bin/[^/]+$", f))
            all_dists.append((d, root, files))
            for m in d["Modules"]:
                owner.setdefault(m, set()).add(d["Name"])
    for d, root, files in all_dists:
        loads = set()
        for m in imports(root, files):
            parts = m.split(".")
            for i in range(1, len(parts) + 1):
                loads |= owner.get(".".join(parts[:i]), set())
        d["Loads"] = sorted(loads - {d["Name"]})
        tell(d)


def editable(files):
    """Whether the code lies elsewhere."""
    return not any(f.endswith((".py", ".so", ".pyd")) for f in files) and any(f.endswith(".pth") for f in files)


main(argument)
