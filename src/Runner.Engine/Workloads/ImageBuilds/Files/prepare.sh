#!/bin/sh
# Makes the build context of a space: clones it, fetches its large files, adds what its SDK needs and removes what must not get into an image.
#
# Environment: SPACE_URL, GIT_REF, GIT_USER, SDK, REPO_NAME as in the request; GIT_TOKEN_FILE names the file that holds the token (no file, no
# credentials); SHARED_DIR is where the context goes, as a folder named REPO_NAME. Runs in any POSIX shell, busybox's among them.
set -eu
umask 022
unset GIT_TRACE GIT_TRACE_CURL GIT_TRACE_PACKET GIT_CURL_VERBOSE GIT_DIR GIT_WORK_TREE GIT_ASKPASS SSH_ASKPASS || true

here=$(cd "$(dirname "$0")" && pwd)
context="${SHARED_DIR:-/shared}/$REPO_NAME"
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
trap 'exit 143' INT TERM

say() { printf '==> %s\n' "$*"; }
fail() {
    printf 'ERROR: %s\n' "$*" >&2
    exit 1
}

# Writes a file of the context anew from stdin. A link of that name in the repository must not lead the writing elsewhere.
put() {
    rm -rf "${context:?}/$1"
    cat >"$context/$1"
}

configure_git() {
    case "$SPACE_URL" in
        http://*@* | https://*@*) fail "the address of the repository must not hold credentials" ;;
        http://* | https://*) ;;
        *) fail "the address of the repository must begin with http:// or https://" ;;
    esac

    export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_LFS_SKIP_SMUDGE=1
    git config --global safe.directory '*'
    git config --global advice.detachedHead false
    git config --global init.defaultBranch main
    git config --global core.hooksPath /dev/null

    # The token goes to the repository's own host and to no other, whatever the repository's files name as their place of large files.
    if [ -s "${GIT_TOKEN_FILE:-/nonexistent}" ]; then
        scheme=${SPACE_URL%%://*}
        rest=${SPACE_URL#*://}
        git config --global "credential.$scheme://${rest%%/*}.helper" "!sh '$here/git-credential.sh'"
    fi
}

clone() {
    ref=${GIT_REF:-HEAD}
    case "$ref" in
        -*) fail "'$ref' is not a branch, tag or commit" ;;
    esac

    say "Cloning $SPACE_URL at $ref"
    rm -rf "${context:?}"
    mkdir -p "$context"
    cd "$context"
    git init -q .
    git remote add origin "$SPACE_URL"

    # Some servers give a commit only to those who fetch everything.
    if git fetch -q --depth 1 origin "$ref" 2>"$HOME/fetch"; then
        commit=$(git rev-parse FETCH_HEAD)
    else
        git fetch -q --tags origin '+refs/heads/*:refs/remotes/origin/*' || fail "the repository cannot be fetched: check its address, the token and that the hub is reachable from here"
        commit=$(git rev-parse --verify -q "refs/remotes/origin/$ref^{commit}" || git rev-parse --verify -q "refs/tags/$ref^{commit}" \
            || git rev-parse --verify -q "$ref^{commit}") || fail "there is no branch, tag or commit '$ref' in the repository"
    fi

    git checkout -q --detach "$commit"
    say "Checked out commit $commit"
}

fetch_large_files() {
    if ! git lfs version >/dev/null 2>&1; then
        if git grep -q 'filter=lfs' -- .gitattributes '**/.gitattributes' 2>/dev/null; then
            fail "the repository keeps large files with Git LFS, which the image for Git does not have"
        fi
        return 0
    fi

    count=$(git lfs ls-files --name-only | wc -l | tr -d ' ')
    if [ "$count" != 0 ]; then
        say "Fetching $count large files"
        git lfs install --skip-repo >/dev/null
        git lfs pull origin || fail "the large files of the repository cannot be fetched"
    fi
}

# The context is built in a container that holds the registry's credentials: a link that leads out of the repository would reach them.
remove_links_that_lead_out() {
    find . -path ./.git -prune -o -type l -print >"$HOME/links"
    while IFS= read -r link; do
        case "$(readlink -f "$link" || true)" in
            "$(pwd -P)"/*) ;;
            *)
                say "Leaving out $link: it links to something outside the repository"
                rm -f "$link"
                ;;
        esac
    done <"$HOME/links"
}

need() { [ -f "$1" ] || fail "the repository has no file $1, which a $SDK space needs"; }

add_python() {
    need app.py
    put Dockerfile <"$here/Dockerfile-python"
    put start_entrypoint.sh <"$here/start-$SDK.sh"
    chmod 755 start_entrypoint.sh
    for list in packages.txt pre-requirements.txt requirements.txt; do
        if [ -f "$list" ]; then
            tr -d '\r' <"$list" >"$HOME/list"
        else
            : >"$HOME/list"
        fi
        put "$list" <"$HOME/list"
    done

    # System packages are read by xargs, which knows no comments.
    sed 's/#.*//' packages.txt >"$HOME/list"
    put packages.txt <"$HOME/list"
    keep Dockerfile start_entrypoint.sh packages.txt pre-requirements.txt requirements.txt
}

add_nginx() {
    put Dockerfile <"$here/Dockerfile-nginx"
    [ -f nginx.conf ] || put nginx.conf <"$here/nginx.conf"
    keep Dockerfile nginx.conf
}

# What the Dockerfile copies is part of the context, whatever the space leaves out of it.
keep() {
    rm -f Dockerfile.dockerignore
    if [ -f .dockerignore ]; then
        cat .dockerignore >"$HOME/ignore"
        printf '\n' >>"$HOME/ignore"
        printf '!%s\n' "$@" >>"$HOME/ignore"
        put .dockerignore <"$HOME/ignore"
    fi
}

configure_git
clone
fetch_large_files
remove_links_that_lead_out
case "$SDK" in
    gradio | streamlit | mcp_server) add_python ;;
    nginx) add_nginx ;;
    docker) need Dockerfile ;;
    *) fail "'$SDK' is not an SDK that can be built: gradio, streamlit, nginx, docker and mcp_server are" ;;
esac
rm -rf .git
say "The build context of the $SDK space is ready"
