/* bootstrap.servers as addresses; see bootstrap.h. */
#include "connect/kafka/bootstrap.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

static int invalid(const char *entry, struct kc_error *err) {
    return err_set(err, ERR_BAD_CONFIG, "Invalid url in bootstrap.servers: %s", entry);
}

/* The port behind the last colon; the colon is replaced by the end of the host. */
static int split_port(char *address, int32_t *ret_port) {
    char *colon = strrchr(address, ':'), *end;
    if (!colon || !colon[1] || colon[1] < '0' || colon[1] > '9')
        return -1;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end || port == 0 || port > 65535)
        return -1;
    *colon = 0;
    *ret_port = (int32_t)port;
    return 0;
}

static int parse_entry(const char *entry, struct wire_broker *ret, struct kc_error *err) {
    const char *scheme = strstr(entry, "://");
    AUTO_TEXT address = strdup(scheme ? scheme + 3 : entry);
    int32_t port;
    if (!address || split_port(address, &port) < 0)
        return invalid(entry, err);
    char *host = address;
    size_t len = strlen(host);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        host++;
    } else if (strchr(host, ':')) {
        return invalid(entry, err);
    }
    if (!*host || strchr(host, '/') || strchr(host, ' '))
        return invalid(entry, err);
    ret->host = strdup(host);
    ret->port = port;
    return 0;
}

int bootstrap_parse(const char *servers, struct wire_broker **ret_brokers, size_t *ret_count, struct kc_error *err) {
    size_t room = 1;
    for (const char *p = servers; *p; p++)
        room += *p == ',';
    struct wire_broker *brokers = calloc(room, sizeof *brokers);
    AUTO_TEXT copy = strdup(servers);
    if (!brokers || !copy)
        abort();
    size_t count = 0;
    char *rest = copy, *entry;
    while ((entry = strsep(&rest, ","))) {
        entry += strspn(entry, " \t\n");
        for (size_t len = strlen(entry); len && strchr(" \t\n", entry[len - 1]); len--)
            entry[len - 1] = 0;
        if (!*entry)
            continue;
        brokers[count].node = -1 - (int32_t)count;
        if (parse_entry(entry, &brokers[count], err) < 0) {
            wire_brokers_free(brokers, count);
            return -1;
        }
        count++;
    }
    if (count == 0) {
        free(brokers);
        return err_set(err, ERR_BAD_CONFIG, "No resolvable bootstrap urls given in bootstrap.servers");
    }
    *ret_brokers = brokers;
    *ret_count = count;
    return 0;
}
