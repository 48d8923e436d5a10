# shellcheck shell=bash
# Sourced by the commands in tools/: messages and the missing packages.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Debian's Bazel, whatever else of that name is on the PATH.
BAZEL=${BAZEL:-/usr/bin/bazel}

say() { printf '==> %s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# A package counts as present when dpkg knows it, or when a program of its
# name is there from elsewhere (npm, clang-format).
have_package() {
  command -v "$1" >/dev/null 2>&1 && return 0
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# need_packages GROUP...: installs what is missing of these groups of
# tools/packages.txt, and only that.
need_packages() {
  local -a missing=() as_root=()
  local package group _
  command -v dpkg-query >/dev/null ||
    die "this needs Debian 12; on other systems install what tools/packages.txt lists"

  while read -r package group _; do
    [[ -z $package || $package == '#'* ]] && continue
    [[ " $* " == *" $group "* ]] || continue
    have_package "$package" || missing+=("$package")
  done <"$ROOT/tools/packages.txt"
  ((${#missing[@]})) || return 0

  say "Installing Debian packages: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      die "not root and no sudo; as root run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  local -a apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
  "${apt[@]}" update </dev/null
  "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}
