# Merge the base into the working tree without committing; conflicts stay in the files as marks.
# Argument: the base commit. A status other than 0 means conflicts, or that nothing was merged.
set -u
export GIT_CONFIG_GLOBAL=/dev/null GIT_NO_REPLACE_OBJECTS=1
git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c user.name=rig -c user.email=rig@localhost \
    merge --no-commit --no-ff "$1"
status=$?
[ -f .git/MERGE_HEAD ] || exit 2
exit "$((status != 0))"
