#!/usr/bin/env bash
# tidelab's own, with the official script's name and options.
# No `set -u`: a java.env may well name a variable that is not set.

usage() {
    echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd} [config-file]" >&2
    exit 1
}

if [ "${1:-}" = --config ]; then
    [ -d "${2:-}" ] || usage
    ZOOCFGDIR=$(cd "$2" && pwd)
    shift 2
fi
ZOOBINDIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$ZOOBINDIR/zkEnv.sh"

action=${1:-}
config=${2:-$ZOOCFG}
# A bare name means a file of the configuration directory.
case $config in
    */*) ;;
    *) config=$ZOOCFGDIR/$config ;;
esac

setting() { # NAME: its value in the configuration, the last one counts
    sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$config" 2>/dev/null | tail -n 1 | tr -d '\r'
}

command_line() {
    # shellcheck disable=SC2206  # the flags are words on purpose
    cmd=("$JAVA"
        "-Dzookeeper.log.dir=$ZOO_LOG_DIR"
        "-Dzookeeper.log.file=zookeeper.log"
        "-Dzookeeper.root.logger=${ZOO_LOG4J_PROP:-INFO,CONSOLE}"
        -Djava.awt.headless=true
        -cp "$CLASSPATH"
        $SERVER_JVMFLAGS ${JVMFLAGS:-}
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$config")
}

pid_file() {
    local data
    data=$(setting dataDir)
    printf '%s\n' "${ZOOPIDFILE:-${data:-$ZOOKEEPER_PREFIX}/zookeeper_server.pid}"
}

# A pid file outlives its process, and the number may be another's by now.
running_pid() {
    local pid
    pid=$(cat "$(pid_file)" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
    if [ -r "/proc/$pid/cmdline" ]; then
        tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qx org.apache.zookeeper.server.quorum.QuorumPeerMain || return 1
    fi
    printf '%s\n' "$pid"
}

have_config() {
    [ -f "$config" ] && return
    echo "no configuration file $config" >&2
    exit 1
}

start() {
    local pid out
    have_config
    if pid=$(running_pid); then
        echo "already running as process $pid." >&2
        exit 1
    fi
    mkdir -p "$ZOO_LOG_DIR" "$(dirname "$(pid_file)")"
    out=$ZOO_LOG_DIR/zookeeper-server.out
    command_line
    nohup "${cmd[@]}" >"$out" 2>&1 </dev/null &
    pid=$!
    printf '%s\n' "$pid" >"$(pid_file)"
    # A missing jar or a taken port shows within the first second.
    sleep 1
    if ! kill -0 "$pid" 2>/dev/null; then
        echo "Starting zookeeper ... FAILED TO START, see $out" >&2
        exit 1
    fi
    echo "Starting zookeeper ... STARTED"
}

stop() {
    local pid tries=0
    if ! pid=$(running_pid); then
        echo "Stopping zookeeper ... no zookeeper to stop (could not find a running process of $(pid_file))"
        return
    fi
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ]; then
            echo "Stopping zookeeper ... process $pid is still there after 20 s" >&2
            exit 1
        fi
        sleep 0.2
    done
    rm -f "$(pid_file)"
    echo "Stopping zookeeper ... STOPPED"
}

status() {
    local port host answer mode
    have_config
    port=$(setting clientPort)
    host=$(setting clientPortAddress)
    # srvr is the one four-letter word that is always allowed.
    answer=$("$JAVA" -Xmx32m -XX:TieredStopAtLevel=1 -Dzookeeper.root.logger=ERROR,CONSOLE -Dzookeeper.root.level=ERROR -cp "$CLASSPATH" \
        org.apache.zookeeper.client.FourLetterWordMain "${host:-localhost}" "${port:-2181}" srvr 2>/dev/null)
    mode=$(grep '^Mode:' <<<"$answer")
    echo "Client port found: ${port:-2181}. Client address: ${host:-localhost}." >&2
    if [ -z "$mode" ]; then
        echo "Error contacting service. It is probably not running." >&2
        exit 1
    fi
    echo "$mode"
}

case $action in
    start) start ;;
    start-foreground)
        have_config
        mkdir -p "$ZOO_LOG_DIR"
        command_line
        # The supervisor's child is the JVM itself.
        exec "${cmd[@]}"
        ;;
    stop) stop ;;
    restart)
        stop
        start
        ;;
    status) status ;;
    version) exec "$JAVA" -cp "$CLASSPATH" org.apache.zookeeper.version.VersionInfoMain 2>/dev/null ;;
    print-cmd)
        command_line
        printf '%q ' "${cmd[@]}"
        echo
        ;;
    *) usage ;;
esac
