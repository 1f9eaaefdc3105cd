#ifndef CONNECT_BASE_VERSION_H
#define CONNECT_BASE_VERSION_H

/* What REST says: the Kafka version whose behaviour this worker has, and this program's own. */
#define KAFKA_VERSION     "4.3.1"
#define KAFKA_COMMIT      "unknown" /* what Java says for a build without git data */
#define KCONNECTD_VERSION "0.1.0"

#endif
