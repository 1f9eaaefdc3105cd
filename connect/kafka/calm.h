/* Lets the threads of a consumer sleep while nothing happens in it. Each of librdkafka's four or five threads a
 * consumer looks around every half second or every second, and it fetches twice a second: nine wake-ups a second, a
 * quarter of a core for a thousand sink tasks that wait for records. Yet whatever concerns such a thread wakes it (an
 * answer on its socket, an operation in its queue), but for time-outs.
 *
 * A consumer is calm when for ten seconds it has sent nothing but heartbeats and fetches that found nothing, no request
 * has failed, no connection has changed its state and nobody has called calm_end. While it is calm
 *   - its main thread sleeps until the next heartbeat is due, rounded up to a quarter of a second so that the consumers
 *     of a worker wake together, which costs less than one by one,
 *   - a broker thread sleeps until its fetch should have been answered, or for half a minute if it waits for no answer;
 *     one that waits for the answer to anything else, or has a fetch to send, is left alone,
 *   - fetches wait ten seconds for the first record, if they may: the answer comes with the record all the same.
 * With the first sign of life everything is as librdkafka and the configuration want it again. Where other records may
 * then have to be fetched (a rebalance, calm_end), a fetch that still waits for ten seconds is broken off by ending its
 * connection, as a broker can do nothing else for a connection meanwhile; the next one is made at once.
 *
 * An interceptor marks the threads and sees the requests; the program's own poll and cnd_timedwait come before libc's
 * and lengthen the waits of marked threads. Nothing is changed for producers, nor with a librdkafka that is not known.
 * @source librdkafka 2.0.2 to 2.3.0: rdkafka.c rd_kafka_thread_main, rdkafka_broker.c rd_kafka_broker_serve */
#ifndef CONNECT_KAFKA_CALM_H
#define CONNECT_KAFKA_CALM_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* To be called with the configuration of a client before rd_kafka_new. `patient`: fetches may wait longer than
 * fetch.wait.max.ms, which is for members of a group. @thread any */
void calm_install(rd_kafka_conf_t *conf, bool patient);

/* The consumer is about to fetch something else than before (resume, seek). Nothing for other clients.
 * @thread any  @blocks no */
void calm_end(const rd_kafka_t *rk);

/* Tests only: how long nothing may have happened, in the place of ten seconds. */
void calm_after_ms(int ms);

#endif
