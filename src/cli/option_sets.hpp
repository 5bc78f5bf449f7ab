// Options as commands share them: each function gives a command one set. In the order in which a command names its sets they
// stand in its help.
#pragma once

#include "cli/options.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace tidelab::cli::takes {

void topology(CLI::App& app, Options& o);        ///< one topology, and how it is read
void two_topologies(CLI::App& app, Options& o);  ///< of `diff`
void topology_files(CLI::App& app, Options& o);
void journal(CLI::App& app, Options& o);
void code(CLI::App& app, Options& o);
void command(CLI::App& app, Options& o);
void shell(CLI::App& app, Options& o);
void wishes(CLI::App& app, Options& o);  ///< of `template`
void hosts(CLI::App& app, Options& o);   ///< how hosts are reached, and secrets for that
void source(CLI::App& app, Options& o);  ///< where archives come from
void copies(CLI::App& app, Options& o);  ///< of `fetch`
void nodes(CLI::App& app, Options& o);   ///< only some of the lab
void report_to(CLI::App& app, Options& o);
void keeps(CLI::App& app, Options& o);   ///< of `smoke`
void ends(CLI::App& app, Options& o);    ///< of `down`
void rolls(CLI::App& app, Options& o);   ///< of `restart`
void prunes(CLI::App& app, Options& o);  ///< of `up`
void plans(CLI::App& app, Options& o);   ///< of `plan`
void tails(CLI::App& app, Options& o);   ///< of `logs`
void runs(CLI::App& app, Options& o);    ///< of `exec`
void strict(CLI::App& app, Options& o);
void fixes(CLI::App& app, Options& o);
void text_json(CLI::App& app, Options& o);
void text_json_junit(CLI::App& app, Options& o);
void text_json_junit_html(CLI::App& app, Options& o);
void text_json_sarif_junit(CLI::App& app, Options& o);
void json_markdown(CLI::App& app, Options& o);
void svg_dot(CLI::App& app, Options& o);
void everywhere(CLI::App& app, Options& o);  ///< what every command has; the last of its sets

}  // namespace tidelab::cli::takes
