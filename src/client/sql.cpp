// mysql-connector-c++ (the JDBC-like API) over libmariadb. Its calls block and nothing can wake them, so each run
// is done aside on a thread of its own (aside.hpp): deadline and stop are kept to the millisecond by our side, which
// then leaves. The thread that is left behind ends when the server answers or the driver's read timeout passes, and
// takes the connection with it; the statement it was in may still take effect. A session is dead after that.
#include "client/sql.hpp"

#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <new>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/aside.hpp"
#include "client/inside.hpp"
#include "process/fd.hpp"

namespace tidelab::client {

using step::fail;
using step::Why;

namespace {

// Only bounds what is left behind: our own clock is Control. An hour, since DDL may rightly take many minutes.
constexpr int read_timeout_s = 3600;

// What is taken of an answer; a probe's has a few rows.
constexpr std::size_t most_rows = 100'000, most_bytes = 16 << 20;
constexpr std::string_view ways_of_passwords = "mysql_native_password,client_ed25519";
constexpr int not_our_way_of_passwords = 5010;  // CR_ERR_RESTRICTED_AUTH of libmariadb
constexpr int rows_broke_off = 1105;            // the server's own number for what has none
constexpr int most_packet = 16 << 20;           // a row lies within one

using Connection = std::unique_ptr<sql::Connection>;

// libmariadb keeps state for each thread that uses it. The library's own end is never met: a worker ends by _exit, whatever hangs.
class DriverThread {
public:
  DriverThread() : driver_(make_driver()) { driver_->threadInit(); }
  ~DriverThread() { driver_->threadEnd(); }
  DriverThread(const DriverThread&) = delete;
  DriverThread& operator=(const DriverThread&) = delete;
  sql::Driver& driver() const { return *driver_; }

private:
  static sql::Driver* make_driver() {
    static std::mutex mutex;  // the first call builds a process-wide object without a lock of its own
    const std::lock_guard lock(mutex);
    return sql::mysql::get_driver_instance();
  }
  sql::Driver* driver_;
};

// 2000 to 2999 are libmariadb's own: the connection, not the statement.
bool is_connection_error(int code) { return code >= 2000 && code < 3000; }

// Answers that are the same however often one asks: who may not come in (1044, 1045, 1698), what is not there or not allowed
// (1049 database, 1054 column, 1142 and 1227 rights, 1146 table), and what is no SQL (1064). Numbers are those of MySQL, which others keep:
// dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
bool is_lasting(int code) {
  constexpr int codes[] = {1044, 1045, 1049, 1054, 1064, 1142, 1146, 1227, 1698};
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

// "Can't connect to server on '10.0.0.1' (113)": only the text carries errno.
Why why_of(const sql::SQLException& error) {
  const std::string text = error.what();
  if (error.getErrorCode() == 2005) return Why::unreachable;  // unknown host
  for (const char* no_way : {"(113)", "(101)"}) {
    if (text.find(no_way) != std::string::npos) return Why::unreachable;
  }
  return text.find("(110)") != std::string::npos ? Why::timed_out : Why::refused;
}

tl::unexpected<step::Failure> refused_by(const SqlTarget& target, const sql::SQLException& error) {
  const int code = error.getErrorCode();
  if (code == not_our_way_of_passwords) {
    step::Failure failure{
        Why::refused, fmt::format("{}:{} asks for the password in a way that would tell it to whoever is there: it is only proved, by {}",
                                  target.host, target.port, ways_of_passwords)};
    failure.help = fmt::format(
        "if that is your server: `ALTER USER {} IDENTIFIED WITH mysql_native_password BY …`; if it is not, end what listens there",
        target.user);
    failure.lasting = true;
    return tl::unexpected(std::move(failure));
  }
  if (!is_connection_error(code)) {
    step::Failure failure{Why::refused, fmt::format("server says {}: {}", code, error.what())};
    failure.lasting = is_lasting(code);
    return tl::unexpected(std::move(failure));
  }
  return fail(why_of(error), fmt::format("no sql connection to {}:{}: {}: {}", target.host, target.port, code, error.what()));
}

// A server says how it wants the password, and some ways give it the password itself: in clear text, by a key that whoever is there
// may have made, or by a question on the terminal. So only those are known that prove it and tell nothing. The driver has no option
// for that, and its library has one in files: this one is in memory.
std::string file_of_options() {
  static const process::Fd file = [] {
    const auto text = fmt::format("[client]\nrestricted-auth={}\n", ways_of_passwords);
    process::Fd fd(::memfd_create("options", MFD_CLOEXEC));
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) throw std::bad_alloc();
    return fd;
  }();
  return fmt::format("/proc/self/fd/{}", file.get());
}

Result<Connection> connect(const SqlTarget& target, int timeout_s) try {
  const DriverThread thread;
  const auto host = target.host.find(':') == std::string::npos ? target.host : "[" + target.host + "]";
  sql::ConnectOptionsMap options;
  options["hostName"] = sql::SQLString(fmt::format("tcp://{}:{}", host, target.port));
  options["userName"] = sql::SQLString(target.user);
  options["password"] = sql::SQLString(target.password);
  if (!target.database.empty()) options["schema"] = sql::SQLString(target.database);
  options["readDefaultFile"] = sql::SQLString(file_of_options());
  options["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  options["OPT_CONNECT_TIMEOUT"] = timeout_s;
  options["OPT_READ_TIMEOUT"] = read_timeout_s;
  options["OPT_WRITE_TIMEOUT"] = read_timeout_s;
  options["OPT_MAX_ALLOWED_PACKET"] = most_packet;
  Connection connection(thread.driver().connect(options));
  connection->setAutoCommit(true);
  return connection;
} catch (const sql::SQLException& error) {
  return refused_by(target, error);
}

// Rows as they come, and what kept them from coming to an end.
struct Rows {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  std::string beyond{};
};

Rows read_rows(sql::ResultSet& result) {
  Rows out;
  auto* columns = result.getMetaData();
  const auto count = columns->getColumnCount();
  std::size_t bytes = 0;
  while (result.next()) {
    auto row = nlohmann::ordered_json::object();
    for (unsigned i = 1; i <= count; ++i) {
      const std::string text = result.getString(i), label = columns->getColumnLabel(i);
      bytes += text.size() + label.size() + sizeof row;
      auto& cell = row[label];
      if (!result.isNull(i)) cell = text;
    }
    out.rows.push_back(std::move(row));
    if (out.rows.size() > most_rows) out.beyond = fmt::format("more than {} rows", most_rows);
    if (bytes > most_bytes) out.beyond = fmt::format("more than {} MiB", most_bytes >> 20);
    if (!out.beyond.empty()) break;
  }
  return out;
}

std::string render_answer(const nlohmann::ordered_json& rows, std::uint64_t affected) {
  const nlohmann::ordered_json answer{{"rows", rows}, {"count", rows.size()}, {"affected", affected}};
  // A blob need not be UTF-8, and a probe's answer must not throw.
  return answer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// libmariadb reads a result to its end before it lets go of it, and this one has none: it is left open, with its connection,
// until the process ends. Asking again cannot help, so that this is done once a question.
Result<SqlAnswer> leave_open(std::shared_ptr<sql::Connection> connection, std::unique_ptr<sql::Statement> statement,
                             std::unique_ptr<sql::ResultSet> result, const SqlTarget& target, const std::string& beyond) {
  struct Left {
    std::shared_ptr<sql::Connection> connection;
    sql::Statement* statement;
    sql::ResultSet* result;
  };
  static std::mutex mutex;
  static auto& all = *new std::vector<Left>;  // never destroyed
  const std::lock_guard lock(mutex);
  all.push_back({std::move(connection), statement.release(), result.release()});
  step::Failure failure{Why::refused,
                        fmt::format("the answer of {}:{} has {}, and was not read to its end", target.host, target.port, beyond)};
  failure.lasting = true;
  return tl::unexpected(std::move(failure));
}

// The driver takes rows that broke off for all of them. So the server is asked whether it had an error, which also shows that the
// connection is still there; one that does not know the question has none to tell.
void must_be_whole(sql::Statement& statement) {
  try {
    statement.execute("SELECT @@error_count");
    const std::unique_ptr<sql::ResultSet> errors(statement.getResultSet());
    if (!errors) throw sql::SQLException("the server gave no rows where it was asked for one", "HY000", rows_broke_off);
    bool any = false;
    while (errors->next()) any = any || errors->getString(1) != "0";
    if (any) throw sql::SQLException("the rows broke off", "HY000", rows_broke_off);
  } catch (const sql::SQLException& error) {
    if (error.getErrorCode() == rows_broke_off || is_connection_error(error.getErrorCode())) throw;
  }
}

// A server may count an error of one statement until one comes that reads a table, so rows that follow would seem to break off.
void forget_errors(sql::Connection& connection, const sql::SQLException& error) {
  if (is_connection_error(error.getErrorCode())) return;
  try {
    const std::unique_ptr<sql::Statement> statement(connection.createStatement());
    const std::unique_ptr<sql::ResultSet> rows(statement->executeQuery("SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA LIMIT 1"));
    while (rows->next()) {
    }
  } catch (const sql::SQLException&) {  // NOLINT(bugprone-empty-catch): the error that is told came first
  }
}

Result<SqlAnswer> run_all(const std::shared_ptr<sql::Connection>& connection, const SqlTarget& target,
                          const std::vector<std::string>& statements) try {
  SqlAnswer answer{render_answer(nlohmann::ordered_json::array(), 0), step::Clock::now()};
  std::unique_ptr<sql::Statement> statement(connection->createStatement());
  statement->setResultSetType(sql::ResultSet::TYPE_FORWARD_ONLY);  // rows as they come, not all of them at once
  for (const auto& text : statements) {
    const bool has_rows = statement->execute(text);
    answer.returned = step::Clock::now();  // before anything is read or rendered: latencies start here
    if (has_rows) {
      std::unique_ptr<sql::ResultSet> result(statement->getResultSet());
      const auto read = read_rows(*result);
      if (!read.beyond.empty()) return leave_open(connection, std::move(statement), std::move(result), target, read.beyond);
      result.reset();
      must_be_whole(*statement);
      answer.json = render_answer(read.rows, 0);
    } else {
      answer.json = render_answer(nlohmann::ordered_json::array(), statement->getUpdateCount());
    }
  }
  return answer;
} catch (const sql::SQLException& error) {
  forget_errors(*connection, error);
  return refused_by(target, error);
}

class MysqlSession : public SqlSession {
public:
  MysqlSession(SqlTarget target, std::shared_ptr<sql::Connection> connection)
      : target_(std::move(target)), connection_(std::move(connection)) {}

  Result<SqlAnswer> run(const std::vector<std::string>& statements, const Control& control) override {
    if (!connection_) return fail(Why::refused, fmt::format("the sql connection to {}:{} was given up before", target_.host, target_.port));
    // Shared with the thread aside, which outlives us when it hangs in the server.
    auto answer = wait_aside<SqlAnswer>(control, "the sql statement", [connection = connection_, target = target_, statements] {
      const DriverThread thread;
      return run_all(connection, target, statements);
    });
    const bool given_up = !answer && answer.error().why != Why::refused;
    if (given_up) connection_.reset();
    return answer;
  }

private:
  SqlTarget target_;
  std::shared_ptr<sql::Connection> connection_;
};

}  // namespace

namespace inside {

Result<std::unique_ptr<SqlSession>> open_sql(const SqlTarget& target, const Control& control) {
  const auto doing = fmt::format("the sql connection to {}:{}", target.host, target.port);
  // The driver counts in whole seconds and takes 0 for "for ever".
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::min<std::chrono::milliseconds>(control.left(), std::chrono::hours(1)));
  const int timeout_s = std::max(1, static_cast<int>(seconds.count()));
  using Shared = std::shared_ptr<sql::Connection>;
  auto connection = wait_aside<Shared>(control, doing, [target, timeout_s]() -> Result<Shared> {
    auto made = connect(target, timeout_s);
    if (!made) return tl::unexpected(made.error());
    return Shared(std::move(*made));
  });
  if (!connection) return tl::unexpected(connection.error());
  return std::make_unique<MysqlSession>(target, std::move(*connection));
}

}  // namespace inside

}  // namespace tidelab::client
