#!/bin/sh
# clang-tidy, a file a process, as many at once as there are processors. Arguments: FILE… -- COMPILER-FLAGS…
set -eu
files=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	files="$files $1"
	shift
done
[ $# -gt 0 ] && shift
flags="$*"
# shellcheck disable=SC2086 # lists of words
printf '%s\n' $files | xargs -P "$(nproc)" -I{} sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$1" -- '"$flags"' 2>/dev/null || { echo "clang-tidy: $1" >&2; exit 1; }' _ {}
