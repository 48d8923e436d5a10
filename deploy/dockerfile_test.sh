#!/usr/bin/env bash
# The image installs the packages whose shared libraries the program loads, and no others.
#   dockerfile_test.sh PROGRAM DOCKERFILE
set -euo pipefail
program=$1 dockerfile=$2

# What debian:12-slim has, and what sanitizer builds load.
in_base='^(libc6|libgcc-s1|libstdc\+\+6|lib[a-z]*san[0-9]*)$'
needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r library; do
  dpkg-query -S "*-linux-gnu/$library" | cut -d: -f1 | head -n 1
done | sort -u | grep -vE "$in_base")
installed=$(grep -oE '\blib[a-z0-9.+-]+' "$dockerfile" | sort -u)
[[ -n $needed ]] || { echo "no libraries found in $program"; exit 1; }
diff <(echo "$needed") <(echo "$installed") || {
  echo "left: needed by the program; right: installed by $dockerfile"
  exit 1
}
