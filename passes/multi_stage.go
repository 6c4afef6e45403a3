package passes

import "refit/transform"

// multiStage takes the final stage apart into a builder and a runtime.
//
// It is sound because the runtime keeps every step of the original but pip's,
// in order, and gets pip's result as a whole: a virtual environment whose path
// is the same in both stages, on the same base image, so that interpreter,
// C library and scripts fit; where that is uv's own image, the runtime's is the
// plain one under it. The environment's directory comes first in PATH,
// which is how the image found its own Python; what names that by its path, or
// starts programs without the image's PATH, is declined. The environment sees the
// image's own pip, setuptools and wheel, which are the same in both stages, and
// has none of its own. Pip's steps run in the builder as they are written, behind
// the files, settings, variables and packages that stood before them; a step that
// may give pip something else is declined. The runtime loses no package but compilers, headers and what the
// file itself removes again, gets the libraries that programs linked against
// those headers load, and nothing that is left in it may call a compiler.
var multiStagePass = &transform.Pass{
	Name: "multi-stage",
	Doc: transform.Doc{
		Title: "install in a builder stage, run from a small one",
		Text: "Compilers and headers are needed while pip installs, and weigh hundreds of megabytes in an image that " +
			"never compiles again. The pip steps move to a builder stage, into a virtual environment at /opt/venv; the " +
			"final stage, which keeps its name, copies that and has it first in PATH. The environment works with the image's " +
			"own pip and setuptools, which both stages have, so that the runtime carries no second copy. Packages that apt or apk install " +
			"are sorted: compilers and headers go to the builder, libraries that compiled code loads take their place " +
			"in the runtime, tools stay, and what is not known is in both. Steps that run the application stay in the " +
			"runtime. From uv's own image, the runtime goes to the plain Python image under it. Variables that nothing but " +
			"the manager reads (UV_…, POETRY_…) and its installer go with it.",
		Before: "FROM python:3.12-slim-bookworm\nWORKDIR /app\n" +
			"RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev && rm -rf /var/lib/apt/lists/*\n" +
			"COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD [\"python\", \"app.py\"]\n",
		After: "FROM python:3.12-slim-bookworm AS builder\nWORKDIR /app\n" +
			"RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev && rm -rf /var/lib/apt/lists/*\n" +
			"RUN python -m venv --system-site-packages --without-pip /opt/venv \\\n    && cp /usr/local/bin/pip* /opt/venv/bin/ \\\n" +
			"    && sed -i '1s|.*|#!/opt/venv/bin/python|' /opt/venv/bin/pip*\nENV PATH=/opt/venv/bin:$PATH\n" +
			"COPY requirements.txt .\nRUN pip install -r requirements.txt\n\n" +
			"FROM python:3.12-slim-bookworm\nWORKDIR /app\n" +
			"RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n" +
			"COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY . .\nCMD [\"python\", \"app.py\"]\n",
		Files: map[string]string{"requirements.txt": "psycopg2==2.9.9\n", "app.py": "import psycopg2\n"},
		Sources: []string{
			"Docker documentation, multi-stage builds",
			"Python documentation, venv",
			"uv documentation, using uv in Docker: non-editable installs and multi-stage builds",
			"Debian's package indexes, for the libraries behind -dev packages",
		},
	},
	Alters: []string{"base", "path:*", "owner:*", "env:PATH", "env:VIRTUAL_ENV", "env:UV_*", "env:POETRY_*", "env:PIPENV_*", "env:PDM_*", "cmd", "entrypoint", "healthcheck", "stage:*"},
	Declines: []transform.Decline{
		{Key: "absolute-path", When: "a step, a script or a setting names the image's own Python by its path"},
		{Key: "already-split", When: "the final stage takes installed packages from another stage", Already: true},
		{Key: "based-on-stage", When: "the final stage starts from another stage of the file"},
		{Key: "cache-removed", When: "a later step removes the cache of what installs by an rm that fails where there is none"},
		{Key: "compiler-at-run-time", When: "the container itself calls a compiler or pip, which the runtime would lack"},
		{Key: "later-build", When: "a step behind pip's may need the compilers"},
		{Key: "local-install", When: "pip installs the source in place (-e) by more than a link, or a requirement file installs it"},
		{Key: "made-by-step", When: "a step makes what pip installs from, or changes it after a COPY or a mount of the build context brought it"},
		{Key: "manager-at-run-time", When: "the container starts Poetry, uv, Pipenv or PDM for more than to set up the environment, or uv's own image has no other command"},
		{Key: "no-context", When: "a manager installs, and the build context is unknown"},
		{Key: "non-root-install", When: "pip runs as another user than root"},
		{Key: "old-python", When: "the Python version has no way to a virtual environment that works"},
		{Key: "onbuild", When: "the stage has ONBUILD triggers"},
		{Key: "other-base", When: "the base is not an official Python image for Linux that a tag names, nor one of uv's own of which the Python image under it is known"},
		{Key: "other-python", When: "pip belongs to a Python beside the image's own"},
		{Key: "outside-install", When: "a step before pip's installs something that pip may build with"},
		{Key: "own-venv", When: "the file makes a virtual environment of its own"},
		{Key: "package-manager", When: "Poetry, uv, Pipenv or PDM are called in a way that is not understood or beside pip, or conda or easy_install install"},
		{Key: "path-lost", When: "sudo, su, cron, sshd or a login shell would start programs without the environment"},
		{Key: "pip-elsewhere", When: "pip is told to install into another place"},
		{Key: "profile-dev", When: "the profile is “dev”"},
		{Key: "setup-py", When: "setup.py installs or compiles"},
		{Key: "source-before-install", When: "the requirements come with the source, which the context does not tell apart"},
		{Key: "unclear-step", When: "a step cannot be read, or not be cut where pip's part ends"},
		{Key: "unknown-script", When: "the container starts a script that is not in a known build context"},
	},
	Run: runMultiStage,
}

func runMultiStage(f *transform.File) []transform.Finding {
	if f.Final() == nil {
		return nil
	}
	sp, no := planSplit(f)
	switch {
	case no != nil:
		return []transform.Finding{*no}
	case sp == nil:
		return nil
	}
	return []transform.Finding{sp.finding()}
}
