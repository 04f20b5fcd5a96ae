#!/bin/sh
# clang-tidy, a file a process (several in one confuse its analyser), as many at once as there are processors.
# Arguments: FILE… -- COMPILER-FLAGS…
set -eu
list=$(mktemp)
trap 'rm -f "$list"' EXIT
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	printf '%s\n' "$1" >>"$list"
	shift
done
[ $# -gt 0 ] && shift
# What it says on stderr is a count of the warnings in other people's headers.
xargs -a "$list" -P "$(nproc)" -I{} clang-tidy --quiet --warnings-as-errors='*' {} -- "$@" 2>/dev/null
