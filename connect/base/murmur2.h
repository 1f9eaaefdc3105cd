/* Kafka's murmur2, which decides the partition of a key (compaction depends on it).
 * @source org.apache.kafka.common.utils.Utils.murmur2 */
#ifndef CONNECT_BASE_MURMUR2_H
#define CONNECT_BASE_MURMUR2_H

#include <stddef.h>
#include <stdint.h>

uint32_t murmur2(const void *data, size_t len);
static inline int32_t murmur2_partition(const void *key, size_t len, int32_t partitions) {
    return (int32_t)((murmur2(key, len) & 0x7fffffff) % (uint32_t)partitions);
}

#endif
