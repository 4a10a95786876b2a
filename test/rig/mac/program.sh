#!/bin/bash
# A program of the imitated Mac: says how it was called, and does what it is answered (brain.ts).
read -r port </opt/mac/port && exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 69
printf '%s\0' "$0" "$$" "$PPID" "$EUID" "$PWD" "$#" "$@" >&3
IFS= read -r -d '' code <&3 || exit 69
IFS= read -r -d '' out <&3
IFS= read -r -d '' err <&3
words=()
while IFS= read -r -d '' word <&3; do words+=("$word"); done
exec 3>&-
printf %s "$out"
printf %s "$err" >&2
((${#words[@]})) && exec /usr/bin/env -u PWD -u OLDPWD -u SHLVL -u _ "${words[@]}"
exit "$code"
