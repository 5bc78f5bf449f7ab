// The doors of src/host under load: every host at once, each its own connection.
//   host_bench builtin|system true USER KEY KNOWN_HOSTS ADDRESS…
//   host_bench builtin|system copy USER KEY KNOWN_HOSTS FILE DIGEST TARGET ADDRESS…     TARGET is what arrives, on each
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "host/host.hpp"
#include "host/quote.hpp"

using namespace tidelab;

namespace {

struct Job {
  std::string door, what, user, key, known_hosts, file, digest, target;
};

host::Command make_command(const Job& job) {
  if (job.what == "true") return {{"true"}, {}, {}, {}, {}};
  // As a step that places a file does it: the agent's script, and the file as its input.
  const auto calls = fmt::format("boot bench bench ask && act_file 0 {} {} 644 large_digest", host::quote(job.target), job.digest);
  return {{"sh", "-c", agent::script({"/tmp/.tidelab-bench"}, calls)}, {}, {}, {{}, job.file}, {}};
}

bool perform(const Job& job, const std::string& address) {
  host::SshTarget target{address, 22, job.user, {job.key}, job.known_hosts};
  target.config_file = "none";
  const auto made = job.door == "system" ? host::make_system_ssh(target) : host::make_ssh(target);
  const auto output = made->run(make_command(job), {});
  if (!output) std::fprintf(stderr, "%s\n", output.error().what.c_str());
  return output && output->code == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) return 64;
  Job job{words[0], words[1], words[2], words[3], words[4], {}, {}, {}};
  std::size_t at = 5;
  if (job.what == "copy") {
    if (words.size() < 9) return 64;
    job.file = words[5];
    job.digest = words[6];
    job.target = words[7];
    at = 8;
  }
  std::vector<char> good(words.size(), 1);
  {
    std::vector<std::jthread> threads;
    for (; at < words.size(); ++at) threads.emplace_back([&, i = at] { good[i] = perform(job, words[i]) ? 1 : 0; });
  }
  for (const char each : good)
    if (!each) return 1;
  return 0;
}
