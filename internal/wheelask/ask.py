"""Asks pip which files it would install, and installs nothing.

The argument is base64 of JSON: options (of the index), resolve (requirements, whose
whole closure is asked for) and constraints, wants ([[name, specifier], ...]) and
targets ([{id, python, platforms}]). The answers go to /tmp/refit-wheels.json: for each
target and want the file that pip takes, or the files of the release where it takes none.
Python 3.6 and pip 20 must do.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BATCH = 10  # packages asked for at once: a missing one has these asked for again
OUT = "/tmp/refit-wheels.json"
ENV = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_USER="0",
           PIP_REQUIRE_HASHES="0", PIP_ROOT_USER_ACTION="ignore", PIP_REQUIRE_VIRTUALENV="0")
QUESTION = json.loads(base64.b64decode(sys.argv[1]).decode())
OPTIONS = [os.path.expandvars(o) for o in QUESTION["options"]]
TMP = tempfile.mkdtemp()


def pip(*args):
    p = subprocess.Popen([sys.executable, "-m", "pip"] + list(args) + OPTIONS, env=ENV,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = p.communicate()[0].decode("utf-8", "replace")
    return p.returncode, out


def write(name, lines):
    path = os.path.join(TMP, name)
    with open(path, "w") as f:
        f.write("".join(line + "\n" for line in lines))
    return path


def installs(report):
    """The packages of a report of pip install."""
    with open(report) as f:
        for item in json.load(f)["install"]:
            url = item["download_info"]["url"].split("#")[0]
            yield normal(item["metadata"]["name"]), item["metadata"]["version"], url.rsplit("/", 1)[-1]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def last(out):
    """What went wrong, in pip's words."""
    said = [line.strip() for line in out.splitlines() if line.strip()]
    lines = [line for line in said if line.startswith("ERROR:")]
    # what a build of metadata says; pip's own frame around it says nothing
    lines = lines or [line for line in said if re.match(r"([A-Za-z.]*Error|error): (?!subprocess-exited|metadata-generation)", line)]
    lines = lines or [line for line in said if not re.match(r"(hint|note): |\[notice\]", line)]
    return (lines or ["pip failed"])[-1][:500]


def restrict(target):
    args = ["--only-binary=:all:", "--no-deps", "--implementation", "cp", "--python-version", target["python"]]
    for platform in target["platforms"]:
        args += ["--platform", platform]
    return args


def one(target, want):
    """One package, by pip download: every pip can do that."""
    name, spec = want
    dest = tempfile.mkdtemp(dir=TMP)
    code, out = pip("download", "-vv", "-d", dest, *(restrict(target) + [name + spec]))
    files = os.listdir(dest)
    shutil.rmtree(dest)
    if code == 0 and files:
        return {"file": files[0]}
    if "No matching distribution found" not in out:
        return {"error": last(out)}
    names = {n.replace("%2B", "+") for n in re.findall(r"/([^/\s#]+\.(?:whl|zip|tar\.gz|tgz|tar\.bz2))(?=[#\s])", out)}
    version = spec[2:] if spec.startswith("==") else ""
    return {"files": sorted(n for n in names if of_version(n, version))}


def of_version(name, version):
    if name.endswith(".whl"):
        return not version or name.split("-")[1] == version
    return not version or re.search("-" + re.escape(version) + r"\.(zip|t)", name) is not None


def many(target, wants):
    """Some packages at once, by pip install's report; what has no wheel is taken out."""
    answers, left = {}, list(wants)
    # So that a wheel need not be fetched to be read: a dry run of a new pip fetches
    # none, an older one only when all packages were found.
    lazy = ["--use-feature=fast-deps"] if "fast-deps" in pip("install", "--help")[1] else []
    while left:
        batch = {}
        for want in left:
            if len(batch) < BATCH:
                batch.setdefault(want[0], want)
        report = os.path.join(TMP, "report.json")
        reqs = write("wants.txt", [name + spec for name, spec in batch.values()])
        code, out = pip("install", "--dry-run", "--ignore-installed", "--target", os.path.join(TMP, "t"),
                        "--report", report, "-r", reqs, *(restrict(target) + lazy))
        if code == 0:
            found = {name: f for name, _, f in installs(report)}
            for want in batch.values():
                answers["".join(want)] = {"file": found[want[0]]} if want[0] in found else one(target, want)
            left = [w for w in left if batch.get(w[0]) is not w]
            continue
        m = re.search(r"No matching distribution found for ([A-Za-z0-9._-]+)", out)
        if m and normal(m.group(1)) in batch:
            culprit = batch[normal(m.group(1))]
            answers["".join(culprit)] = one(target, culprit)
            left.remove(culprit)
            continue
        for want in batch.values():  # one of them is the trouble, which is told of that one alone
            answers["".join(want)] = one(target, want)
        left = [w for w in left if batch.get(w[0]) is not w]
    return answers


def resolve():
    """The closure of requirements, as this image would install it."""
    report = os.path.join(TMP, "closure.json")
    args = ["-r", write("resolve.txt", QUESTION["resolve"])]
    if QUESTION["constraints"]:
        args += ["-c", write("constraints.txt", QUESTION["constraints"])]
    code, out = pip("install", "--dry-run", "--ignore-installed", "--report", report, *args)
    if code != 0:
        return None, last(out)
    return [[name, "==" + version] for name, version, _ in installs(report)], ""


def main():
    code, out = pip("--version")
    if code != 0:
        return {"error": "no pip: " + last(out)}
    version = out.split()[1]
    batches = [int(n) for n in re.findall(r"\d+", version)[:2]] >= [22, 2]
    answer = {"pip": version, "targets": {}, "resolved": None, "unresolved": ""}
    wants = QUESTION["wants"]
    if QUESTION["resolve"] and batches:
        answer["resolved"], answer["unresolved"] = resolve()
        wants = wants + [w for w in answer["resolved"] or [] if w not in wants]
    elif QUESTION["resolve"]:
        answer["unresolved"] = "pip %s has no dry run" % version
    for target in QUESTION["targets"]:
        known = [w for w in wants if "".join(w) not in target["known"]]
        answer["targets"][target["id"]] = many(target, known) if batches else {"".join(w): one(target, w) for w in known}
    return answer


RESULT = main()
with open(OUT, "w") as f:
    json.dump(RESULT, f)
shutil.rmtree(TMP)
