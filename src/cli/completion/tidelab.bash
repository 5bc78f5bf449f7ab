# shellcheck shell=bash
# Completion of tidelab in bash: the program itself says what may stand at the cursor (`tidelab complete WORD…`).

# The words of the line up to the cursor: bash cuts them also at `=` and `:`, which stand within a node and behind an option.
_tidelab_words() {
    local rest=${COMP_LINE:0:COMP_POINT} part i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        part=${COMP_WORDS[i]}
        if [[ $rest == [[:space:]]* || i -eq 0 ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("")
        fi
        if [[ $i -eq $COMP_CWORD || ${rest:0:${#part}} != "$part" ]]; then part=$rest; fi
        words[${#words[@]} - 1]+=$part
        rest=${rest:${#part}}
    done
}

# Without its quotes.
_tidelab_plain() {
    local text=$1 out='' c quote=''
    if [[ $text != *[\\\"\']* ]]; then
        plain=$text
        return
    fi
    while [[ -n $text ]]; do
        c=${text:0:1} text=${text:1}
        if [[ $c == "$quote" ]]; then
            quote=''
        elif [[ -z $quote && ( $c == \' || $c == \" ) ]]; then
            quote=$c
        elif [[ $c == \\ && $quote != \' ]]; then
            out+=${text:0:1} text=${text:1}
        else
            out+=$c
        fi
    done
    plain=$out
}

_tidelab_files() { # files|folders|ENDING, and what the name begins with
    local name endings=("$1") kinds=(-d)
    case $1 in
        files) kinds=(-f) endings=() ;;
        folders) endings=() ;;
        yaml) endings=(yaml yml) ;;
    esac
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(
        compgen "${kinds[@]}" -- "$2"
        for ending in "${endings[@]}"; do compgen -f -X "!*.$ending" -- "$2"; done
    )
}

_tidelab() {
    local program=$1 words plain i cut='' word kind=''
    local -a given=()
    [[ $program == \~/* ]] && program=$HOME/${program:2}
    type -P -- "$program" >/dev/null || program=tidelab
    _tidelab_words
    for ((i = 1; i < ${#words[@]}; i++)); do
        _tidelab_plain "${words[i]}"
        given+=("$plain")
    done
    # What bash takes for the word begins behind the last `=` or `:`; it keeps what is before.
    word=${words[${#words[@]} - 1]}
    for ((i = ${#word} - 1; i >= 0; i--)); do
        if [[ ${word:i:1} == [=:] && $COMP_WORDBREAKS == *"${word:i:1}"* ]]; then
            cut=${word:0:i+1}
            break
        fi
    done
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [[ $word == \<*\> ]]; then
            kind=${word:1:${#word}-2}
            continue
        fi
        [[ $word == *= ]] && compopt -o nospace 2>/dev/null
        word=${word#"$cut"}
        # Whatever a topology calls its things, it is inserted as one word.
        [[ $word == *[!A-Za-z0-9_.,:=/@%+-]* ]] && printf -v word '%q' "$word"
        COMPREPLY+=("$word")
    done < <("$program" complete "${given[@]}" 2>/dev/null)
    if [[ -n $kind ]]; then
        word=${words[${#words[@]} - 1]}
        [[ $word == --*=* ]] && word=${word#*=}
        _tidelab_files "$kind" "$word"
    fi
}

complete -F _tidelab tidelab
