/* Keeps the main threads of old librdkafka clients asleep. Before 2.4.0 such a thread that wakes less than a
 * millisecond before a timer is due asks "how long" in whole milliseconds, hears 0 and spins until the time has come:
 * half a millisecond of processor time for each timer that runs out, half a core for a thousand idle sink tasks. On
 * these threads alone the monotonic clock stands still between full milliseconds, so that what is left until a timer is
 * due is a whole number of them.
 * @source https://github.com/confluentinc/librdkafka/issues/4684 */
#ifndef CONNECT_KAFKA_STEADY_CLOCK_H
#define CONNECT_KAFKA_STEADY_CLOCK_H

#include <librdkafka/rdkafka.h>

/* To be called with the configuration of every client before rd_kafka_new. Does nothing where librdkafka is in order.
 * @thread any */
void steady_clock_install(rd_kafka_conf_t *conf);

#endif
