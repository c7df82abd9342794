// SPDX-License-Identifier: Apache-2.0
// The program from outside: seconds and memory of whole processes, and requests per second of `podsim serve`.
//
//   process_bench [--podsim FILE] [--repeat N] [--requests N]
//
// The program is the one beside this one unless --podsim names another. Best of N; CPU seconds count all threads.
#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "benches/bench.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

namespace {

using namespace podsim;
namespace fs = std::filesystem;

/// Runs a program to its end; standard output goes to `output`, standard input comes from `input`.
bench::Spent run(std::vector<std::string> command, const std::string& input, const std::string& output) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  std::fflush(nullptr);
  const auto start = bench::Clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int in = open(input.c_str(), O_RDONLY);
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int log = open("/dev/null", O_WRONLY);
    if (in < 0 || out < 0 || log < 0) _exit(126);
    dup2(in, 0);
    dup2(out, 1);
    dup2(log, 2);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  return bench::wait_for(child, start);
}

bench::Spent best_of(int repeat, const std::vector<std::string>& command, const std::string& input,
                     const std::string& output) {
  bench::Spent best{true, 1e9, 1e9, 0};
  for (int r = 0; r < repeat; ++r) {
    const bench::Spent spent = run(command, input, output);
    best.good = best.good && spent.good;
    best.wall = std::min(best.wall, spent.wall);
    best.cpu = std::min(best.cpu, spent.cpu);
    best.peak = std::max(best.peak, spent.peak);
  }
  return best;
}

std::int64_t answers_in(const fs::path& file) {
  std::ifstream in(file);
  std::int64_t good = 0;
  for (std::string line; std::getline(in, line);) good += line.find("\"status\":\"ok\"") != std::string::npos ? 1 : 0;
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::error_code ignored;
  const std::string beside = (fs::read_symlink("/proc/self/exe", ignored).parent_path() / "podsim").string();
  const std::string podsim = bench::option(arguments, "--podsim", beside);
  const int repeat = std::max(1, std::atoi(bench::option(arguments, "--repeat", "5").c_str()));
  const int requests = std::max(2, std::atoi(bench::option(arguments, "--requests", "1000").c_str()));
  std::string folder = (fs::temp_directory_path() / "podsim-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "no folder for temporary files: %s\n", folder.c_str());
    return 1;
  }
  const fs::path scratch(folder);
  const std::string tiny = (scratch / "tiny.csv").string();
  std::ofstream(tiny) << "Layer, M, N, K,\none, 32, 32, 32,\n";
  const std::string large = "zoo:resnet50:image=299,variant=v1";
  struct Row {
    const char* name;
    std::vector<std::string> command;
  };
  const std::vector<Row> rows = {
      {"one tile operation, 256 pods", {podsim, "run", "-w", tiny}},
      {"one tile operation, 4096 pods", {podsim, "run", "-w", tiny, "--set", "/hardware/pods/count=4096"}},
      {"ResNet-50 at 299, timing", {podsim, "run", "-w", large}},
      {"ResNet-50 at 299, functional", {podsim, "run", "-w", large, "--functional"}},
  };
  int status = 0;
  std::printf("%-32s %10s %10s %10s\n", "podsim run, whole process", "wall s", "CPU s", "peak MiB");
  for (const Row& row : rows) {
    const bench::Spent spent = best_of(repeat, row.command, "/dev/null", "/dev/null");
    std::printf("%-32s %10.4f %10.4f %10.1f%s\n", row.name, spent.wall, spent.cpu, spent.peak,
                spent.good ? "" : "  FAILED");
    std::fflush(stdout);
    if (!spent.good) status = 1;
  }

  // A tenth of the requests in a session of their own tells what the session itself costs.
  const auto session = [&](int count) {
    const std::string input = (scratch / "requests").string(), output = (scratch / "answers").string();
    {
      std::ofstream out(input);
      for (int n = 0; n < count; ++n) {
        out << R"({"id":)" << n << R"(,"experiment":{"workload":"zoo:resnet20","hardware":{"pods":{"count":16}}}})"
            << '\n';
      }
    }
    bench::Spent spent = best_of(repeat, {podsim, "serve"}, input, output);
    spent.good = spent.good && answers_in(output) == count;
    return spent;
  };
  const bench::Spent few = session(requests / 10 + 1), many = session(requests);
  const double more = requests - (requests / 10 + 1);
  std::printf("\npodsim serve, ResNet-20 on 16 pods of 32x32, %d requests in one session%s\n", requests,
              few.good && many.good ? "" : "  FAILED");
  std::printf("  %8.1f requests per second, %8.1f per CPU second, start of the process included\n",
              requests / many.wall, requests / many.cpu);
  std::printf("  %8.1f requests per second, %8.1f per CPU second, without it; peak %.1f MiB, of %d requests %.1f MiB\n",
              more / (many.wall - few.wall), more / (many.cpu - few.cpu), many.peak, requests / 10 + 1, few.peak);
  if (!few.good || !many.good) status = 1;
  fs::remove_all(scratch, ignored);
  return status;
}
