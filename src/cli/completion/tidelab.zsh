#compdef tidelab
# Completion of tidelab in zsh: the program itself says what may stand at the cursor (`tidelab complete WORD…`).

_tidelab() {
  local line program=${(Q)words[1]} kind=
  local -a given plain open
  [[ $program == '~/'* ]] && program=$HOME/${program#'~/'}
  (( $+commands[$program] )) || [[ -x $program ]] || program=tidelab
  given=(${(@Q)words[2,CURRENT-1]} "${(Q)PREFIX}")
  local word about
  while IFS=$'\t' read -r word about; do
    if [[ $word == \<*\> ]]; then
      kind=${word[2,-2]}
    elif [[ $word == *= ]]; then
      open+=("${word//:/\\:}${about:+:$about}")
    else
      plain+=("${word//:/\\:}${about:+:$about}")
    fi
  done < <($program complete "${given[@]}" 2>/dev/null)
  local found=1
  (( $#plain )) && _describe -t words tidelab plain && found=0
  (( $#open )) && _describe -t words tidelab open -S '' && found=0
  [[ -n $kind && $PREFIX == --*=* ]] && compset -P '*='
  case $kind in
    '') ;;
    files) _files && found=0 ;;
    folders) _files -/ && found=0 ;;
    yaml) _files -g '*.(yaml|yml)' && found=0 ;;
    jsonl) _files -g '*.jsonl' && found=0 ;;
  esac
  return found
}

if [[ $funcstack[1] == _tidelab ]]; then
  _tidelab "$@"
else
  compdef _tidelab tidelab
fi
