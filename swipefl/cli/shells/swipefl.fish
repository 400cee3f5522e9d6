# Completion of swipefl for fish: swipefl completion fish > ~/.config/fish/completions/swipefl.fish

function __swipefl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string collect)
    set -l program $words[1]
    set -e words[1]
    set -l offers (_SWIPEFL_COMPLETE=fish $program $words "$current" 2>/dev/null)
    if test "$offers[1]" = files
        set -l start (string match -r -- '^--[^=]+=' $current)
        for path in (__fish_complete_path (string replace -- "$start" '' $current))
            echo "$start$path"
        end
    end
    set -e offers[1]
    string join \n -- $offers
end

complete --command swipefl --no-files --arguments '(__swipefl_complete)'
