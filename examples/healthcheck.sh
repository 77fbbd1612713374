#!/bin/sh
# Is an unattended dataset well? Reads what `dsbuild run --metrics FILE` has written.
#
#     healthcheck.sh FILE [HOURS [GIGABYTES]]
#
# Exit code 0 and "ok" where the last run is no older than HOURS (2), did not end with a fault
# of ours, and GIGABYTES (10) are free on the dataset's disk; else 1 and what is wrong.
set -u
file=${1:?name the file that dsbuild run --metrics writes} hours=${2:-2} gigabytes=${3:-10}

fail() { echo "$1"; exit 1; }
value() { sed -n "s/^dsbuild_$1{.*} //p" "$file" | head -n 1; }
holds() { awk "BEGIN { exit !($1) }"; }

[ -r "$file" ] || fail "$file cannot be read: has dsbuild run ever ended?"
ended=$(value run_end_time_seconds) code=$(value run_exit_code) free=$(value disk_free_bytes)
[ -n "$ended" ] && [ -n "$code" ] || fail "$file holds no metrics of dsbuild"

holds "$(date +%s) - $ended <= $hours * 3600" || fail "the last run ended more than $hours h ago"
case $code in
    0.0 | 2.0 | 130.0) ;;
    *) fail "the last run ended with code ${code%.0}: see the dataset's logs/run.log" ;;
esac
[ -z "$free" ] || holds "$free >= $gigabytes * 1e9" || fail "less than $gigabytes GB are free"
echo ok
