#!/bin/sh
# Builds the program, lets it run for 20 s under gctrace, asks it for its dump with SIGQUIT (which ends it), and lets a second one start
# into the same log, as a supervisor does: the dump stands in the middle of the traces. Needs Go; takes half a minute.
set -eu
cd "$(dirname "$0")"
program=$(mktemp -d)/sigquit
go build -trimpath -o "$program" main.go
: >stderr.log
for seconds in 20 5; do
	GODEBUG=gctrace=1 "$program" 2>>stderr.log &
	pid=$!
	sleep "$seconds"
	if [ "$seconds" = 20 ]; then kill -QUIT "$pid"; else kill -TERM "$pid"; fi
	wait "$pid" || true
done
