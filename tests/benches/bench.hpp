#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What benchmarks share: clocks, memory, and measurements in processes of their own.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace podsim::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline double cpu_seconds(const struct rusage& usage) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Largest resident memory of this process so far.
inline double peak_mebibytes() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Resident memory of this process now; 0 if it cannot be read.
inline double resident_mebibytes() {
  double pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    double size = 0;
    if (std::fscanf(file, "%lf %lf", &size, &pages) != 2) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// What a process of its own has spent.
struct Spent {
  bool good = false;  ///< it ended with exit code 0
  double wall = 0;    ///< seconds
  double cpu = 0;     ///< seconds, all threads, user and system
  double peak = 0;    ///< MiB resident
};

/// Waits for a process that was started at `start`.
inline Spent wait_for(pid_t child, Clock::time_point start) {
  Spent spent;
  int status = 0;
  struct rusage usage {};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return spent;
  spent.good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  spent.wall = seconds_since(start);
  spent.cpu = cpu_seconds(usage);
  spent.peak = static_cast<double>(usage.ru_maxrss) / 1024;
  return spent;
}

/// Runs `work` in a forked process, which sends `Answer`, plain data, back. Memory that this process holds counts there
/// too, so it should hold little.
template <class Answer>
Spent in_process(Answer& answer, const std::function<Answer()>& work) {
  int ends[2];
  std::fflush(nullptr);
  if (pipe(ends) != 0) return {};
  const auto start = Clock::now();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    int code = 1;
    try {
      const Answer out = work();
      code = write(ends[1], &out, sizeof out) == static_cast<ssize_t>(sizeof out) ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(code);
  }
  close(ends[1]);
  const bool got = child > 0 && read(ends[0], &answer, sizeof answer) == static_cast<ssize_t>(sizeof answer);
  close(ends[0]);
  Spent spent = wait_for(child, start);
  spent.good = spent.good && got;
  return spent;
}

/// The value after `flag` on the command line, removed from it together with the flag; `otherwise` if it is not there.
inline std::string option(std::vector<std::string>& arguments, const std::string& flag, const std::string& otherwise) {
  for (std::size_t n = 0; n + 1 < arguments.size(); ++n) {
    if (arguments[n] != flag) continue;
    const std::string value = arguments[n + 1];
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(n),
                    arguments.begin() + static_cast<std::ptrdiff_t>(n) + 2);
    return value;
  }
  return otherwise;
}

/// Whether `flag` is on the command line; it is removed.
inline bool has_flag(std::vector<std::string>& arguments, const std::string& flag) {
  for (std::size_t n = 0; n < arguments.size(); ++n) {
    if (arguments[n] != flag) continue;
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(n));
    return true;
  }
  return false;
}

}  // namespace podsim::bench
