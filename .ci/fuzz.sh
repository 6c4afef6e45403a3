# What the fuzz targets find by searching. Sourced by run; uses $work and step.
# shellcheck shell=bash

# fuzz_all COUNT searches with every target by that many inputs (by time, Go may call
# the end of the time a failure: go.dev/issue/75804). Inputs found before lie under
# testdata/fuzz and are tests like any other. A new one comes by chance and says
# nothing of the change at hand, so it is kept and told at the end rather than
# stopping the run halfway.
fuzz_all() {
  local file target
  mkdir "$work/found"
  git grep -oE '^func Fuzz[A-Za-z0-9]+' -- '*_test.go' >"$work/fuzz"
  while IFS=: read -r file target; do
    target=${target#func }
    step "fuzz $target in $(dirname "$file")"
    if go test -run '^$' -fuzz "^$target\$" -fuzztime "${1}x" -fuzzminimizetime 100x "./$(dirname "$file")" </dev/null >"$work/fuzz.log" 2>&1; then
      tail -n 1 "$work/fuzz.log"
    elif input=$(fuzz_input "$file" "$target"); then
      sed 's/^/  | /' "$work/fuzz.log" | grep -v 'fuzz: elapsed' | tail -n 30
      { echo "$target in $(dirname "$file"):"; sed 's/^/  /' "$input"; } | tee "$work/found/$(dirname "$file" | tr / -)-$target"
      rm "$input"
    else
      tail -n 30 "$work/fuzz.log"
      return 1 # it does not build, or fails without having searched
    fi
  done <"$work/fuzz"
}

# fuzz_input prints the file that the search has just written, if it did.
fuzz_input() {
  local new dir
  dir=$(dirname "$1")/testdata/fuzz/$2
  [ -d "$dir" ] || return
  new=$(git ls-files --others -- "$dir" | head -n 1)
  [ -n "$new" ] && echo "$new"
}

# fuzz_findings tells what was found.
fuzz_findings() {
  local found=("$work"/found/*)
  [ -e "${found[0]}" ] || return 0
  echo "fuzzing found ${#found[@]} new input(s); each is a bug to mend, and a file for testdata/fuzz:"
  cat "${found[@]}"
}
