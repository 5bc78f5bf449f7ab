// A MySQL-protocol door.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::client {

using step::Control;
using step::Result;

struct SqlTarget {
  std::string host;
  int port = 0;
  std::string user;
  std::string password;
  std::string database;  ///< may be empty

  friend auto operator<=>(const SqlTarget&, const SqlTarget&) = default;
};

/// The last statement's result as JSON: {"rows":[{"column":"text" or null,…}…],"count":N,"affected":N}.
/// `returned` is when that statement's call came back: for an autocommitted INSERT, the moment of COMMIT's return.
struct SqlAnswer {
  std::string json;
  step::Clock::time_point returned;
};

/// One connection; not thread-safe. Autocommit is on.
class SqlSession {
public:
  virtual ~SqlSession() = default;
  /// Runs each statement. Why::refused for connection errors and for an error answer of the server
  /// (with its code and text in `what`), Why::timed_out at the deadline.
  virtual Result<SqlAnswer> run(const std::vector<std::string>& statements, const Control& control) = 0;
};

Result<std::unique_ptr<SqlSession>> open_sql(const SqlTarget& target, const Control& control);

}  // namespace tidelab::client
