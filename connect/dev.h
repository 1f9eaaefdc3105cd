/* `kconnectd dev`: a Kafka cluster of librdkafka's mock brokers inside this process, and worker settings that fit it,
 * for trying out without Kafka and without S3. Its topics live in memory and end with the process; a partition keeps
 * its newest few megabytes only. main.c makes it before the worker and frees it after the worker has ended.
 *
 * The mock cluster knows no CreateTopics and no topic settings: a topic comes into being with 4 partitions when it is
 * first used. For another number name it with --topic NAME:PARTITIONS. */
#ifndef CONNECT_DEV_H
#define CONNECT_DEV_H

#include "connect/base/auto.h"
#include "connect/plugin.h"

struct dev_options {
    int rest_port;    /* --rest, default 8083; 0: any free one */
    const char *data; /* --data: folder that file:// object stores use; NULL: a fresh one under $TMPDIR */
    struct dev_topic {
        char name[250];
        int partitions;
    } topics[256];
    size_t topic_count;
};
/* Reads the arguments behind `dev`. @errors ERR_BAD_REQUEST: names the argument that is wrong */
int dev_parse(int argc, char **argv, struct dev_options *ret_options, struct kc_error *err) KC_CHECKED;

struct dev;
/* Starts the cluster. @blocks no */
struct dev *dev_new(const struct dev_options *options, struct kc_error *err);
struct dev *dev_free(struct dev *dev);
struct kc_config *dev_worker_config(const struct dev *dev); /* properties of the worker; the caller frees them */
const char *dev_bootstrap(const struct dev *dev);
/* Says on stdout where everything is and what to try; the line with the REST address comes last. */
void dev_announce(const struct dev *dev, const char *rest_url);

AUTO_FREE(dev, struct dev, dev_free)

#endif
