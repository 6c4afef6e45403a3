# Two BuildKit daemons and base images, from the lab that lies beside the
# checkout. Sourced by run; uses $work.
# shellcheck shell=bash

lab_state=$(realpath -m -- "${REFIT_LAB_STATE:-${XDG_CACHE_HOME:-$HOME/.cache}/lab}")
lab_job='' lab_started=()

# What the examples and the end-to-end tests start from.
lab_images=(python python-slim python-trixie python-trixie-slim distroless-python distroless-nonroot)

lab() { bash "$work/lab/lab" --state "$@"; }

# lab_begin starts the daemons and builds the images that are missing, beside
# what else is done until lab_wait.
lab_begin() {
  cp -r ../shared/lab "$work/lab"
  local state
  for state in "$lab_state-second" "$lab_state"; do
    lab "$state" status >/dev/null 2>&1 || lab_started+=("$state")
  done
  setsid bash -euc '
    lab=$1 state=$2; shift 2
    eval "$(bash "$lab" --state "$state" up)"
    bash "$lab" --state "$state" images "$@"
    bash "$lab" --state "$state-second" --registry "$LAB_REGISTRY" up
  ' lab "$work/lab/lab" "$lab_state" "${lab_images[@]}" >"$work/lab.log" 2>&1 &
  lab_job=$!
}

# lab_wait waits for that, and says where the builders are.
lab_wait() {
  wait "$lab_job" || { tail -n 50 "$work/lab.log"; echo "the lab did not start"; return 1; }
  lab_job=
  grep -E 'pushed|buildkitd on' "$work/lab.log" || true
  eval "$(lab "$lab_state" env)"
  export REFIT_E2E_BUILDERS="unix://$lab_state/run/buildkitd.sock,unix://$lab_state-second/run/buildkitd.sock"
}

# lab_end stops what lab_begin started, and nothing that ran before.
lab_end() {
  [ -z "$lab_job" ] || kill -- "-$lab_job" 2>/dev/null || true
  local state
  for state in "${lab_started[@]}"; do
    lab "$state" down 2>&1 || true
  done
}
