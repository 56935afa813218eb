# Write the commits of the run, and nothing else, as a bundle to standard output.
# Arguments: start commit, branch, second parent or empty.
set -eu
export GIT_DIR=.git GIT_NO_REPLACE_OBJECTS=1 GIT_GRAFT_FILE=/dev/null GIT_CONFIG_GLOBAL=/dev/null
exec git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.bare=false \
    bundle create --quiet - "refs/heads/$2" "^$1" ${3:+"^$3"}
