# shellcheck shell=bash
# Sourced by the scripts beside this folder. Configuring and building a preset of CMakePresets.json.
# SPDX-License-Identifier: Apache-2.0

# configure_preset <preset>: configures build/<preset>, or leaves it alone if Ninja keeps it up to date by itself.
# The caller stands in the root of the repository.
configure_preset() {
  local preset="$1" cache="build/$1/CMakeCache.txt" fresh=()
  if command -v ccache >/dev/null && [[ -z "${CMAKE_CXX_COMPILER_LAUNCHER+set}" ]]; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  if [[ -f "$cache" ]]; then
    # A build folder does not survive being moved or copied.
    if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
      fresh=(--fresh)
    elif [[ -f "build/$preset/build.ninja" && ! CMakePresets.json -nt "build/$preset/configured" ]]; then
      return 0
    fi
  fi
  cmake --preset "$preset" "${fresh[@]}"
  touch "build/$preset/configured"
}

# build_jobs: how many compilers at once. One takes up to 1 GB, so memory counts as well as cores.
build_jobs() {
  local cores memory_gib
  cores="$(nproc)"
  memory_gib="$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null)"
  if [[ -n "$memory_gib" ]] && ((memory_gib < cores)); then
    cores=$((memory_gib > 1 ? memory_gib : 1))
  fi
  echo "$cores"
}
