// The shape of every word, once: its name and its fields. Reading, substitution, rendering and the
// documentation test all walk over this, so a field added here is known to all of them.
#pragma once

#include <array>
#include <string_view>
#include <type_traits>

#include "step/words.hpp"

namespace tidelab::step {

enum class Use { optional, required };

/// Which words may stand where.
enum class Room {
  acting,    ///< in a playbook's install, configure, start …
  asking,    ///< in wait, ensure.look, refute, until
  watching,  ///< in arm.observe
};

template <class Word>
constexpr std::string_view name_of_word() {
  return std::remove_const_t<Word>::facts.name;
}

template <class Word>
constexpr bool is_asking = Word::facts.runs == Runs::asks;
/// Where a question is wanted: a word that asks, or one that stands for such a word.
template <class Word>
constexpr bool is_question = is_asking<Word> || std::is_same_v<Word, Ask>;
template <class Word>
constexpr bool is_watching = Word::facts.runs == Runs::watches;

/// Calls visit(name, member, Use) for every field, in the order in which they are shown.
template <class Visit, class Asking_>
void fields_of_asking(Asking_& w, Visit&& visit) {
  visit("pick", w.pick, Use::optional);
  visit("expect", w.expect, Use::optional);
  visit("give_up", w.give_up, Use::optional);
  visit("take", w.take, Use::optional);
}

template <class Word, class Visit>
void fields(Word& w, Visit&& visit) {
  using W = std::remove_const_t<Word>;
  constexpr auto must = Use::required;
  constexpr auto may = Use::optional;
  if constexpr (std::is_same_v<W, Dir>) {
    visit("path", w.path, must), visit("mode", w.mode, may), visit("holds", w.holds, may);
  } else if constexpr (std::is_same_v<W, File>) {
    visit("path", w.path, must), visit("content", w.content, may), visit("from", w.from, may), visit("mode", w.mode, may);
  } else if constexpr (std::is_same_v<W, Config>) {
    visit("path", w.path, must), visit("format", w.format, must), visit("set", w.set, may), visit("append", w.append, may);
    visit("no_restart", w.no_restart, may);
  } else if constexpr (std::is_same_v<W, Line>) {
    visit("path", w.path, must), visit("match", w.match, may), visit("line", w.line, must);
  } else if constexpr (std::is_same_v<W, Unpack>) {
    visit("artifact", w.artifact, must), visit("into", w.into, must), visit("strip", w.strip, may);
  } else if constexpr (std::is_same_v<W, Place>) {
    visit("artifact", w.artifact, must), visit("path", w.path, must);
  } else if constexpr (std::is_same_v<W, Service>) {
    visit("name", w.name, must), visit("argv", w.argv, must);
    visit("first_members", w.first_members, may), visit("newcomer", w.newcomer, may), visit("joins", w.joins, may);
    visit("env", w.env, may), visit("cwd", w.cwd, may);
    visit("inputs", w.inputs, may), visit("log", w.log, must), visit("check", w.check, may), visit("exe", w.exe, may);
    visit("stop_signal", w.stop_signal, may), visit("stop_within", w.stop_within, may);
  } else if constexpr (std::is_same_v<W, Halt>) {
    visit("name", w.name, must), visit("within", w.within, may);
  } else if constexpr (std::is_same_v<W, Sweep>) {
    visit("keep", w.keep, may), visit("ports", w.ports, may);
    visit("services", w.services, may), visit("paths", w.paths, may), visit("unused", w.unused, may);
  } else if constexpr (std::is_same_v<W, User>) {
    visit("name", w.name, must);
  } else if constexpr (std::is_same_v<W, Tcp>) {
    visit("address", w.address, must), visit("send", w.send, may), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Http>) {
    visit("method", w.method, may), visit("url", w.url, must), visit("body", w.body, may), visit("status", w.status, may);
    visit("headers", w.headers, may), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Sql>) {
    visit("address", w.address, must), visit("user", w.user, must), visit("password", w.password, may);
    visit("database", w.database, may), visit("statements", w.statements, must), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Exec>) {
    visit("argv", w.argv, must), visit("env", w.env, may), visit("cwd", w.cwd, may), visit("stdin", w.stdin_text, may);
    visit("fail_if", w.fail_if, may), visit("creates", w.creates, may), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Topic>) {
    visit("bootstrap", w.bootstrap, must), visit("name", w.name, must), visit("partitions", w.partitions, may);
    visit("replication_factor", w.replication_factor, may), visit("configs", w.configs, may), visit("state", w.state, may);
  } else if constexpr (std::is_same_v<W, Process>) {
    visit("name", w.name, must), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Brokers>) {
    visit("bootstrap", w.bootstrap, must), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Every>) {
    visit("of", w.of, must), visit("items", w.items, must), visit("where", w.where, may), visit("take", w.take, may);
    visit("that", w.that, must);
  } else if constexpr (std::is_same_v<W, Ask>) {
    visit("of", w.of, must), visit("what", w.what, must), visit("with", w.with, may), fields_of_asking(w.ask, visit);
  } else if constexpr (std::is_same_v<W, Produce>) {
    visit("bootstrap", w.bootstrap, must), visit("topic", w.topic, must), visit("key", w.key, may), visit("value", w.value, must);
  } else if constexpr (std::is_same_v<W, Wait>) {
    visit("for", w.on, must), visit("process", w.process, may), visit("within", w.within, may);
  } else if constexpr (std::is_same_v<W, Ensure>) {
    visit("look", w.look, must), visit("act", w.act, must), visit("within", w.within, may);
  } else if constexpr (std::is_same_v<W, Refute>) {
    visit("that", w.on, must);
  } else if constexpr (std::is_same_v<W, Consume>) {
    visit("bootstrap", w.bootstrap, must), visit("topic", w.topic, must);
  } else if constexpr (std::is_same_v<W, Follow>) {
    visit("argv", w.argv, must), visit("env", w.env, may), visit("cwd", w.cwd, may), visit("stdin", w.stdin_text, may);
  } else if constexpr (std::is_same_v<W, Page>) {
    visit("url", w.url, must), visit("next", w.next, must), visit("items", w.items, must);
  } else if constexpr (std::is_same_v<W, Arm>) {
    visit("as", w.as, must), visit("prepare", w.prepare, may), visit("observe", w.observe, must), visit("until", w.until, may);
    visit("finish", w.finish, may), visit("within", w.within, may);
  } else if constexpr (std::is_same_v<W, Absent>) {
    visit("in", w.in, must), visit("find", w.find, must), visit("most", w.most, may);
  } else if constexpr (std::is_same_v<W, Seen>) {
    visit("in", w.in, must), visit("find", w.find, must), visit("expect", w.expect, may), visit("take", w.take, may);
    visit("within", w.within, may);
  }
}

/// Every text of an action, nested steps included: what substitution walks over. `on_text(Text&)`.
template <class OnText>
void each_text(Action& action, OnText&& on_text);

namespace detail {

template <class OnText>
struct TextWalk {
  OnText& on_text;
  void text(Text& t) { on_text(t); }
  void operator()(std::string_view, Text& t, Use) { text(t); }
  void operator()(std::string_view, Texts& list, Use) {
    for (auto& t : list) text(t);
  }
  void operator()(std::string_view, Pairs& pairs, Use) {
    for (auto& [key, value] : pairs) text(key), text(value);
  }
  void operator()(std::string_view, Match& match, Use) {
    for (auto& c : match) text(c.pointer), text(c.value);
  }
  void operator()(std::string_view name, Pick& pick, Use use) { text(pick.from), (*this)(name, pick.where, use); }
  void operator()(std::string_view, Takes& takes, Use) {
    for (auto& t : takes) text(t.name), text(t.pointer), text(t.last);
  }
  void operator()(std::string_view, Settings& settings, Use) {
    for (auto& s : settings) {
      text(s.key);
      for (auto& v : s.values) text(v);
    }
  }
  void operator()(std::string_view, Duration&, Use) {}
  void operator()(std::string_view, std::vector<Step>& steps, Use) {
    for (auto& s : steps) each_text(s.action, on_text);
  }
};

}  // namespace detail

template <class OnText>
void each_text(Action& action, OnText&& on_text) {
  detail::TextWalk<std::remove_reference_t<OnText>> walk{on_text};
  std::visit([&](auto& word) { fields(word, walk); }, action);
}

/// One line for a person: `dir /opt/kafka`, `wait for tcp 10.0.0.1:2181 (answer contains Mode)`.
std::string render_action(const Action& action);

/// All fields, indented, as YAML: for `tidelab plan --full` and golden tests.
std::string render_fields(const Action& action, int indent);

/// The deadline of a word that states none.
std::chrono::milliseconds default_within(const Action& action);

}  // namespace tidelab::step
