# shellcheck shell=bash
# Completion of swipefl for bash: `source <(swipefl completion bash)` in ~/.bashrc, or
# swipefl completion bash > ~/.local/share/bash-completion/completions/swipefl

_swipefl() {
    # COMP_WORDS is split at = and : too: words that no blank stands between are one.
    local rest=${COMP_LINE:0:COMP_POINT} word i current offer words=() offers=()
    for ((i = 0; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $i -gt 0 && $rest == "$word"* ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        rest=${rest#*"$word"}
    done
    if [[ $rest == [[:space:]]* ]]; then
        words+=("${rest#"${rest%%[![:space:]]*}"}")
    else
        words[${#words[@]} - 1]+=$rest
    fi
    current=${words[${#words[@]} - 1]}
    while IFS= read -r offer; do
        offers+=("${offer%%$'\t'*}")
    done < <(_SWIPEFL_COMPLETE=bash "${1/#\~/$HOME}" "${words[@]:1}" 2>/dev/null)
    COMPREPLY=()
    for offer in "${offers[@]:1}"; do
        # What stands before the last = or : is no part of what readline replaces.
        if [[ $current == [!\"\']*[=:]* && $COMP_WORDBREAKS == *[=:]* ]]; then
            offer=${offer#"${current%"${current##*[=:]}"}"}
        fi
        COMPREPLY+=("$offer")
    done
    if [[ ${offers[0]} == files ]]; then
        compopt -o default 2>/dev/null
    fi
}

complete -F _swipefl swipefl
