# What is around refit, tried as it is used: other systems, the manual page, the
# pre-commit hook, the GitHub Action and a release, none of which needs anything
# but Go, Python and git. Sourced by run; uses $work and step.
# shellcheck shell=bash disable=SC2154

goreleaser=github.com/goreleaser/goreleaser/v2@v2.15.1

# fits_systems holds that refit and its tests compile where people work. With
# -trimpath what it compiles is what the release needs.
fits_systems() {
  GOOS=windows go vet -trimpath ./...
  GOOS=darwin GOARCH=arm64 go vet -trimpath ./...
}

# fits_manual has the manual page read by whoever is strict about it.
fits_manual() {
  mandoc -T lint -W warning docs/refit.1 | grep -v 'missing date' >"$work/mandoc.log" || true
  if [ -s "$work/mandoc.log" ]; then cat "$work/mandoc.log"; return 1; fi
  mandoc -T utf8 docs/refit.1 | grep -c . | sed 's/$/ lines of manual/'
}

# scratch makes a repository with Dockerfiles that refit would change, one that
# it leaves alone and one that is not the repository's own.
scratch() {
  mkdir -p "$1/app" "$1/deploy" "$1/vendor/x" "$1/old"
  printf 'FROM python:3.11\nWORKDIR /app\nRUN apt-get update\nRUN apt-get install -y curl\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "main.py"]\n' >"$1/app/Dockerfile"
  printf 'flask\n' >"$1/app/requirements.txt"
  printf 'import flask\n' >"$1/app/main.py"
  cp "$1/app/Dockerfile" "$1/app/worker.Dockerfile"
  cp "$1/app/Dockerfile" "$1/vendor/x/Dockerfile"
  cp "$1/app/Dockerfile" "$1/old/Containerfile"
  printf 'FROM scratch\nCOPY bin /\n' >"$1/deploy/Dockerfile.prod"
  printf 'exclude = ["old"]\n' >"$1/.refit.toml"
  git -C "$1" init -q
  git -C "$1" add -A
  git -C "$1" -c user.name=t -c user.email=t@example.com commit -qm start
}

expect() { grep -qE -- "$1" "$2" || { echo "no $1 in"; cat "$2"; return 1; }; }

# fits_hook runs both hooks by pre-commit itself, from a clone of this repository.
fits_hook() {
  local hooks=$work/hooks repo=$work/hooked log=$work/hook.log rev
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check pre-commit==4.7.0
  git clone -q . "$hooks"
  rev=$(git -C "$hooks" rev-parse HEAD)
  scratch "$repo"
  export PRE_COMMIT_HOME=$work/pre-commit GOMODCACHE
  GOMODCACHE=$(go env GOMODCACHE)
  hook() {
    printf 'repos: [{repo: "%s", rev: "%s", hooks: [{id: %s}]}]\n' "$hooks" "$rev" "$1" >"$repo/.pre-commit-config.yaml"
    git -C "$repo" add -A
    (cd "$repo" && "$work/venv/bin/pre-commit" run --all-files) >"$log" 2>&1
  }
  "$work/venv/bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
  if hook refit-check; then cat "$log"; echo "refit-check passes over Dockerfiles that could be better"; return 1; fi
  expect '^\+\+\+ b/app/Dockerfile' "$log"
  expect '^\+\+\+ b/app/worker.Dockerfile' "$log"
  ! grep -E 'vendor/x|old/Cont' "$log" || return 1
  git -C "$repo" diff --quiet || { echo "refit-check has written"; return 1; }
  if hook refit; then cat "$log"; echo "the hook passes though it wrote"; return 1; fi
  expect 'files were modified by this hook' "$log"
  git -C "$repo" diff --quiet -- vendor old deploy || { echo "the hook wrote what is not its own"; return 1; }
  if ! hook refit || ! hook refit-check; then cat "$log"; echo "the hook's own result does not pass it"; return 1; fi
  unset PRE_COMMIT_HOME
  echo "pre-commit $("$work/venv/bin/pre-commit" --version | cut -d ' ' -f 2): check fails, rewrite rewrites, then both pass"
}

# action runs the action's script as the runner does, with inputs as NAME=VALUE.
action() {
  : >"$work/outputs"
  : >"$work/summary"
  env REFIT_PATHS=. REFIT_ARGS= REFIT_WRITE=false REFIT_FORMAT=github REFIT_FAIL=changes REFIT_VERSION= \
    REFIT_ACTION="$PWD/.github/action" REFIT_REPOSITORY=file:///nowhere RUNNER_TEMP="$work/runner" \
    GITHUB_WORKSPACE="$work/acted" GITHUB_OUTPUT="$work/outputs" GITHUB_STEP_SUMMARY="$work/summary" \
    "$@" bash .github/action/run.sh >"$work/action.log" 2>&1
}

# fits_action tries the script with what a workflow may give it. DIST, when there
# is one, is a release to download.
fits_action() {
  local status=0
  mkdir -p "$work/runner"
  scratch "$work/acted"
  action || status=$?
  [ "$status" = 1 ] || { cat "$work/action.log"; echo "status $status"; return 1; }
  expect '^::(notice|warning|error) .*file=app/Dockerfile' "$work/action.log"
  expect '^changed=2$' "$work/outputs"
  expect '^status=1$' "$work/outputs"
  expect 'app/Dockerfile' "$work/summary"
  action REFIT_FAIL=errors REFIT_FORMAT=sarif
  python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["version"] == "2.1.0"' "$work/runner/refit.sarif"
  expect "^report=$work/runner/refit.sarif$" "$work/outputs"
  action REFIT_ARGS='--only pin-tag --profile secure' REFIT_PATHS=$'app/Dockerfile\ndeploy\n' REFIT_FAIL=never
  expect '^changed=1$' "$work/outputs"
  # shellcheck disable=SC2016 # that is the point
  if action REFIT_PATHS='no; touch pwned' REFIT_ARGS='--only $(touch${IFS}pwned)'; then echo "wrong input passes"; return 1; fi
  [ ! -e "$work/acted/pwned" ] || { echo "input was run"; return 1; }
  git -C "$work/acted" diff --quiet || { echo "the action has written unasked"; return 1; }
  action REFIT_WRITE=true
  expect '^changed=2$' "$work/outputs"
  action
  expect '^changed=0$' "$work/outputs"
  if [ -d "${DIST:-}" ]; then action_release; fi
  echo "the action: annotations, SARIF, outputs, writing, and input that is not run${DIST:+; a release by its checksum}"
}

# action_release has the action download a release, and one that is not right.
action_release() {
  local version dir
  version=$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' "$DIST/metadata.json")
  dir=$work/releases/releases/download/v$version
  mkdir -p "$dir"
  cp "$DIST"/*.tar.gz "$DIST/checksums.txt" "$dir"
  rm -rf "$work/runner" && mkdir "$work/runner"
  action REFIT_VERSION="$version" REFIT_REPOSITORY="file://$work/releases"
  expect '^changed=0$' "$work/outputs"
  for f in "$dir"/*.tar.gz; do echo >>"$f"; done
  if action REFIT_VERSION="$version" REFIT_REPOSITORY="file://$work/releases"; then echo "a file with a wrong checksum is taken"; return 1; fi
  expect 'is not the file that checksums.txt names' "$work/action.log"
}

# fits_release is the dry run of a release: every target, with archives,
# checksums and SBOMs. The files lie in $DIST then.
fits_release() {
  DIST=$PWD/dist
  go run "$goreleaser" release --snapshot --clean --skip=publish,announce >"$work/release.log" 2>&1 || { tail -n 40 "$work/release.log"; return 1; }
  (cd "$DIST" && sha256sum --quiet -c checksums.txt)
  local target name
  for target in linux_amd64.tar.gz linux_arm64.tar.gz darwin_amd64.tar.gz darwin_arm64.tar.gz windows_amd64.zip windows_arm64.zip; do
    name=$(ls "$DIST"/refit_*_"$target")
    python3 - "$name" "${name%_*_*}_${target%%.*}.cdx.json" <<'EOF'
import json, sys, tarfile, zipfile
archive, sbom = sys.argv[1:]
names = zipfile.ZipFile(archive).namelist() if archive.endswith("zip") else tarfile.open(archive).getnames()
want = {"LICENSE", "README.md", "CHANGELOG.md", "man/refit.1", "completions/refit.bash", "completions/refit.zsh", "completions/refit.fish"}
want.add("refit.exe" if archive.endswith("zip") else "refit")
assert set(names) == want, (archive, names)
parts = json.load(open(sbom))["components"]
assert any(c["name"] == "github.com/moby/buildkit" for c in parts), sbom
print(f"{archive.rsplit('/', 1)[1]}: {len(names)} files; {len(parts)} components in the SBOM")
EOF
  done
}
