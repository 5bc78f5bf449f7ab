#!/usr/bin/env bash
# tidelab's own. Runs a class with Kafka's jars in place of this process.
#   kafka-run-class.sh [-daemon] [-name NAME] [-loggc] CLASS [ARGUMENT...]
# Heeded: JAVA_HOME, KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS, KAFKA_OPTS,
# KAFKA_GC_LOG_OPTS (with -loggc), KAFKA_LOG4J_OPTS, KAFKA_JMX_OPTS, JMX_PORT,
# LOG_DIR, CLASSPATH.
set -eu

base=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
daemon=
name=
gc_log=
while [ $# -gt 0 ]; do
    case $1 in
        -daemon) daemon=1 ;;
        -loggc) gc_log=${KAFKA_GC_LOG_OPTS:-} ;;
        -name)
            name=${2:?-name needs a value}
            shift
            ;;
        *) break ;;
    esac
    shift
done
if [ $# -eq 0 ]; then
    echo "Usage: $0 [-daemon] [-name NAME] [-loggc] CLASS [ARGUMENT...]" >&2
    exit 1
fi

# Which java to use: the caller's, ours, whatever there is.
if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
elif [ -x "$base/jre/bin/java" ]; then
    java=$base/jre/bin/java
else
    java=$(command -v java) || {
        echo "no Java: set JAVA_HOME, or put a runtime at $base/jre" >&2
        exit 1
    }
fi

logs=${LOG_DIR:-$base/logs}
mkdir -p "$logs"

# Logging: 2.x and 3.x read log4j.properties, 4.x reads log4j2.yaml. A tool says
# its warnings on stderr; the broker's own file is set by kafka-server-start.sh.
if [ -z "${KAFKA_LOG4J_OPTS:-}" ]; then
    if [ -f "$base/config/tools-log4j2.yaml" ]; then
        KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=$base/config/tools-log4j2.yaml
    else
        KAFKA_LOG4J_OPTS=-Dlog4j.configuration=file:$base/config/tools-log4j.properties
    fi
fi

jmx=${KAFKA_JMX_OPTS:-}
if [ -n "${JMX_PORT:-}" ]; then
    # Without a login, so on this machine's own address unless the caller says
    # otherwise in KAFKA_JMX_OPTS.
    jmx=${jmx:-"-Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false -Dcom.sun.management.jmxremote.host=127.0.0.1"}
    jmx="-Dcom.sun.management.jmxremote.port=$JMX_PORT $jmx"
fi

# shellcheck disable=SC2206  # the options are words on purpose
cmd=("$java"
    ${KAFKA_HEAP_OPTS:--Xmx256M}
    ${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:+ExplicitGCInvokesConcurrent}
    -Djava.awt.headless=true
    $gc_log $jmx
    "-Dkafka.logs.dir=$logs" $KAFKA_LOG4J_OPTS
    -cp "$base/libs/*${CLASSPATH:+:$CLASSPATH}"
    ${KAFKA_OPTS:-}
    "$@")

if [ -n "$daemon" ]; then
    nohup "${cmd[@]}" >"$logs/${name:-kafka}.out" 2>&1 </dev/null &
else
    exec "${cmd[@]}"
fi
