// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/worker_pool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <utility>

namespace podsim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNotStarted = 127;

Error cannot_start(const char* what) {
  return Error::run_failed(std::string("cannot start a worker process: ") + what + ": " + std::strerror(errno));
}

/// What becomes of the child between fork and exec: only calls that are safe there.
[[noreturn]] void become_worker(int channel, pid_t parent) {
#ifdef __linux__
  // Without its parent nobody would read the answers.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);
#else
  (void)parent;
#endif
  // Ctrl-C goes to all processes of the terminal; the parent decides what becomes of its workers.
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, nullptr);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (::dup2(channel, STDIN_FILENO) < 0 || ::dup2(channel, STDOUT_FILENO) < 0) ::_exit(kNotStarted);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  ::execl("/proc/self/exe", "podsim", "serve", static_cast<char*>(nullptr));
  ::_exit(kNotStarted);
}

}  // namespace

class WorkerPool::Worker {
 public:
  /// \throws Error (run_failed)
  Worker() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw cannot_start("socketpair");
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) become_worker(ends[1], parent);
    ::close(ends[1]);
    channel_ = ends[0];
    if (process_ < 0) {
      ::close(channel_);
      throw cannot_start("fork");
    }
  }

  ~Worker() {
    ::close(channel_);
    if (!is_alive_) return;
    ::kill(process_, SIGKILL);
    reap();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool is_busy() const { return request_.has_value(); }
  std::size_t request() const { return *request_; }
  void set_idle() { request_.reset(); }
  int channel() const { return channel_; }
  bool is_late(std::chrono::milliseconds timeout) const { return is_busy() && Clock::now() - since_ > timeout; }

  void send(std::size_t number, const std::string& line) {
    request_ = number;
    since_ = Clock::now();
    const std::string text = line + "\n";
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t sent = ::send(channel_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return;  // it died; that is seen when its answer is read
      done += static_cast<std::size_t>(sent);
    }
  }

  /// Reads what there is. \return false if the worker is gone
  bool receive() {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::recv(channel_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) received_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
  }

  /// The next whole line, if it has arrived.
  std::optional<std::string> line() {
    const std::size_t end = received_.find('\n', searched_);
    searched_ = received_.size();
    if (end == std::string::npos) return std::nullopt;
    std::string out = received_.substr(0, end);
    received_.erase(0, end + 1);
    searched_ = 0;
    return out;
  }

  /// Kills the process unless it is dead. \return how it ended
  /// \throws Error (run_failed) if it never began to work: no other would
  std::string end() {
    ::kill(process_, SIGKILL);
    const int status = reap();
    if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
    if (WEXITSTATUS(status) == kNotStarted) throw Error::run_failed("cannot start a worker process");
    return "ended with exit code " + std::to_string(WEXITSTATUS(status));
  }

 private:
  int reap() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    is_alive_ = false;
    return status;
  }

  pid_t process_ = -1;
  int channel_ = -1;
  bool is_alive_ = true;
  std::optional<std::size_t> request_;
  Clock::time_point since_;
  std::string received_;
  std::size_t searched_ = 0;  ///< of received_, without a line break
};

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {}
WorkerPool::~WorkerPool() = default;

void WorkerPool::run(const std::vector<std::size_t>& numbers, const Request& request, const Done& done) {
  std::deque<std::size_t> waiting(numbers.begin(), numbers.end());
  std::vector<std::size_t> tried_twice;
  std::size_t open = numbers.size();
  const auto finish = [&](std::size_t number, const WorkerAnswer& answer) {
    --open;
    done(number, answer);
  };
  const auto replace = [](std::unique_ptr<Worker>& worker) {
    worker.reset();
    worker = std::make_unique<Worker>();
  };
  while (workers_.size() < std::min(options_.workers, numbers.size())) workers_.push_back(std::make_unique<Worker>());
  while (open > 0) {
    if (options_.tick) options_.tick();
    if (options_.stop && options_.stop()) return;
    for (const auto& worker : workers_) {
      if (worker->is_busy() || waiting.empty()) continue;
      worker->send(waiting.front(), request(waiting.front()));
      waiting.pop_front();
    }
    std::vector<struct pollfd> channels;
    for (const auto& worker : workers_) channels.push_back({worker->channel(), POLLIN, 0});
    constexpr int kLookMilliseconds = 100;
    ::poll(channels.data(), channels.size(), kLookMilliseconds);
    for (std::size_t n = 0; n < workers_.size(); ++n) {
      std::unique_ptr<Worker>& worker = workers_[n];
      const bool is_gone = (channels[n].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !worker->receive();
      if (const auto line = worker->line(); line && worker->is_busy()) {
        const std::size_t number = worker->request();
        worker->set_idle();
        Json answer = Json::parse(*line, nullptr, false);
        if (answer.is_object()) {
          finish(number, {WorkerAnswer::Kind::answered, std::move(answer), {}});
        } else {
          finish(number, {WorkerAnswer::Kind::crashed, {}, "the answer of the worker process is no JSON object"});
        }
      } else if (is_gone) {
        const std::string how = worker->end();
        if (options_.stop && options_.stop()) return;
        if (!worker->is_busy()) {
          replace(worker);
          continue;
        }
        const std::size_t number = worker->request();
        replace(worker);
        if (std::find(tried_twice.begin(), tried_twice.end(), number) == tried_twice.end()) {
          tried_twice.push_back(number);
          waiting.push_front(number);
        } else {
          finish(number, {WorkerAnswer::Kind::crashed, {}, "the worker process " + how + ", twice"});
        }
      } else if (options_.timeout && worker->is_late(*options_.timeout)) {
        const std::size_t number = worker->request();
        replace(worker);
        finish(number, {WorkerAnswer::Kind::timeout, {}, {}});
      }
    }
  }
}

}  // namespace podsim
