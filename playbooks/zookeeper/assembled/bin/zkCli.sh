#!/usr/bin/env bash
# tidelab's own. `zkCli.sh -server host:port` talks, with a command behind it
# (`get /path`) it runs that one and ends.
ZOOBINDIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$ZOOBINDIR/zkEnv.sh"

# WARN: with INFO the answer drowns in the client's own log.
# shellcheck disable=SC2086  # the flags are words on purpose
exec "$JAVA" "-Dzookeeper.log.dir=$ZOO_LOG_DIR" -Dzookeeper.log.file=zookeeper-cli.log \
    "-Dzookeeper.root.logger=${ZOO_LOG4J_PROP:-WARN,CONSOLE}" -Dzookeeper.root.level=WARN \
    -cp "$CLASSPATH" $CLIENT_JVMFLAGS ${JVMFLAGS:-} \
    org.apache.zookeeper.ZooKeeperMain "$@"
