#!/usr/bin/env bash
# tidelab's own: the broker, in the foreground unless -daemon is given. The
# process stays the one that was started, as each script execs the next.
set -eu

bin=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
daemon=()
if [ "${1:-}" = -daemon ]; then
    daemon=(-daemon)
    shift
fi
if [ $# -eq 0 ]; then
    echo "Usage: $0 [-daemon] server.properties [--override property=value]*" >&2
    exit 1
fi

config=$bin/../config
if [ -z "${KAFKA_LOG4J_OPTS:-}" ]; then
    if [ -f "$config/log4j2.yaml" ]; then
        export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=$config/log4j2.yaml
    else
        export KAFKA_LOG4J_OPTS=-Dlog4j.configuration=file:$config/log4j.properties
    fi
fi
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}

exec "$bin/kafka-run-class.sh" ${daemon[@]+"${daemon[@]}"} -name kafkaServer -loggc kafka.Kafka "$@"
