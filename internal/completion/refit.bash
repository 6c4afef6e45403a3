# Completions of refit for bash: source <(refit completion bash)

# The paths whose names say that they are Dockerfiles, compose or bake files.
_refit_builds() {
  local path
  while IFS= read -r path; do
    case ${path##*/} in
      *.dockerignore) ;;
      [Dd]ockerfile* | Containerfile* | *.[Dd]ockerfile | *compose*.y*ml | docker-bake*.hcl | docker-bake*.json)
        [[ -d $path ]] || printf '%s\n' "$path" ;;
    esac
  done
}

_refit() {
  local program=${COMP_WORDS[0]/#\~/$HOME} current=${COMP_WORDS[COMP_CWORD]} word about i words=() abouts=()
  [[ $current != = ]] || current=
  while IFS=$'\t' read -r word about; do
    case $word in
      :files | :dirs)
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#words[@]}" words < <(compgen -A "$([[ $word == :dirs ]] && echo directory || echo file)" -- "$current")
        ;;
      :builds)
        compopt -o filenames 2>/dev/null
        i=${#words[@]}
        mapfile -t -O "$i" words < <(compgen -A directory -- "$current"; compgen -A file -- "$current" | _refit_builds)
        # A Dockerfile may have any name.
        ((${#words[@]} > 0)) || mapfile -t -O "$i" words < <(compgen -A file -- "$current")
        ;;
      :*) ;;
      *) words+=("$word") abouts[${#words[@]} - 1]=$about ;;
    esac
  done < <("$program" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # A list that is shown, and not inserted, says what each word is about.
  if [[ ${COMP_TYPE:-} == 63 && ${#words[@]} -gt 1 ]]; then
    for i in "${!abouts[@]}"; do
      [[ -z ${abouts[i]} ]] || words[i]+="  (${abouts[i]})"
    done
  fi
  COMPREPLY=("${words[@]}")
}

complete -F _refit refit
