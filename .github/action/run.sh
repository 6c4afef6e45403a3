#!/usr/bin/env bash
# The action's one step. All it is told comes in environment variables, as
# action.yml has them, and no text of a user is ever read as code.
set -euo pipefail
exec 2>&1 # one stream: what is said below of commands holds for what stands between

temp=${RUNNER_TEMP:-$(mktemp -d)}
cd "${GITHUB_WORKSPACE:-.}"

die() { printf '::error title=refit::%s\n' "$1"; exit 2; }

# get_release downloads a release's archive, and takes no file whose checksum is
# not that of the release.
get_release() {
  local version=${REFIT_VERSION#v} os arch ending=tar.gz name url
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    MINGW* | MSYS* | CYGWIN*) os=windows ending=zip ;;
    *) die "there is no release for $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "there is no release for $(uname -m)" ;;
  esac
  name=refit_${version}_${os}_$arch.$ending
  url=$REFIT_REPOSITORY/releases/download/v$version
  mkdir -p "$temp/refit"
  curl -fsSL --retry 3 -o "$temp/refit/$name" "$url/$name" || die "there is no $url/$name"
  curl -fsSL --retry 3 -o "$temp/refit/checksums.txt" "$url/checksums.txt" || die "there is no $url/checksums.txt"
  local sum
  sum=$(sha256 "$temp/refit/$name")
  grep -qxF "$sum  $name" "$temp/refit/checksums.txt" || die "$name is not the file that checksums.txt names"
  if [ "$ending" = zip ]; then
    unzip -qo "$temp/refit/$name" -d "$temp/refit"
  else
    tar xzf "$temp/refit/$name" -C "$temp/refit"
  fi
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

if [ -n "$REFIT_VERSION" ]; then
  get_release
else
  command -v go >/dev/null || die "Go is needed to build refit: use actions/setup-go before, or give a version"
  (cd "$REFIT_ACTION/../.." && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$temp/refit/" ./cmd/refit)
fi
PATH=$temp/refit:$PATH

paths=() args=()
while IFS= read -r line; do
  line=${line%$'\r'}
  [ -z "$line" ] || paths+=("$line")
done <<<"$REFIT_PATHS"
read -r -d '' -a args <<<"$REFIT_ARGS" || true

# no_commands runs a command whose output has names and texts of a repository: none of
# it is a workflow command. Nobody can guess the word that ends this.
no_commands() {
  local word code=0
  word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$word" >&2
  "$@" || code=$?
  printf '\n::%s::\n' "$word" >&2
  return "$code"
}

# What would change, for the outputs.
status=0
refit --check "${args[@]}" -- "${paths[@]}" >/dev/null 2>"$temp/refit.log" || status=$?
no_commands cat "$temp/refit.log" >&2
changed=$(sed -n 's/^refit: [0-9]* files\{0,1\}: \([0-9]*\) would change,.*/\1/p' "$temp/refit.log" | tail -n 1)
changed=${changed:-0}

# show prints in a format. It can only fail for a file as the first run did.
show() { refit --quiet --format "$1" "${args[@]}" -- "${paths[@]}" || [ "$status" = 2 ]; }

report=
if [ "$REFIT_FORMAT" = sarif ]; then
  report=$temp/refit.sarif
  no_commands show sarif >"$report"
elif [ "$REFIT_FORMAT" = github ]; then # its commands are refit's own
  show github
else
  no_commands show "$REFIT_FORMAT"
fi
no_commands show markdown >>"${GITHUB_STEP_SUMMARY:-/dev/null}"

if [ "$REFIT_WRITE" = true ]; then # what is written is nothing to fail for
  status=0
  no_commands refit --write --quiet "${args[@]}" -- "${paths[@]}" || status=$?
fi

{
  echo "changed=$changed"
  echo "status=$status"
  echo "report=$report"
} >>"${GITHUB_OUTPUT:-/dev/null}"

case $REFIT_FAIL in
  never) exit 0 ;;
  errors) [ "$status" -lt 2 ] || exit "$status" ;;
  changes) exit "$status" ;;
  *) die "fail: $REFIT_FAIL: want changes, errors or never" ;;
esac
