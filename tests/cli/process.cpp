// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace podsim::test {
namespace fs = std::filesystem;
namespace {

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void redirect(int stream, const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags, 0600);
  if (file < 0 || ::dup2(file, stream) < 0) ::_exit(126);
}

fs::path new_folder(const char* name) {
  std::string path = (fs::temp_directory_path() / (std::string(name) + "-XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return path;
}

}  // namespace

Folder::Folder() : path_(new_folder("podsim-cli").string()) {}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& content) const {
  std::ofstream(fs::path(path_) / name, std::ios::binary) << content;
}

std::string Folder::read(const std::string& name) const {
  return read_file(fs::path(path_) / name);
}

bool Folder::has(const std::string& name) const {
  return fs::exists(fs::path(path_) / name);
}

std::vector<std::string> Folder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Outcome Folder::podsim(const std::vector<std::string>& arguments, const std::string& input) const {
  return run(arguments, input, {});
}

Outcome Folder::interrupted(const std::vector<std::string>& arguments, const std::string& file) const {
  return run(arguments, {}, {file, {}, {}, {}, true, {}, nullptr});
}

Outcome Folder::interrupted_after(const std::vector<std::string>& arguments, unsigned microseconds) const {
  return run(arguments, {}, {{}, {}, microseconds, {}, true, {}, nullptr});
}

Outcome Folder::killed_after(const std::vector<std::string>& arguments, unsigned microseconds) const {
  return run(arguments, {}, {{}, microseconds, {}, {}, true, {}, nullptr});
}

Outcome Folder::children_killed_after(const std::vector<std::string>& arguments, unsigned microseconds,
                                      int& killed) const {
  killed = 0;
  return run(arguments, {}, {{}, {}, {}, {}, true, microseconds, &killed});
}

Outcome Folder::killed_at_size(const std::vector<std::string>& arguments, std::uint64_t bytes) const {
  return run(arguments, {}, {{}, {}, {}, bytes, true, {}, nullptr});
}

Outcome Folder::failing_at_size(const std::vector<std::string>& arguments, std::uint64_t bytes) const {
  return run(arguments, {}, {{}, {}, {}, bytes, false, {}, nullptr});
}

Outcome Folder::run(const std::vector<std::string>& arguments, const std::string& input,
                    const Disturbance& disturbance) const {
  const fs::path streams = new_folder("podsim-streams");
  std::ofstream(streams / "in", std::ios::binary) << input;
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    redirect(0, (streams / "in").string(), O_RDONLY);
    redirect(1, (streams / "out").string(), O_WRONLY | O_CREAT | O_TRUNC);
    redirect(2, (streams / "err").string(), O_WRONLY | O_CREAT | O_TRUNC);
    if (::chdir(path_.c_str()) != 0) ::_exit(126);
    if (disturbance.largest_file_bytes) {
      const struct rlimit none { 0, 0 };
      const struct rlimit limit { *disturbance.largest_file_bytes, *disturbance.largest_file_bytes };
      ::setrlimit(RLIMIT_CORE, &none);
      ::setrlimit(RLIMIT_FSIZE, &limit);
      // A program built with --coverage would meet the limit once more when it writes its counts at its end.
      ::setenv("GCOV_PREFIX", "/dev/null", 1);
      if (!disturbance.is_killed_at_size) std::signal(SIGXFSZ, SIG_IGN);  // stays ignored in podsim
    }
    std::vector<std::string> words{PODSIM_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execv(PODSIM_BINARY, pointers.data());
    ::_exit(127);
  }
  if (disturbance.kill_after_microseconds) {
    ::usleep(*disturbance.kill_after_microseconds);
    ::kill(child, SIGKILL);
  }
  if (disturbance.interrupt_after_microseconds) {
    ::usleep(*disturbance.interrupt_after_microseconds);
    ::kill(child, SIGINT);
  }
  if (disturbance.kill_children_after_microseconds) {
    ::usleep(*disturbance.kill_children_after_microseconds);
    const std::string id = std::to_string(child);
    std::istringstream children(read_file("/proc/" + id + "/task/" + id + "/children"));
    for (pid_t worker = 0; children >> worker; ++*disturbance.killed_children) ::kill(worker, SIGKILL);
  }
  if (!disturbance.interrupt_at.empty()) {
    for (int tries = 0; tries < 10000 && !has(disturbance.interrupt_at); ++tries) ::usleep(5000);
    ::kill(child, SIGINT);
  }
  int status = 0;
  struct rusage usage {};
  ::wait4(child, &status, 0, &usage);
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(streams / "out");
  outcome.err = read_file(streams / "err");
  for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
    outcome.cpu_seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  }
  outcome.peak_memory_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
  fs::remove_all(streams);
  return outcome;
}

std::string tiny_network() {
  return std::string(PODSIM_TEST_DATA) + "/cli/tiny.json";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace podsim::test
