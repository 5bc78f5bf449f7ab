// What the command line said, once, for all commands.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "lab/record.hpp"
#include "report/exit_code.hpp"
#include "topology/topology.hpp"

namespace tidelab::cli {

class Keyring;

struct Options {
  std::string target;                ///< a topology file, or the name of a lab that is up
  std::vector<std::string> targets;  ///< topology files
  std::string home;                  ///< where playbooks/ and checks/ are; empty: found from the executable
  std::string mirror;                ///< a directory or a URL with archives under their own names
  std::string to;                    ///< of `fetch`: a directory for copies
  std::string source;                ///< pin artifacts to one kind
  std::string format = "text";
  std::string report_dir;
  std::string lab;
  std::vector<std::string> versions;  ///< COMPONENT=VERSION, from --version-of
  topology::Ordinals ordinals;        ///< of a topology as it was applied: as its record has them
  std::vector<std::string> nodes;
  std::vector<std::string> words;       ///< of `exec`: what stands behind `--`
  std::string script;                   ///< of `exec`: what a shell there runs on purpose
  bool as_login = false;                ///< of `exec`
  std::string archive;                  ///< of `logs`
  std::string old_target;               ///< of `diff`
  std::vector<std::string> hosts;       ///< of `template`
  std::vector<std::string> role_hosts;  ///< of `template`: "ROLE=ADDRESS"
  std::string user, dir;                ///< of `template`
  lab::Reach reach;
  bool take_over = false;      ///< though another controller works on the lab
  Keyring* keyring = nullptr;  ///< of the whole run: never recorded, and shown nowhere
  bool trace = false;
  bool keep = false;
  bool keep_data = false;         ///< of `down`
  bool keep_logs = false;         ///< of `down`
  bool rolling = false;           ///< of `restart`
  bool prune = false;             ///< of `up`: what is gone from the topology is taken away
  std::vector<std::string> lost;  ///< of `up`: hosts that are gone for good, with what was on them
  bool yes = false;               ///< of `down`: data may be destroyed, nobody is asked
  bool full = false;
  bool diff = false;
  bool strict = false;
  bool fix = false;
  bool follow = false;
  int lines = 40;
  bool verbose = false;
  std::string colour_when = "auto";  ///< always, never, auto: on a terminal that takes it
  bool colour = false;               ///< on the standard output
  bool colour_errors = false;        ///< on the standard error
  std::stop_token stop;
};

using namespace report::exit_codes;  // see README, "Exit codes"

using Command = int (*)(const Options&);

int validate(const Options& options);
int plan(const Options& options);
int fetch(const Options& options);
int up(const Options& options);
int preflight(const Options& options);
int verify(const Options& options);
int down(const Options& options);
int smoke(const Options& options);
int status(const Options& options);
int logs(const Options& options);
int exec(const Options& options);
int start(const Options& options);
int stop(const Options& options);
int restart(const Options& options);
int report(const Options& options);
int playbooks(const Options& options);
int schema(const Options& options);
int print_template(const Options& options);
int graph(const Options& options);
int diff(const Options& options);
int explain(const Options& options);
int completion(const Options& options);
int list(const Options& options);

}  // namespace tidelab::cli
