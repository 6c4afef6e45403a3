#compdef refit
# Completions of refit for zsh: source <(refit completion zsh), or as a file _refit in $fpath

_refit() {
  local line kind=
  local -a found
  for line in "${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :*) kind=${line#:} ;;
      *$'\t'?*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      ?*) found+=("${${line%%$'\t'*}//:/\\:}") ;;
    esac
  done
  (( ! $#found )) || _describe -V 'refit' found
  [[ $PREFIX != --*=* ]] || compset -P '*='
  case $kind in
    files) _files ;;
    dirs) _files -/ ;;
    # a file of another name where there is none of these: a Dockerfile may have any
    builds) _files -g '([Dd]ockerfile*|Containerfile*|*.[Dd]ockerfile|*compose*.y*ml|docker-bake*.(hcl|json))~*.dockerignore(-.)' ;;
  esac
}

if [[ ${funcstack[1]} == _refit ]]; then
  _refit "$@"
else
  compdef _refit refit
fi
