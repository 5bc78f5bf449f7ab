// The doors of src/host under load: every host at once, each its own connection.
//   host_bench builtin|system true USER KEY KNOWN_HOSTS ADDRESS…
//   host_bench builtin|system copy USER KEY KNOWN_HOSTS FILE TARGET ADDRESS…     TARGET is what arrives, on each
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "host/host.hpp"

using namespace tidelab;

namespace {

struct Job {
  std::string door, what, user, key, known_hosts, file, target;
};

host::Command make_command(const Job& job) {
  if (job.what == "true") return {{"true"}, {}, {}, {}, {}};
  return {{"sh", "-c", "cat >\"$0.part\" && openssl dgst -sha256 -r <\"$0.part\" && mv \"$0.part\" \"$0\"", job.target},
          {},
          {},
          {{}, job.file},
          {}};
}

bool perform(const Job& job, const std::string& address) {
  host::SshTarget target{address, 22, job.user, {job.key}, job.known_hosts};
  target.config_file = "none";
  const auto made = job.door == "system" ? host::make_system_ssh(target) : host::make_ssh(target);
  const auto output = made->run(make_command(job), {});
  if (!output) std::fprintf(stderr, "%s\n", output.error().what.c_str());
  if (output && job.what == "copy") std::printf("%.64s\n", output->out.c_str());
  return output && output->code == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) return 64;
  Job job{words[0], words[1], words[2], words[3], words[4], {}, {}};
  std::size_t at = 5;
  if (job.what == "copy") {
    if (words.size() < 8) return 64;
    job.file = words[5];
    job.target = words[6];
    at = 7;
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
