# Completion of tidelab in fish: the program itself says what may stand at the cursor (`tidelab complete WORD…`).

function __tidelab_files # files|folders|ENDING, what stands before the name, and the name
    set -l begin $argv[3]
    string match -q '~/*' -- $begin; and set begin $HOME(string sub -s 2 -- $begin)
    for path in $begin*
        set -l shown $argv[2]$path
        test $begin = "$argv[3]"; or set shown $argv[2]'~'(string sub -s (math 1 + (string length -- $HOME)) -- $path)
        if test -d $path
            printf '%s\n' $shown/
        else if test $argv[1] = files; or string match -q -- '*.'$argv[1] $path
            printf '%s\n' $shown
        else if test $argv[1] = yaml; and string match -q -- '*.yml' $path
            printf '%s\n' $shown
        end
    end
end

function __tidelab_complete
    set -l word (commandline -ct)
    set -l plain (string unescape -- $word); and set word $plain
    set -l given (commandline -opc) "$word"
    set -l program $given[1]
    string match -q '~/*' -- $program; and set program (string replace '~' $HOME -- $program)
    command -q $program; or set program tidelab
    for line in (command $program complete $given[2..] 2>/dev/null)
        set -l kind (string match -rg '^<(.*)>\t' -- $line)
        if test -z "$kind"
            printf '%s\n' $line
            continue
        end
        set -l head ''
        if string match -q -- '--*=*' $word
            set head (string replace -r '=.*' '=' -- $word)
            set word (string replace -r '^[^=]*=' '' -- $word)
        end
        __tidelab_files $kind "$head" "$word"
    end
end

complete -c tidelab -f -a '(__tidelab_complete)'
