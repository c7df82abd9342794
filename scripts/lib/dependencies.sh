# shellcheck shell=bash
# Sourced by the scripts beside this folder. What podsim needs from Debian, and how it gets there.
# SPDX-License-Identifier: Apache-2.0

# package: why it is needed
podsim_packages=(
  "g++: C++17 compiler"
  "cmake: configures the build (3.25 or newer)"
  "ninja-build: runs the build"
  "pkg-config: finds SystemC, HDF5 and libzip"
  "git: records the commit in results"
  "ca-certificates: lets git and apt check the servers they talk to"
  "libsystemc-dev: the simulation kernel"
  "libboost-program-options-dev: the command line"
  "nlohmann-json3-dev: JSON in and out"
  "libhdf5-dev: HDF5 results, files of tensors"
  "libzip-dev: NPZ files of tensors"
  "catch2: the tests' framework"
  "verilator: a test runs hardware in SystemVerilog beside the simulator"
  "python3-numpy: a test computes networks a second time"
  "python3-h5py: tests read HDF5 files as users do"
  "python3-pandas: a test reads HDF5 results as users do"
)

# Prints those of podsim_packages that are not installed, one a line, reason included.
missing_packages() {
  local entry
  for entry in "${podsim_packages[@]}"; do
    if [[ "$(dpkg-query -W -f='${db:Status-Status}' "${entry%%:*}" 2>/dev/null)" != installed ]]; then
      echo "$entry"
    fi
  done
}

# Installs what is missing. Exits 2 if that takes rights the user does not have.
install_missing_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This system has no apt, so nothing is installed. The build needs what these Debian packages contain:" >&2
    printf '  %s\n' "${podsim_packages[@]}" >&2
    return 0
  fi

  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  echo "Missing Debian packages:"
  printf '  %s\n' "${missing[@]}"

  local apt_install=(apt-get install -y --no-install-recommends "${missing[@]%%:*}")
  local as_root=()
  if ((EUID != 0)); then
    # Without a terminal sudo cannot ask for a password: find out before it fails half way.
    if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      echo "They must be installed by root. Ask for, or run as root:" >&2
      echo "  apt-get update && ${apt_install[*]}" >&2
      exit 2
    fi
  fi

  echo "Installing them (takes about a minute): ${as_root[*]}${as_root:+ }${apt_install[*]}"
  # A freshly started machine may be busy with its own updates: wait for it to let go of the package database.
  local root_apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive) wait_for_lock=(-o DPkg::Lock::Timeout=300)
  local log
  log="$(mktemp)"
  # A source that podsim does not need may be unreachable; whether the packages are there, the installation tells.
  "${root_apt[@]}" apt-get update -q "${wait_for_lock[@]}" >"$log" 2>&1 </dev/null ||
    echo "apt-get update failed; going on with the package lists there are" >&2
  if ! "${root_apt[@]}" "${apt_install[@]}" -q "${wait_for_lock[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    echo "The packages could not be installed; what apt-get said is above" >&2
    exit 2
  fi
  rm -f "$log"
}
