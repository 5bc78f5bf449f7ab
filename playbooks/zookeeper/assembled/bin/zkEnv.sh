#!/usr/bin/env bash
# tidelab's own ZooKeeper environment, sourced by the scripts beside it. The
# names of the variables are the official ones.

ZOOBINDIR=${ZOOBINDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
ZOOKEEPER_PREFIX=$(cd "$ZOOBINDIR/.." && pwd)
ZOOCFGDIR=${ZOOCFGDIR:-$ZOOKEEPER_PREFIX/conf}

if [ -f "$ZOOCFGDIR/zookeeper-env.sh" ]; then
    # shellcheck source=/dev/null
    . "$ZOOCFGDIR/zookeeper-env.sh"
fi
# A JAVA_HOME of the caller is kept: a supervisor that names a runtime means it.
caller_java_home=${JAVA_HOME:-}
JAVA_HOME=
if [ -f "$ZOOCFGDIR/java.env" ]; then
    # shellcheck source=/dev/null
    . "$ZOOCFGDIR/java.env"
fi
env_java_home=$JAVA_HOME
JAVA=
for home in "$caller_java_home" "$ZOOKEEPER_PREFIX/jre" "$env_java_home"; do
    if [ -n "$home" ] && [ -x "$home/bin/java" ]; then
        JAVA_HOME=$home
        JAVA=$home/bin/java
        break
    fi
done
if [ -z "$JAVA" ]; then
    JAVA=$(command -v java) || {
        echo "no Java: set JAVA_HOME, or put a runtime at $ZOOKEEPER_PREFIX/jre" >&2
        exit 1
    }
fi

ZOOCFG=${ZOOCFG:-zoo.cfg}
ZOO_LOG_DIR=${ZOO_LOG_DIR:-$ZOOKEEPER_PREFIX/logs}
CLASSPATH="$ZOOCFGDIR:$ZOOKEEPER_PREFIX/lib/*${CLASSPATH:+:$CLASSPATH}"
# Heaps in MB, as officially.
SERVER_JVMFLAGS="-Xmx${ZK_SERVER_HEAP:-1000}m ${SERVER_JVMFLAGS:-}"
CLIENT_JVMFLAGS="-Xmx${ZK_CLIENT_HEAP:-256}m ${CLIENT_JVMFLAGS:-}"
