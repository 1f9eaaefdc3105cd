/* The embedded cluster of `kconnectd dev`; see dev.h. */
#include "connect/dev.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "connect/base/err.h"

#define JSON_CONVERTER "org.apache.kafka.connect.json.JsonConverter"

struct dev {
    rd_kafka_t *rk; /* carries the cluster, nothing else */
    rd_kafka_mock_cluster_t *cluster;
    int rest_port;
    char *data;
    const char *first_topic;
    struct dev_options options;
};

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static int number(const char *text, long max, long *ret_value) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < 0 || value > max)
        return -1;
    *ret_value = value;
    return 0;
}

static int parse_topic(const char *text, struct dev_options *o, struct kc_error *err) {
    const char *colon = strrchr(text, ':');
    long partitions;
    if (!colon || colon == text || number(colon + 1, 10000, &partitions) < 0 || partitions == 0)
        return err_set(err, ERR_BAD_REQUEST, "--topic wants NAME:PARTITIONS, for example orders:9, not '%s'", text);
    size_t len = (size_t)(colon - text);
    if (o->topic_count == COUNT_OF(o->topics))
        return err_set(err, ERR_BAD_REQUEST, "At most %zu topics can be named with --topic", COUNT_OF(o->topics));
    struct dev_topic *t = &o->topics[o->topic_count];
    if (len >= sizeof(t->name) ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != len)
        return err_set(err, ERR_BAD_REQUEST, "--topic: '%.*s' is no topic name", (int)len, text);
    memcpy(t->name, text, len);
    t->name[len] = 0;
    t->partitions = (int)partitions;
    o->topic_count++;
    return 0;
}

int dev_parse(int argc, char **argv, struct dev_options *ret_options, struct kc_error *err) {
    struct dev_options *o = ret_options;
    o->rest_port = 8083;
    o->data = NULL;
    o->topic_count = 0;
    for (int i = 0; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        long port;
        if (strcmp(argv[i], "--rest") != 0 && strcmp(argv[i], "--data") != 0 && strcmp(argv[i], "--topic") != 0)
            return err_set(err, ERR_BAD_REQUEST, "Unknown argument of dev: %s", argv[i]);
        if (!value)
            return err_set(err, ERR_BAD_REQUEST, "%s wants a value", argv[i]);
        if (strcmp(argv[i], "--topic") == 0) {
            if (parse_topic(value, o, err) < 0)
                return -1;
        } else if (strcmp(argv[i], "--data") == 0) {
            o->data = value;
        } else if (number(value, 65535, &port) < 0) {
            return err_set(err, ERR_BAD_REQUEST, "--rest wants a port number, not '%s'", value);
        } else {
            o->rest_port = (int)port;
        }
    }
    return 0;
}

/* ---- the cluster ------------------------------------------------------------------------------------------------- */

static int make_data_folder(struct dev *dev, const char *given, struct kc_error *err) {
    char path[PATH_MAX];
    if (!given) {
        const char *tmp = getenv("TMPDIR");
        snprintf(path, sizeof(path), "%s/kconnectd-dev-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
        if (!mkdtemp(path))
            return err_set(err, ERR_IO, "Cannot make a folder for data at %s: %s", path, strerror(errno));
        given = path;
    } else if (mkdir(given, 0777) < 0 && errno != EEXIST) {
        return err_set(err, ERR_IO, "Cannot make the folder %s: %s", given, strerror(errno));
    }
    dev->data = realpath(given, NULL);
    return dev->data ? 0 : err_set(err, ERR_IO, "Cannot use the folder %s: %s", given, strerror(errno));
}

static int create_topic(struct dev *dev, const char *name, int partitions, struct kc_error *err) {
    rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(dev->cluster, name, partitions, 1);
    return code ? err_set(err, ERR_KAFKA, "Cannot create topic %s: %s", name, rd_kafka_err2str(code)) : 0;
}

static int start_cluster(struct dev *dev, struct kc_error *err) {
    char problem[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "kconnectd-dev", NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    dev->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof(problem));
    if (!dev->rk) {
        rd_kafka_conf_destroy(conf);
        return err_set(err, ERR_KAFKA, "Cannot start the embedded Kafka cluster: %s", problem);
    }
    dev->cluster = rd_kafka_mock_cluster_new(dev->rk, 1);
    if (!dev->cluster)
        return err_set(err, ERR_KAFKA, "Cannot start the embedded Kafka cluster");
    static const char *const internal[] = {"connect-configs", "connect-offsets", "connect-status"};
    for (size_t i = 0; i < COUNT_OF(internal); i++) {
        if (create_topic(dev, internal[i], 1, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < dev->options.topic_count; i++) {
        if (create_topic(dev, dev->options.topics[i].name, dev->options.topics[i].partitions, err) < 0)
            return -1;
    }
    return 0;
}

struct dev *dev_new(const struct dev_options *options, struct kc_error *err) {
    struct dev *dev = calloc(1, sizeof(*dev));
    if (!dev)
        abort();
    dev->options = *options;
    dev->first_topic = dev->options.topic_count ? dev->options.topics[0].name : "orders";
    if (make_data_folder(dev, options->data, err) < 0 || start_cluster(dev, err) < 0)
        return dev_free(dev);
    return dev;
}

struct dev *dev_free(struct dev *dev) {
    if (!dev)
        return NULL;
    if (dev->cluster)
        rd_kafka_mock_cluster_destroy(dev->cluster);
    if (dev->rk)
        rd_kafka_destroy(dev->rk);
    free(dev->data);
    free(dev);
    return NULL;
}

const char *dev_bootstrap(const struct dev *dev) {
    return rd_kafka_mock_cluster_bootstraps(dev->cluster);
}

struct kc_config *dev_worker_config(const struct dev *dev) {
    /* The mock coordinator lets every rebalance last for the session timeout less a second, and forgets a member
     * whose session ends within the three seconds of the first one. */
    static const char *const rows[][2] = {{"group.id", "connect-dev"},
                                          {"session.timeout.ms", "3200"},
                                          /* the mock broker answers a fetch only when this time is over */
                                          {"fetch.max.wait.ms", "20"},
                                          {"consumer.fetch.max.wait.ms", "20"},
                                          {"heartbeat.interval.ms", "500"},
                                          {"key.converter", "org.apache.kafka.connect.storage.StringConverter"},
                                          {"value.converter", JSON_CONVERTER},
                                          {"value.converter.schemas.enable", "false"},
                                          {"config.storage.topic", "connect-configs"},
                                          {"offset.storage.topic", "connect-offsets"},
                                          {"status.storage.topic", "connect-status"},
                                          {"config.storage.replication.factor", "1"},
                                          {"offset.storage.replication.factor", "1"},
                                          {"status.storage.replication.factor", "1"},
                                          {"offset.storage.partitions", "1"},
                                          {"status.storage.partitions", "1"},
                                          {"offset.flush.interval.ms", "1000"},
                                          {"scheduled.rebalance.max.delay.ms", "0"},
                                          {"rest.advertised.host.name", "127.0.0.1"}};
    struct kc_config *config = kc_config_new();
    char listener[64];
    snprintf(listener, sizeof(listener), "http://127.0.0.1:%d", dev->options.rest_port);
    kc_config_set(config, "bootstrap.servers", dev_bootstrap(dev));
    kc_config_set(config, "listeners", listener);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        kc_config_set(config, rows[i][0], rows[i][1]);
    return config;
}

void dev_announce(const struct dev *dev, const char *rest_url) {
    int len = (int)strlen(rest_url);
    len -= len > 0 && rest_url[len - 1] == '/';
    printf("Kafka: %s\n", dev_bootstrap(dev));
    printf("Data: %s\n", dev->data);
    printf("Try, after writing some JSON lines to topic %s (kcat -P -b %s -t %s):\n", dev->first_topic,
           dev_bootstrap(dev), dev->first_topic);
    printf("curl -X POST -H 'Content-Type: application/json' %.*s/connectors -d '{\"name\":\"backup\",\"config\":{"
           "\"connector.class\":\"io.confluent.connect.s3.S3SinkConnector\",\"topics\":\"%s\","
           "\"s3.bucket.name\":\"backup\",\"store.url\":\"file://%s\",\"flush.size\":\"3\","
           "\"storage.class\":\"io.confluent.connect.s3.storage.S3Storage\","
           "\"format.class\":\"io.confluent.connect.s3.format.json.JsonFormat\"}}'\n",
           len, rest_url, dev->first_topic, dev->data);
    printf("REST: %.*s\n", len, rest_url);
    fflush(stdout);
}
