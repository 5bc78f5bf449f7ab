// The commands as a table.
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include "cli/option_sets.hpp"

namespace tidelab::cli {

namespace {

constexpr const char* writing = "Write a topology";
constexpr const char* before = "Before anything is touched";
constexpr const char* whole = "Bring a lab up, verify it, remove it";
constexpr const char* daily = "Work with a lab that is up";
constexpr const char* further = "Read further";

}  // namespace

const std::vector<Row>& commands() {
  static const std::vector<Row> rows = {
      {writing,
       "template",
       "print a topology to start from",
       print_template,
       {takes::wishes},
       {"template one_host > lab.yaml", "template four_hosts --hosts 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4 > lab.yaml"}},
      {writing,
       "validate",
       "check topologies and report every mistake in them",
       validate,
       {takes::topology_files, takes::strict, takes::text_json_sarif_junit},
       {"validate lab.yaml", "validate topologies/*.yaml --strict --format sarif"}},
      {writing,
       "graph",
       "draw a topology and the path of its data",
       graph,
       {takes::topology, takes::svg_dot},
       {"graph lab.yaml > lab.svg", "graph lab --format dot"}},
      {writing,
       "diff",
       "what changes between two topologies, and what a running lab refuses",
       diff,
       {takes::two_topologies, takes::text_json},
       {"diff lab lab.yaml", "diff old.yaml new.yaml --format json"}},
      {writing,
       "schema",
       "the JSON Schema of topologies, for editors",
       schema,
       {takes::json_markdown},
       {"schema > tidelab.schema.json", "schema --format markdown"}},
      {writing, "playbooks", "list the components that there are playbooks for", playbooks, {}, {"playbooks"}},
      {before,
       "plan",
       "print what `up` would do; contacts no host",
       plan,
       {takes::topology, takes::hosts, takes::source, takes::plans},
       {"plan lab.yaml", "plan lab.yaml --diff --ssh-user admin"}},
      {before,
       "fetch",
       "get the archives of a topology into the cache; contacts no host",
       fetch,
       {takes::topology, takes::source, takes::copies},
       {"fetch lab.yaml", "fetch lab.yaml --to /media/stick/archives"}},
      {before,
       "preflight",
       "check the hosts before anything is changed",
       cli::preflight,
       {takes::topology, takes::hosts, takes::source, takes::strict, takes::fixes, takes::text_json_junit},
       {"preflight lab.yaml", "preflight lab.yaml --fix --ask-sudo-password"}},
      {whole,
       "up",
       "bring the lab up; a second time it changes nothing",
       up,
       {takes::topology, takes::hosts, takes::source, takes::report_to, takes::text_json_junit_html},
       {"up lab.yaml", "up lab.yaml --source assembled --report out"}},
      {whole,
       "verify",
       "write rows and watch them at every hop",
       verify,
       {takes::topology, takes::hosts, takes::report_to, takes::strict, takes::text_json_junit_html},
       {"verify lab", "verify lab --strict --report out --format junit"}},
      {whole,
       "down",
       "remove the lab and everything it created",
       down,
       {takes::topology, takes::hosts, takes::report_to, takes::ends, takes::text_json_junit_html},
       {"down lab", "down lab --yes --keep-data"}},
      {whole,
       "smoke",
       "up, verify, down: one exit code for a CI job",
       smoke,
       {takes::topology, takes::hosts, takes::source, takes::report_to, takes::keeps, takes::strict, takes::text_json_junit_html},
       {"smoke lab.yaml --report out", "smoke lab.yaml --keep --strict"}},
      {daily,
       "list",
       "your labs: state, since when, on which hosts; contacts no host",
       list,
       {takes::text_json},
       {"list", "list --format json"}},
      {daily,
       "status",
       "what runs where, whether it is ready, and the state of its topics and jobs",
       status,
       {takes::topology, takes::hosts, takes::nodes, takes::text_json},
       {"status lab", "status lab --role kafka --format json"}},
      {daily,
       "logs",
       "the end of the components' logs",
       logs,
       {takes::topology, takes::hosts, takes::nodes, takes::tails},
       {"logs lab -f --node 10.0.0.2:9092", "logs lab --archive lab.tar.gz"}},
      {daily,
       "exec",
       "run a command on the lab's hosts, all at once",
       cli::exec,
       {takes::topology, takes::hosts, takes::nodes, takes::runs},
       {"exec lab --role kafka -- kafka-topics.sh --list --bootstrap-server 10.0.0.2:9092", "exec lab --sh 'df -h /opt | tail -1'"}},
      {daily,
       "start",
       "start services of some nodes, or of all",
       start,
       {takes::topology, takes::hosts, takes::source, takes::nodes, takes::text_json_junit_html},
       {"start lab", "start lab --host 10.0.0.3"}},
      {daily,
       "stop",
       "stop services of some nodes, or of all",
       stop,
       {takes::topology, takes::hosts, takes::nodes, takes::text_json_junit_html},
       {"stop lab", "stop lab --node 10.0.0.2:9092"}},
      {daily,
       "restart",
       "stop, then start",
       restart,
       {takes::topology, takes::hosts, takes::source, takes::nodes, takes::text_json_junit_html},
       {"restart lab", "restart lab --host 10.0.0.2"}},
      {further,
       "explain",
       "tell more about a diagnostic, with a wrong and a right example",
       explain,
       {takes::code},
       {"explain", "explain T012"}},
      {further,
       "report",
       "make the report of a journal again",
       cli::report,
       {takes::journal, takes::report_to, takes::text_json_junit_html},
       {"report lab.jsonl", "report lab.jsonl --format html > report.html"}},
      {further, "help", "all commands, or the options of one", nullptr, {takes::command}, {"help", "help up"}},
  };
  return rows;
}

void add_options(CLI::App& app, const Row& row, Options& options) {
  for (const auto& give : row.options) give(app, options);
  takes::everywhere(app, options);
}

}  // namespace tidelab::cli
