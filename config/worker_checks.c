/* See worker_checks.h.  @source WorkerConfig, DistributedConfig, RestServerConfig, RestServer, TopicCreationConfig */
#include "config/worker_checks.h"

#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/err.h"

enum { MEMORY_MIN = 16 * 1024 * 1024 };

static struct kc_list split(const char *text, struct kc_arena *arena) {
    static const struct kc_option row = {.name = "list", .type = KC_OPT_T_LIST, .offset = KC_NO_FIELD};
    struct option_parsed v = {.null = true};
    if (text && option_parse(&row, row.name, text, arena, &v, /* err= */ NULL) < 0)
        v.list.count = 0;
    return v.list;
}

/* ---- REST -------------------------------------------------------------------------------------------------------- */

static bool is_host_char(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("-%._:", c));
}

/* scheme://[host]:port with an optional host, as RestServer's pattern has it. */
static bool has_listener_format(const char *s) {
    const char *port = strrchr(s, ':');
    if (!port)
        return false;
    const char *end = port;
    if (end > s && end[-1] == ']')
        end--;
    if (*s == '[')
        s++;
    while (s < end && is_host_char(*s))
        s++;
    if (s != end)
        return false;
    port += port[1] == '-' ? 2 : 1;
    return *port && strspn(port, "0123456789") == strlen(port) && strlen(port) <= 5;
}

static int check_listener(const char *name, const char *url, struct kc_error *err) {
    const char *rest = strstr(url, "://");
    bool http = strncasecmp(url, "http://", 7) == 0, https = strncasecmp(url, "https://", 8) == 0;
    if (!*url)
        return err_set(err, ERR_BAD_CONFIG, "Empty URL found when parsing %s list.", name);
    if (!rest || !has_listener_format(rest + 3))
        return option_invalid(err, name, url, "Listener doesn't have the right format or protocol.");
    if (!http && !https)
        return option_invalid(err, name, url, "Listener protocol must be one of the following: \"http\", \"https\".");
    return 0;
}

int check_admin_listeners(const char *name, const char *text, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_list list = split(text, arena);
    for (size_t i = 0; i < list.count; i++)
        if (check_listener(name, list.items[i], err) < 0)
            return -1;
    return 0;
}

int check_listeners(const char *name, const char *text, struct kc_error *err) {
    if (!text || !*text)
        return err_set(err, ERR_BAD_CONFIG,
                       "Invalid value for %s, at least one URL is expected, ex: http://localhost:8080.", name);
    return check_admin_listeners(name, text, err);
}

/* Whether an item of rest.extension.classes is BasicAuthSecurityRestExtension, by its class or simple name. */
static bool is_basic_auth(const char *class_or_alias) {
    static const char full[] = BASIC_AUTH_PACKAGE "BasicAuthSecurityRestExtension";
    return strcmp(class_or_alias, full) == 0 || strcmp(class_or_alias, strrchr(full, '.') + 1) == 0;
}

int check_extensions(const char *name, const char *text, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_list list = split(text, arena);
    for (size_t i = 0; i < list.count; i++) {
        if (!is_basic_auth(list.items[i]))
            return option_invalid(err, name, list.items[i],
                                  "REST extensions are Java classes, which this worker cannot load; it has "
                                  "BasicAuthSecurityRestExtension built in and no other");
    }
    return 0;
}

/* ---- Classes ----------------------------------------------------------------------------------------------------- */

const char *policy_alias(const char *class_or_alias) {
    static const char *const names[] = {"All", "None", "Principal", "Allowlist"};
    static const char package[] = "org.apache.kafka.connect.connector.policy.",
                      suffix[] = "ConnectorClientConfigOverridePolicy";
    const char *s = class_or_alias;
    bool full = strncmp(s, package, sizeof(package) - 1) == 0;
    s += full ? sizeof(package) - 1 : 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(s, names[i], len) == 0 && (strcmp(s + len, suffix) == 0 || (!full && !s[len])))
            return names[i];
    }
    return NULL;
}

int check_policy(const char *name, const char *text, struct kc_error *err) {
    if (text && policy_alias(text))
        return 0;
    return option_invalid(err, name, text,
                          "Failed to find any class that implements ConnectorClientConfigOverridePolicy and which name "
                          "matches %s, available are: All, None, Principal, Allowlist",
                          text ? text : "null");
}

int check_reporters(const char *name, const char *text, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_list list = split(text, arena);
    for (size_t i = 0; i < list.count; i++)
        if (*list.items[i] && strcmp(list.items[i], "org.apache.kafka.common.metrics.JmxReporter") != 0)
            return option_invalid(err, name, list.items[i],
                                  "metrics reporters are Java classes, which this worker cannot load; remove it");
    return 0;
}

/* ---- Numbers and words ------------------------------------------------------------------------------------------- */

int check_replication(const char *name, const char *text, struct kc_error *err) {
    long factor = text ? strtol(text, NULL, 10) : 0;
    if (factor == -1 || factor >= 1)
        return 0;
    return option_invalid(err, name, text,
                          "Replication factor must be positive and not larger than the number of brokers in the Kafka "
                          "cluster, or -1 to use the broker's default");
}

int check_partitions(const char *name, const char *text, struct kc_error *err) {
    long count = text ? strtol(text, NULL, 10) : 0;
    if (count == -1 || count >= 1)
        return 0;
    return option_invalid(err, name, text, "Number of partitions must be positive, or -1 to use the broker's default");
}

int check_memory(const char *name, const char *text, struct kc_error *err) {
    if (!text || strtoll(text, NULL, 10) >= MEMORY_MIN)
        return 0;
    return option_invalid(err, name, text, "Value must be at least %d", MEMORY_MIN);
}

static bool is_mac(const char *text) {
    static const char *const known[] = {"HmacMD5",      "HmacSHA1",     "HmacSHA224",     "HmacSHA256",
                                        "HmacSHA384",   "HmacSHA512",   "HmacSHA512/224", "HmacSHA512/256",
                                        "HmacSHA3-224", "HmacSHA3-256", "HmacSHA3-384",   "HmacSHA3-512"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcasecmp(known[i], text) == 0)
            return true;
    return false;
}

int check_key_algorithm(const char *name, const char *text, struct kc_error *err) {
    if (text && is_mac(text))
        return 0;
    return option_invalid(err, name, text, "%s KeyGenerator not available", text ? text : "null");
}

int check_mac_algorithm(const char *name, const char *text, struct kc_error *err) {
    if (text && is_mac(text))
        return 0;
    return option_invalid(err, name, text, "Algorithm %s not available", text ? text : "null");
}

int check_verification(const char *name, const char *text, struct kc_error *err) {
    AUTO(arena) arena = arena_new(0);
    struct kc_list list = split(text, arena);
    if (!list.count)
        return option_invalid(err, name, text ? "[]" : NULL,
                              "At least one signature verification algorithm must be provided");
    for (size_t i = 0; i < list.count; i++)
        if (check_mac_algorithm(name, list.items[i], err) < 0)
            return -1;
    return 0;
}
