#!/usr/bin/env bash
# Plants one known bug after another and demands that the tests named for it find it.
#
#   run.sh             the named tests pass as things stand; then each patch, planted into a copy of the work tree,
#                      still builds and makes every test named in it fail by an assertion
#   run.sh 03 11       the same for these patches only
#   run.sh check       fast: every patch applies, every named test exists, README.md lists exactly these patches
#   run.sh table       prints the table of README.md
#
# Never touches the work tree. The copy and what is built from it lie in the target folder and are kept between runs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/planted
tree=$work/tree
cargo=${CARGO:-cargo}
export CARGO_TERM_COLOR=never NO_COLOR=1
# The copy is no repository of its own: git must not look for one above it, or it would skip every file of a patch.
export GIT_CEILING_DIRECTORIES=$work

complain() {
    echo "planted: $*" >&2
    exit 1
}

fear_of() { sed -n 's/^Fear: //p' "$1"; }
tests_of() { sed -n 's/^Caught-by: //p' "$1"; }
files_of() { sed -n 's|^+++ b/||p' "$1"; }

# Which part of a package holds a test: nextest's name of its program gives it away.
selection() {
    case $1 in
    *::*) echo "-p ${1%%::*} --test ${1#*::}" ;;
    *) echo "-p $1 --lib" ;;
    esac
}

table() {
    echo '| | The fear | The planted bug | Caught by |'
    echo '| --- | --- | --- | --- |'
    local patch
    for patch in "$here"/*.patch; do
        local name=${patch##*/}
        echo "| [${name%%-*}]($name) | $(fear_of "$patch") | $(files_of "$patch" | sed 's/.*/`&`/' | paste -sd' ') | $(
            tests_of "$patch" | sed 's/^\(\S*\) \(.*\)$/`\2` (\1)/' | paste -sd'~' | sed 's/~/, /g'
        ) |"
    done
}

# What can rot is found here, without building anything that the tests do not need anyway.
check() {
    local known patch
    known=$(cd "$root" && "$cargo" nextest list --workspace -T oneline)
    for patch in "$here"/*.patch; do
        local name=${patch##*/}
        (cd "$root" && git apply --check "$patch") || complain "$name no longer applies: plant its bug anew"
        [ -n "$(fear_of "$patch")" ] || complain "$name names no fear"
        [ -n "$(tests_of "$patch")" ] || complain "$name names no test"
        while read -r test; do
            grep -Fxq -- "$test" <<<"$known" || complain "$name names a test that does not exist: $test"
        done < <(tests_of "$patch")
    done
    diff <(table) <(sed -n '/^| | The fear/,/^$/p' "$here/README.md" | grep '^|') >/dev/null ||
        complain "README.md lists other patches than there are: put the output of '$0 table' into it"
    echo "planted: $(ls "$here"/*.patch | wc -l) patches apply, and their tests exist"
}

copy() {
    rm -rf "$tree"
    mkdir -p "$tree"
    (
        cd "$root"
        git ls-files -z --cached --others --exclude-standard --deduplicate |
            while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
            tar --null --files-from=- --create --file=-
    ) | tar --extract --directory="$tree"
    # A run that was broken off has left a bug in what it built: what any patch touches is newer than that.
    (cd "$tree" && cat "$here"/*.patch | sed -n 's|^+++ b/||p' | sort -u | xargs touch)
}

# The server itself is not built here, which would double the time: a test that starts it cannot be named in a patch,
# and finds no program.
in_tree() {
    (cd "$tree" && MADOGUCHI_BIN=/nonexistent CARGO_TARGET_DIR=$work/target CARGO_PROFILE_DEV_DEBUG=0 "$@")
}

build() {
    # shellcheck disable=SC2046 # the words of a selection are arguments
    in_tree "$cargo" nextest run --no-run $(selection "$1")
}

run_one() {
    # shellcheck disable=SC2046
    in_tree "$cargo" nextest run --retries 0 $(selection "$1") -E "binary_id(=$1) & test(=$2)"
}

sound() {
    local program test
    for program in $(for patch in "$@"; do tests_of "$patch"; done | cut -d' ' -f1 | sort -u); do
        build "$program" >"$work/log" 2>&1 || { tail -50 "$work/log"; complain "$program does not build without a patch"; }
        local filter=''
        while read -r test; do
            filter="$filter | test(=$test)"
        done < <(for patch in "$@"; do tests_of "$patch"; done | sort -u | sed -n "s/^$program //p")
        # shellcheck disable=SC2046
        in_tree "$cargo" nextest run --no-fail-fast $(selection "$program") \
            -E "binary_id(=$program) & (${filter# | })" >"$work/log" 2>&1 ||
            { tail -80 "$work/log"; complain "tests of $program fail without a patch"; }
        echo "planted: $program is sound: $(grep -o '[0-9]* tests\? run: .*' "$work/log" | tail -1)"
    done
}

plant() {
    local patch=$1 began=$SECONDS program test
    local name=${patch##*/}
    name=${name%.patch}
    (cd "$tree" && git apply "$patch") || complain "$name no longer applies"
    for program in $(tests_of "$patch" | cut -d' ' -f1 | sort -u); do
        build "$program" >"$work/log" 2>&1 || { tail -50 "$work/log"; complain "$name does not build: a compiler is no test"; }
    done
    while read -r program test; do
        local code=0
        run_one "$program" "$test" >"$work/log" 2>&1 </dev/null || code=$?
        # 100 says that a test failed. Whether by its own assertion, and not by a crash or by its time being up, is told by
        # the thread that panicked: the harness names it after the test.
        local said
        said=$(grep -m1 -A1 "thread '$test' .*panicked at" "$work/log" | tail -1 | cut -c1-110) || true
        if [ "$code" != 100 ] || [ -z "$said" ]; then
            tail -60 "$work/log"
            echo "MISSED  $name: $test ($program, code $code)"
            missed=$((missed + 1))
        else
            echo "caught  $name: $test: ${said#"${said%%[![:space:]]*}"}"
        fi
    done < <(tests_of "$patch")
    (cd "$tree" && git apply --reverse "$patch")
    echo "        $name took $((SECONDS - began)) s"
}

main() {
    local patches=() number missed=0
    for number in "$@"; do patches+=("$here/$number"-*.patch); done
    [ $# -gt 0 ] || patches=("$here"/*.patch)
    local patch
    for patch in "${patches[@]}"; do
        [ -f "$patch" ] || complain "there is no $patch"
        (cd "$root" && git apply --check "$patch") || complain "${patch##*/} no longer applies: plant its bug anew"
    done
    mkdir -p "$work"
    exec 9>"$work/lock"
    flock -n 9 || complain "another run is on its way"
    copy
    sound "${patches[@]}"
    for patch in "${patches[@]}"; do plant "$patch"; done
    [ "$missed" = 0 ] || complain "$missed tests did not see their bug"
    echo "planted: all of ${#patches[@]} bugs were caught, in $SECONDS s"
}

case ${1:-} in
check) check ;;
table) table ;;
*) main "$@" ;;
esac
