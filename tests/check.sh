#!/bin/sh
# Runs every test of a build and sums them: check.sh BUILD SEEDS. Unit tests, the simulator (a seed counts as one test) and
# the namespace tests; then whether each row of the catalogue of faults (docs/SAFETY.md) was tested by them. The last line is
# "N passed, N failed". A part that crashed, or printed no count, counts as failed.
set -u
build=$1
seeds=$2
passed=0
failed=0
log=$(mktemp "${TMPDIR:-/tmp}/hamon-check.XXXXXX") || exit 1
all=$(mktemp "${TMPDIR:-/tmp}/hamon-check.XXXXXX") || exit 1
trap 'rm -f "$log" "$all"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# show COMMAND...: runs it, its output shown and kept in $log, and in $all; its exit status in $status.
show() {
	echo "== $*"
	{ "$@" 2>&1; echo "exit status $?"; } | tee "$log" | grep -v '^exit status '
	status=$(sed -n '$s/^exit status //p' "$log")
	cat "$log" >>"$all"
}

# last EXPRESSION: what sed -n makes of the output; the last line of it.
last() {
	sed -n "$1" "$log" | tail -n 1
}

# add PASSED FAILED: sums up; a part that ended badly without a failure to show for it has one.
add() {
	part_passed=$1
	part_failed=$2
	if [ -z "$part_passed" ] || [ -z "$part_failed" ]; then
		echo "== no count: this part failed"
		part_passed=0
		part_failed=1
	elif [ "$status" -ne 0 ] && [ "$part_failed" -eq 0 ]; then
		echo "== no test failed, and the exit status is $status: this part failed"
		part_failed=1
	fi
	passed=$((passed + part_passed))
	failed=$((failed + part_failed))
}

# Criterion's summary: "Synthesis: Tested: 12 | Passing: 12 | Failing: 0 | Crashing: 0 ".
show "$build/tests/unit-tests" --color=never
tested=$(last 's/.*Synthesis: Tested: \([0-9]*\) .*/\1/p')
passing=$(last 's/.*Synthesis: .*Passing: \([0-9]*\) .*/\1/p')
if [ -n "$tested" ] && [ -n "$passing" ] && [ "$tested" -gt 0 ]; then
	add "$passing" $((tested - passing))
else
	add "" ""
fi

# "sim: seeds=2000 ... violations=0 ..."
show "$build/tests/simulator" --seeds "$seeds"
run=$(last 's/^sim: .*seeds=\([0-9]*\).*/\1/p')
violations=$(last 's/^sim: .*violations=\([0-9]*\).*/\1/p')
if [ -n "$run" ] && [ -n "$violations" ] && [ "$run" -gt 0 ]; then
	[ "$violations" -le "$run" ] || violations=$run
	add $((run - violations)) "$violations"
else
	add "" ""
fi

show "$build/tests/netns-tests" --hamon "$build/hamon/hamon"
add "$(last 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p')" "$(last 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p')"

# One test more, that no fault is forgotten.
show tests/catalogue.sh docs/SAFETY.md "$all"
if [ "$status" -eq 0 ]; then
	add 1 0
else
	add 0 1
fi

echo "== unit tests, simulator, namespace tests and catalogue together:"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
