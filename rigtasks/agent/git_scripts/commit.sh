# Commit the working tree, or a tree that was committed before, on top of where the run started.
# Arguments: start commit, branch, second parent or empty, commit that the change is told against,
# commit whose tree is taken or empty. Standard input: the message.
# The index, the hooks, the HEAD and the configuration an agent may have left are not used.
set -eu
start=$1 branch=$2 other=$3 since=$4 taken=$5
export GIT_DIR=.git GIT_WORK_TREE=. GIT_INDEX_FILE="$TMPDIR/rig-index"
export GIT_NO_REPLACE_OBJECTS=1 GIT_GRAFT_FILE=/dev/null GIT_CONFIG_GLOBAL=/dev/null
git() {
    command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.bare=false \
        -c core.excludesFile="$TMPDIR/rig-excludes" -c core.quotePath=true "$@"
}
printf '%s\n' __pycache__/ '*.pyc' .pytest_cache/ .mypy_cache/ .ruff_cache/ node_modules/ \
    .venv/ .DS_Store > "$TMPDIR/rig-excludes"
rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.lock"
git read-tree "${taken:-$start}"
[ -n "$taken" ] || git add --all -- .
tree=$(git write-tree)
if [ -z "$other" ] && [ "$tree" = "$(git rev-parse --verify "$since^{tree}")" ]; then
    echo empty
    exit 0
fi
if [ -n "$other" ]; then
    commit=$(git commit-tree "$tree" -p "$start" -p "$other")
    git diff-tree -r --name-only -z "$start" "$commit" > "$TMPDIR/rig-changed"
    xargs -0 -r grep -lE '^(<<<<<<<|>>>>>>>) ' -- < "$TMPDIR/rig-changed" \
        > "$TMPDIR/rig-unresolved" 2> /dev/null || :
    sed 's/^/unresolved /' "$TMPDIR/rig-unresolved"
else
    commit=$(git commit-tree "$tree" -p "$start")
fi
rm -f .git/index.lock .git/HEAD.lock .git/MERGE_HEAD .git/MERGE_MSG .git/MERGE_MODE
git update-ref --no-deref "refs/heads/$branch" "$commit"
git symbolic-ref HEAD "refs/heads/$branch"
cp "$GIT_INDEX_FILE" .git/index
echo "commit $commit"
git diff-tree -r --numstat --no-renames "$since" "$commit" | sed 's/^/changed /'
