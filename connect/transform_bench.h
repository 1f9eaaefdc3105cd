/* `kconnectd transform`: what the transforms of a connector make of records, line by line, without Kafka. Records are
 * JSON lines on the standard input, results JSON lines on the standard output:
 *
 *     {"topic":"t","partition":0,"offset":1,"timestamp":1700000000123,"key":…,"value":…,"headers":[{"key":"h","value":"1"}]}
 *
 * Every member may be missing. key and value are JSON without schema, or {"schema":…,"payload":…} as JsonConverter has
 * them; a connector (or worker) that names converters gets what these make of the same JSON, text for all but
 * JsonConverter. Values of headers are guessed from
 * their text. Results have the same form, so that they can be put in again; a record that a transform drops is
 * {"dropped":true}, one that fails {"error":…,"transform":"alias",…}. */
#ifndef CONNECT_TRANSFORM_BENCH_H
#define CONNECT_TRANSFORM_BENCH_H

#include <stdio.h>

#include "config/worker_options.h"
#include "connect/plugin.h"

/* The command with its arguments behind `transform`: --config FILE [--worker FILE]. Returns the exit code: 0 all
 * records went through or were dropped; 1 some failed, or wrong arguments; 2 the configuration cannot be used.
 * @thread main  @blocks reads stdin until its end */
int transform_bench_run(int argc, char **argv);

/* The same with the configuration read; the plugins must be there. `worker` NULL: no converters but the connector's
 * own. *ret_failed: how many records failed or were no records.
 * @errors ConfigException, ConnectException: as a task of the connector would fail at its start; IO: the output cannot
 * be written */
int transform_bench(const struct kc_config *connector, const struct worker_conf *worker, FILE *in, FILE *out,
                    size_t *ret_failed, struct kc_error *err) KC_CHECKED;

#endif
