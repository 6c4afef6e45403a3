# The Debian packages that the checks use, those that are missing: the shells whose
# completions are tried, mandoc, Python for pre-commit, and a Chromium for the tests
# of the review page. Sourced by run; uses $work.
# shellcheck shell=bash

# tools_begin comes before anything else may call apt.
tools_begin() {
  local tool sudo='' missing=()
  for tool in zsh fish mandoc; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
  browser || missing+=(chromium)
  # Without a browser the tests that need one are skipped; here they must not be.
  export REFIT_BROWSER_TESTS=1
  [ "${#missing[@]}" != 0 ] || return 0
  echo "to be installed: ${missing[*]}"
  [ "$(id -u)" = 0 ] || sudo=sudo
  if ! { $sudo apt-get update -q &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1; then
    tail -n 20 "$work/apt.log"
    return 1
  fi
}

browser() {
  local name
  for name in chromium chromium-browser google-chrome chrome; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}
