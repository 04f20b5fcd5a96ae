#!/bin/sh
# Holds the table of docs/SAFETY.md, "When something happens", against what a run printed: catalogue.sh TABLE OUTPUT. Each row
# must name a namespace test that passed and did its faults ("passed NAME ... faults N"), or a fault of the simulator that befell
# it ("| faults NAME=N ..."), N above 0; each name in the last column must be one of them. Prints what is missing; exit status 0:
# nothing is.
set -u
table=$1
output=$2

# One name a line, with its row's first column behind it; a row that names nothing gives the name "-".
names=$(awk -F'|' '
	/^## / { inside = ($0 == "## When something happens"); rows = 0 }
	inside && /^\|/ && ++rows > 2 {
		found = 0
		for (rest = $(NF - 1); match(rest, /`[^`]+`/); rest = substr(rest, RSTART + RLENGTH)) {
			print substr(rest, RSTART + 1, RLENGTH - 2) "|" $2
			found++
		}
		if (!found)
			print "-|" $2
	}' "$table")
if [ -z "$names" ]; then
	echo "catalogue: $table has no such table"
	exit 1
fi

# What happened: a name a line, and how many faults.
happened=$(awk '
	$1 == "passed" && match($0, /faults [0-9]+/) { print $2, substr($0, RSTART + 7, RLENGTH - 7) }
	/^sim: .*\| faults / {
		sub(/.*\| faults /, "")
		for (i = 1; i <= NF; i++) {
			split($i, pair, "=")
			print pair[1], pair[2]
		}
	}' "$output")

# faults_of NAME: how many; nothing: it did not happen.
faults_of() {
	echo "$happened" | awk -v name="$1" '$1 == name { print $2; exit }'
}

n=0
missing=0
while IFS='|' read -r name row; do
	n=$((n + 1))
	faults=$(faults_of "$name")
	if [ "$name" = - ]; then
		echo "catalogue: nothing is named for:$row"
	elif [ -z "$faults" ]; then
		echo "catalogue: $name did not pass, or is not there:$row"
	elif [ "$faults" -eq 0 ]; then
		echo "catalogue: $name did no fault:$row"
	else
		continue
	fi
	missing=$((missing + 1))
done <<END
$names
END
echo "catalogue: $((n - missing)) of $n names in $table are in this run, with faults done"
[ "$missing" -eq 0 ]
