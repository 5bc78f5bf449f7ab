// The vocabulary: everything that a playbook or a check can ask for. A word is a struct of texts; what
// it does lives in live/, how it is read and shown in describe.hpp. All texts may hold `${…}` until the
// plan is made, and `@{…}` (values taken from answers while it runs) until the moment of acting.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "step/match.hpp"
#include "yaml/document.hpp"

namespace tidelab::step {

struct Step;

using Texts = std::vector<Text>;
using Pairs = std::vector<std::pair<Text, Text>>;

/// Zero means: the default of the word, see `default_within`.
struct Duration {
  std::chrono::milliseconds value{0};
};

/// One key of a configuration file. Scalars keep whether they were quoted (a quoted one stays a string).
struct Setting {
  Text key;  ///< dotted
  std::vector<Text> values;
  bool list = false;
  bool quoted = false;
  std::vector<yaml::Node> nested{};  ///< items of a list that holds lists or mappings; `values` is then one text that shows them
  std::vector<std::pair<Text, Text>> versions{};  ///< of a group of them in a playbook: section ("" = own) → range
};
using Settings = std::vector<Setting>;

/// What carries a word out.
enum class Runs {
  in_plan,    ///< the plan makes another word of it
  on_host,    ///< the agent looks at it first, and acts only where it differs
  asks,       ///< it has an answer
  watches,    ///< it stands in `observe`, and gives items as they come
  in_program  ///< it is made of other words, or of what was observed
};

/// Whether a step can be carried out in one remote command with others of its lane.
enum class Joins { never, always, once };  ///< once: with any number of others, but not with another of its kind

/// What is known of a word beside its fields. Each has its own, so that one that is forgotten does not compile.
struct Facts {
  std::string_view name;  ///< as files have it
  Runs runs;
  Joins joins = Joins::never;
  std::chrono::seconds within{60};  ///< how long it may take where it does not say so
};

// ---- Words that make something true on a host. Each is looked at first and acts only where it differs.

/// A directory, with its parents, owned by the lab's user.
struct Dir {
  static constexpr Facts facts{"dir", Runs::on_host, Joins::always};
  Text path, mode;
  Text holds;  ///< data | logs: what `down` may be asked to leave
};

/// A file with exactly this content. `from` names a template beside the playbook instead of `content`.
struct File {
  static constexpr Facts facts{"file", Runs::on_host, Joins::always};
  Text path, content, from, mode;
};

/// A configuration file: the playbook's settings, then the user's for the component, then those for the
/// instance. The plan turns it into a File.
struct Config {
  static constexpr Facts facts{"config", Runs::in_plan};
  Text path, format;  ///< format: properties | yaml | toml | env
  Settings set;
  Text append;       ///< written behind the settings as it is: for lines that there is one of for each instance
  Texts no_restart;  ///< keys that are read only when something is made by them: another value is no reason to restart a service
};

/// One line in a file that already exists: replaces the first line that begins with `match`, or is appended.
struct Line {
  static constexpr Facts facts{"line", Runs::on_host, Joins::always};
  Text path, match, line;
};

/// An archive, unpacked below `into` without its top folder.
struct Unpack {
  static constexpr Facts facts{"unpack", Runs::on_host, Joins::never, std::chrono::seconds(600)};
  Text artifact, into, strip;  ///< strip: number of leading folders to drop, "1" if empty
};

/// A single file of an artifact, under this path.
struct Place {
  static constexpr Facts facts{"place", Runs::on_host, Joins::never, std::chrono::seconds(300)};
  Text artifact, path;
};

/// A program kept running. It is restarted when its argv (but for who is in a list of `${any …}`), environment or an input file changed.
struct Service {
  static constexpr Facts facts{"service", Runs::on_host, Joins::once, std::chrono::seconds(30)};
  Text name;
  Texts argv;
  /// Further arguments, which are read while it has no data yet: of a member of a new group, or of one that joins a group that is
  /// there, where `joins` holds. What of them it was started with is no reason to start it again.
  Texts first_members, newcomer;
  std::vector<Step> joins;  ///< none or one question
  Pairs env;
  Text cwd;
  Texts inputs;             ///< files whose content decides whether a running process is out of date
  Text log;                 ///< stdout and stderr
  std::vector<Step> check;  ///< none or one `exec`: what must end with 0 before it is started, on its host and as its account
  Text exe;                 ///< if set: what /proc/PID/exe must be, as in `status`
  Text stop_signal;
  Duration stop_within;
  /// Made by the plan: `argv` without the members of its `${any …}`, where it has such a list, and these. A process that knows some
  /// need not know all, so it is out of date when the former is another, or one that it was started with is not there any more.
  Texts argv_without_members, members;
  /// Made by the plan: of `inputs`, the configuration files with settings that are no reason for a restart, and what counts of each.
  Pairs compared;
  bool counts_whole(const Text& input) const {
    return std::none_of(compared.begin(), compared.end(), [&](const auto& each) { return each.first == input; });
  }
};

/// A service that must not run.
struct Halt {
  static constexpr Facts facts{"halt", Runs::on_host};
  Text name;
  Duration within;
};

/// Everything that tidelab made on the host for this lab is gone; with `services` or `paths` only these, and the lab stays.
struct Sweep {
  static constexpr Facts facts{"sweep", Runs::on_host, Joins::never, std::chrono::seconds(300)};
  Texts keep;   ///< directories that stay
  Texts ports;  ///< what must not be listened on any more
  Texts services, paths;
  Text unused;  ///< true: only where no service of the lab is left there
};

/// An account that services run under. Made only over ssh, only if missing.
struct User {
  static constexpr Facts facts{"user", Runs::on_host, Joins::always};
  Text name;
};

// ---- Words that ask. `expect` must hold of the answer (after `pick`); `take` names parts of it.

/// When `give_up` holds of the answer, waiting for `expect` is over: it is a state that does not end by itself.
struct Asking {
  Pick pick;
  Match expect;
  Match give_up;
  Takes take;
};

// Of a group any member will do: where an address is a list ("a:1,b:1", "http://a:1,b:1/path"), they are asked one after
// the other until one gives the answer that is expected; whoever answered last is asked first. What may change something
// (another method than GET, a statement that is no select) goes on to the next only where it did not get through.

/// Answer: {"answer": text}. Without `send`, being accepted is enough.
struct Tcp {
  static constexpr Facts facts{"tcp", Runs::asks};
  Text address, send;
  Asking ask;
};

/// Answer: the body as JSON, or as one JSON string. `status` lists accepted codes; empty means any 2xx.
struct Http {
  static constexpr Facts facts{"http", Runs::asks};
  Text method, url, body, status;
  Pairs headers;
  Asking ask;
};

/// Statements on one connection, the last one's result is the answer:
/// {"rows":[{column: text or null}…],"count":N,"affected":N}.
struct Sql {
  static constexpr Facts facts{"sql", Runs::asks};
  Text address, user, password, database;
  Texts statements;
  Asking ask;
};

/// A command on a host. Answer: {"exit":N,"stdout":text,"stderr":text}. Any exit but 0 is a failure,
/// unless `expect` names "/exit". `fail_if`: a pattern in the output that means failure, for clients that exit 0.
struct Exec {
  static constexpr Facts facts{"exec", Runs::asks, Joins::never, std::chrono::seconds(180)};
  Texts argv;
  Pairs env;
  Text cwd, stdin_text, fail_if, creates;
  Asking ask;
};

/// A topic. As an act it is made or removed; as a question its answer is
/// {"exists":bool,"partitions":N,"replication_factor":N,"configs":{…}} and must be as said here.
struct Topic {
  static constexpr Facts facts{"topic", Runs::asks};
  Text bootstrap, name, partitions, replication_factor;
  Pairs configs;
  Text state;  ///< present (default) | absent
};

/// What a broker knows of its cluster. Answer: {"controller":id,"brokers":[{"id","host","port"}…],
/// "partitions":N,"leaderless":N,"under_replicated":N,"offline":["topic/partition"…],"replicas":{"id":N…}}, over all topics.
struct Brokers {
  static constexpr Facts facts{"brokers", Runs::asks};
  Text bootstrap;
  Asking ask;
};

/// A question about each element of a list that another question's answer has. Holds when the question holds of every one; an
/// empty list holds. Answer: {"count":N}. What `take` takes of an element is there for `that`, and after it for what is said.
struct Every {
  static constexpr Facts facts{"every", Runs::asks};
  std::vector<Step> of;  ///< exactly one asking word
  Text items;            ///< pointer to an array in its answer
  Match where;           ///< only of elements of which this holds
  Takes take;
  std::vector<Step> that;  ///< exactly one asking word
};

/// What another component's playbook says under `questions`: the plan puts those words in its place, as they are for the versions
/// that the topology has. A pointer of `ask` begins with a name that the question gives, or is one into the answer where it gives
/// none. Of several words the last one's answer is meant.
struct Ask {
  static constexpr Facts facts{"ask", Runs::in_plan};
  Text of, what;  ///< section; name of the question
  Pairs with;
  Asking ask;  ///< in addition to what the question itself expects and takes
};

/// One record. Answer: {"partition":N,"offset":N}.
struct Produce {
  static constexpr Facts facts{"produce", Runs::in_program};
  Text bootstrap, topic, key, value;
};

/// The state of a service of ours. Answer: {"running":bool,"pid":N,"exe":path,"restarts":N,"up_seconds":N,"since_ms":epoch}.
struct Process {
  static constexpr Facts facts{"process", Runs::asks};
  Text name;
  Asking ask;
};

/// Asks until the answer fits. `process` names a service of the same instance: if that is gone, waiting is over.
struct Wait {
  static constexpr Facts facts{"wait", Runs::in_program};
  std::vector<Step> on;  ///< exactly one asking word
  Text process;
  Duration within;
};

/// Looks, acts where it differs, and looks again until it fits. What `look` takes is there for the acts.
struct Ensure {
  static constexpr Facts facts{"ensure", Runs::in_program};
  std::vector<Step> look;  ///< exactly one asking word
  std::vector<Step> act;
  Duration within;
};

/// Must be false now: the negative control of a check.
struct Refute {
  static constexpr Facts facts{"refute", Runs::in_program};
  std::vector<Step> on;  ///< exactly one asking word
};

// ---- Words that watch. An observer has a name within its plan and lives until the plan ends.

/// Records arriving in a topic from now on. Items: {"partition","offset","key","value": JSON or text}.
struct Consume {
  static constexpr Facts facts{"consume", Runs::watches};
  Text bootstrap, topic;
};

/// Lines of a command's output. Items: {"line": text}.
struct Follow {
  static constexpr Facts facts{"follow", Runs::watches};
  Texts argv;
  Pairs env;
  Text cwd, stdin_text;
};

/// Pages of results over http: each answer names the next page. Items: elements of the array at `items`.
struct Page {
  static constexpr Facts facts{"page", Runs::watches};
  Text url;
  Text next;   ///< pointer to the next page's path or url
  Text items;  ///< pointer to an array
};

/// Starts an observer under a name; done when it is attached and `until` (if any) answers as it should.
struct Arm {
  static constexpr Facts facts{"arm", Runs::in_program, Joins::never, std::chrono::seconds(120)};
  Text as;
  std::vector<Step> observe;  ///< exactly one watching word
  std::vector<Step> prepare;  ///< done before it; what they take is there for `observe`
  std::vector<Step> until;    ///< none or one asking word
  std::vector<Step> finish;   ///< done when the plan ends, whatever happened
  Duration within;
};

/// Nothing that fits has been seen so far; with `most`, not more often than that.
struct Absent {
  static constexpr Facts facts{"absent", Runs::in_program};
  Text in;
  Match find;
  Text most;
};

/// Something that fits `find` is seen, and all of `expect` holds of it.
struct Seen {
  static constexpr Facts facts{"seen", Runs::in_program};
  Text in;
  Match find, expect;
  Takes take;
  Duration within;
};

using AnyWord = std::variant<Dir, File, Config, Line, Unpack, Place, Service, Halt, Sweep, User, Tcp, Http, Sql, Exec, Topic, Process,
                             Brokers, Every, Ask, Produce, Wait, Ensure, Refute, Consume, Follow, Page, Arm, Absent, Seen>;

template <class Word>
concept OneWord = std::is_constructible_v<AnyWord, Word&&> && !std::is_base_of_v<AnyWord, std::remove_cvref_t<Word>>;

/// One of them. Copying and destroying any of thirty words is much code: it is compiled once, in words.cpp, rather than wherever a
/// step is held (measured: half the time of files that include this).
class Action : public AnyWord {
public:
  template <OneWord Word>
  Action(Word&& word) : AnyWord(std::forward<Word>(word)) {}  // NOLINT: as a variant is made
  Action();
  Action(const Action&);
  Action(Action&&) noexcept;
  Action& operator=(const Action&);
  Action& operator=(Action&&) noexcept;
  ~Action();
};

/// A word in a file, before the plan gives it a host and a place in the order.
struct Step {
  Action action;
  source::Span origin;
  Text on;                                      ///< a section: done on the host of its first instance rather than on our own
  Text title;                                   ///< what a person reads; empty: rendered from the action
  std::vector<std::pair<Text, Text>> versions;  ///< section ("" = own) → range; decided when the plan is made
  std::vector<Step> evidence{};                 ///< asked when it failed
  Text say{};          ///< of such a question: what its answer comes to, in the component's own words; of an act: what it means
  bool warns = false;  ///< that it does not hold is told, and no reason to fail
};

/// For the last lambda of a visit that has one for each word of a kind: a new one of that kind does not compile without its own.
template <class Word>
concept NotOnHost = Word::facts.runs != Runs::on_host;
template <class Word>
concept NotAsking = Word::facts.runs != Runs::asks;
template <class Word>
concept NotAlone = Word::facts.runs != Runs::asks&& Word::facts.runs != Runs::in_program;

/// Helper for std::visit with one lambda a word and no default, so that a forgotten word does not compile.
template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

}  // namespace tidelab::step
