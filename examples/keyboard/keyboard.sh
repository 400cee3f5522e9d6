#!/bin/sh
# A swipe keyboard of a few lines of shell. What its pointer does comes on standard input; words go to standard output.
#   sh examples/keyboard/keyboard.sh [swipes.jsonl]
#     180 30 0.02    the finger is at x, y of a 370 x 222 qwerty, t seconds after it came down
#     up             it is lifted: the word is printed, and the other candidates behind it
#     2              the second of them was meant
#     back           the word is taken back
#     . or ? or !    ends the sentence
#     private        a password begins, or ends
set -eu
umask 077 # what is swiped is nobody else's
swipes=${1:-swipes.jsonl}
pipes=$(mktemp -d)
trap 'rm -rf "$pipes"' EXIT
mkfifo "$pipes/questions" "$pipes/answers"

# One process for as long as the keyboard is there: each line that goes in on 3 is answered by one on 4. It ends with 3.
swipefl predict - --json <"$pipes/questions" >"$pipes/answers" &
exec 3>"$pipes/questions" 4<"$pipes/answers"

# The candidates of an answer, one a line.
words() { printf '%s\n' "$1" | tr '{' '\n' | sed -n 's/.*"word": *"\([^"]*\)".*/\1/p'; }

# A line behind what is there. Where others write to the file too, it has to be one write, which a shell does not promise.
append() { printf '%s\n' "$1" >>"$swipes"; }

commit() {
    word=$1
    before="$said$word "
    [ "$private" = true ] || append "{\"word\": \"$word\", $swipe"
    printf '%s\n' "$2"
}

number=0 points='' said='' before='' private=false word='' swipe='' found=''
session=$(date +%s)-$$
while read -r first second third; do
    case $first${third:+ y t} in
    up)
        number=$((number + 1)) said=$before word=''
        # braces left open: a commit puts the word in front
        swipe="\"gesture_id\": \"$session-$number\", \"keyboard\": \"qwerty\", \"width\": 370, \"height\": 222,"
        swipe="$swipe \"private\": $private, \"before\": \"$said\", \"coords\": [$points]}"
        points=''
        printf '{%s\n' "$swipe" >&3
        read -r answer <&4
        found=$(words "$answer")
        [ -z "$found" ] || commit "$(printf '%s\n' "$found" | sed -n 1p)" "$(printf '%s' "$found" | tr '\n' ' ')"
        ;;
    [1-9])
        chosen=$(printf '%s\n' "$found" | sed -n "${first}p")
        [ -z "$chosen" ] || commit "$chosen" "$chosen"
        ;;
    back)
        [ -n "$word" ] || continue
        [ "$private" = true ] || append "{\"gesture_id\": \"$session-$number\", \"delete\": true}"
        before=$said word='' found=''
        ;;
    [.?!]) before="${before% }$first " word='' found='' ;;
    private)
        [ "$private" = true ] && private=false || private=true
        points='' word='' found='' before='' # another field: nothing of the last one stands before its words
        ;;
    *" y t") points="$points${points:+, }{\"x\": $first, \"y\": $second, \"t\": $third}" ;;
    esac
done
exec 3>&-
wait
