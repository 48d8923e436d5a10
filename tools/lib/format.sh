# shellcheck shell=bash
# Sourced after common.sh by check-format and format: the two formatters.

BUILDIFIER_VERSION=8.2.1

# Prints where buildifier is, after fetching it once into the user's cache.
buildifier_path() {
  local home=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tools/buildifier-$BUILDIFIER_VERSION
  local program=$home/node_modules/.bin/buildifier
  if [[ ! -x $program ]]; then
    say "Fetching buildifier $BUILDIFIER_VERSION with npm" >&2
    mkdir -p "$home"
    npm install --prefix "$home" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
      "@bazel/buildifier@$BUILDIFIER_VERSION" </dev/null >&2 ||
      die "npm could not fetch @bazel/buildifier@$BUILDIFIER_VERSION"
  fi
  printf '%s\n' "$program"
}

# Debian 12's version when there are several: versions format differently.
clang_format_path() {
  command -v clang-format-14 || command -v clang-format || die "clang-format is not installed"
}

# The files of each kind that git knows and that still exist.
cc_files() { list_files '*.h' '*.cc' '*.js'; }
build_files() { list_files 'BUILD' '*/BUILD' 'WORKSPACE' '*/WORKSPACE' '*.bzl'; }
list_files() {
  local file
  git -C "$ROOT" ls-files -- "$@" | while IFS= read -r file; do
    if [[ -e $ROOT/$file ]]; then printf '%s\n' "$file"; fi
  done
}
