/* Offsets over REST: read at any time, altered and reset while the connector is stopped. The preconditions are looked
 * at in turn on the loop; the work itself blocks and runs on the pool, the herder staying busy while offsets are
 * changed.
 * @source DistributedHerder.modifyConnectorOffsets, Worker (distributed-worker 16, rest-api 5.14) */
#include <stdlib.h>
#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/clock.h"
#include "connect/base/err.h"
#include "connect/base/json.h"
#include "connect/base/log.h"
#include "connect/distributed_state.h"
#include "connect/group_offsets.h"
#include "connect/herder_json.h"
#include "connect/kafka/admin.h"
#include "connect/kafka/client.h"
#include "connect/kafka/transaction.h"
#include "connect/offsets_body.h"
#include "connect/plugins.h"
#include "connect/store/own_offsets.h"

#define MANUALLY                                                                                                      \
    "However, if this connector manages offsets externally, they will need to be manually %s in the system that the " \
    "connector uses."

/* ---- what both kinds need ---------------------------------------------------------------------------------------- */

/* One connector's offsets, seen from the pool thread. */
struct access {
    struct herder *h;
    const char *connector;
    struct kc_config *config; /* resolved */
    const struct kc_plugin *plugin;
};

static int access_open(struct access *a, struct errand *e) {
    int64_t ttl_ms;
    a->h = e->h;
    a->connector = e->op->req->connector;
    a->config = substitute_apply(e->h->setup.substitute, e->config, &ttl_ms, &e->err);
    if (!a->config)
        return -1;
    const char *class_name = kc_config_get(a->config, "connector.class");
    a->plugin = class_name ? plugins_connector(class_name, &e->err) : NULL;
    if (!class_name)
        err_set(&e->err, ERR_BAD_CONFIG,
                "Missing required configuration \"connector.class\" which has no default value.");
    return a->plugin ? 0 : -1;
}

static void say_done(struct buf *out, const struct kc_plugin *plugin, const char *what) {
    AUTO_BUF text;
    buf_init(&text, 4096);
    if (plugin->connector->alter_offsets)
        buf_printf(&text, "The offsets for this connector have been %s successfully", what);
    else
        buf_printf(&text,
                   "The Connect framework-managed offsets for this connector have been %s successfully. " MANUALLY,
                   what, what);
    buf_add_text(out, "{\"message\":");
    buf_add_json(out, buf_text(&text), text.len);
    buf_add_char(out, '}');
}

/* What the connector itself says of the change. */
static int ask_connector(const struct access *a, const struct kc_value *partitions, const struct kc_value *offsets,
                         size_t count, struct kc_error *err) {
    if (!a->plugin->connector->alter_offsets)
        return 0;
    return a->plugin->connector->alter_offsets(a->config, partitions, offsets, count, err);
}

/* ---- sink: the consumer group -------------------------------------------------------------------------------------
 */

static char *group_of(const struct access *a) {
    const char *own = kc_config_get(a->config, "consumer.override.group.id");
    char *group;
    if (asprintf(&group, own ? "%s" : "connect-%s", own ? own : a->connector) < 0)
        abort();
    return group;
}

static rd_kafka_t *admin_of(const struct access *a, struct kc_error *err) {
    AUTO_TEXT client_id = NULL;
    if (asprintf(&client_id, "connector-worker-adminclient-%s", a->connector) < 0)
        abort();
    AUTO(props) java = client_props_admin(a->h->conf->text, a->config, client_id);
    return admin_open(java, err);
}

struct sink_list {
    struct buf *out;
    bool some;
};

static void add_sink_offset(void *arg, const char *topic, int32_t partition, int64_t offset) {
    struct sink_list *list = arg;
    offsets_body_add_sink(list->out, !list->some, topic, partition, offset);
    list->some = true;
}

static int read_sink(const struct access *a, struct buf *out, struct kc_error *err) {
    AUTO_TEXT group = group_of(a);
    AUTO(rd) rk = admin_of(a, err);
    struct sink_list list = {.out = out};
    buf_add_text(out, "{\"offsets\":[");
    if (!rk || group_offsets_list(rk, group, OFFSETS_TIMEOUT_MS, add_sink_offset, &list, err) < 0)
        return err_wrap(err, NULL, "Failed to retrieve consumer group offsets for sink connector %s", a->connector);
    buf_add_text(out, "]}");
    return 0;
}

static int still_active(const struct access *a, const char *what, struct kc_error *err) {
    return err_wrap(
        err, NULL,
        "Failed to %s consumer group offsets for connector %s either because its tasks haven't stopped completely "
        "yet or the connector was resumed before the request to modify its offsets could be successfully "
        "completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't "
        "eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks.",
        what, a->connector);
}

static int alter_sink(const struct access *a, struct kc_arena *arena, const struct offsets_body *body,
                      struct kc_error *err) {
    struct kc_topic_offset *offsets;
    size_t count;
    bool active = false;
    if (offsets_body_sink(arena, body, &offsets, &count, err) < 0) {
        if (err->code == ERR_INTERNAL)
            err_wrap(err, NULL, "Failed to modify offsets for sink connector %s", a->connector);
        return -1;
    }
    if (ask_connector(a, body->partitions, body->offsets, body->count, err) < 0)
        return -1;
    AUTO_TEXT group = group_of(a);
    AUTO(rd) rk = admin_of(a, err);
    if (rk && group_offsets_alter(rk, group, offsets, count, OFFSETS_TIMEOUT_MS, &active, err) == 0)
        return 0;
    if (active)
        return still_active(a, "alter", err);
    return err_wrap(err, NULL, "Failed to alter consumer group offsets for connector %s", a->connector);
}

/* The offsets that a reset takes away, for the connector's opinion. */
struct sink_maps {
    struct kc_arena *arena;
    struct kc_value *partitions, *offsets;
    size_t count, room;
};

static void add_sink_map(void *arg, const char *topic, int32_t partition, int64_t offset) {
    struct sink_maps *m = arg;
    (void)offset;
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : 16, size = sizeof(struct kc_value);
        m->partitions = arena_grow(m->arena, m->partitions, m->room * size, room * size);
        m->offsets = arena_grow(m->arena, m->offsets, m->room * size, room * size);
        m->room = room;
    }
    struct kc_value map = kc_map_new(m->arena, 2);
    kc_map_put(&map, "kafka_topic", kc_string(kc_arena_strdup(m->arena, topic)));
    kc_map_put(&map, "kafka_partition", kc_int(KC_INT32, partition));
    m->partitions[m->count] = map;
    m->offsets[m->count++] = kc_null();
}

static int reset_sink(const struct access *a, struct kc_arena *arena, struct kc_error *err) {
    AUTO_TEXT group = group_of(a);
    AUTO(rd) rk = admin_of(a, err);
    struct sink_maps maps = {.arena = arena};
    bool active = false;
    if (!rk || group_offsets_list(rk, group, OFFSETS_TIMEOUT_MS, add_sink_map, &maps, err) < 0)
        return err_wrap(err, NULL, "Failed to list offsets prior to resetting offsets for sink connector %s",
                        a->connector);
    if (ask_connector(a, maps.partitions, maps.offsets, maps.count, err) < 0)
        return -1;
    if (group_offsets_reset(rk, group, OFFSETS_TIMEOUT_MS, &active, err) == 0)
        return 0;
    if (active)
        return still_active(a, "reset", err);
    return err_wrap(err, NULL, "Failed to reset consumer group offsets for sink connector %s", a->connector);
}

/* ---- source: the offset store -------------------------------------------------------------------------------------
 */

struct source_list {
    struct buf *out;
    struct map *seen; /* partitions that the connector's own topic has told */
};

static void add_source_offset(void *arg, const char *partition_json, const char *offset_json) {
    struct source_list *list = arg;
    if (map_has(list->seen, partition_json))
        return;
    buf_printf(list->out, "%s{\"partition\":%s,\"offset\":%s}", map_count(list->seen) ? "," : "", partition_json,
               offset_json);
    map_put(list->seen, partition_json, list);
}

/* Opens the connector's own offsets topic, if it has one, for this request. */
static int open_stores(const struct access *a, struct offset_stores *ret_stores, struct kc_error *err) {
    struct offset_stores stores = own_offsets(a->h->conf, a->h->offsets, a->connector, /* task= */ -1, a->config);
    if (stores.own && offset_store_start(stores.own, err) < 0) {
        offset_store_free(stores.own);
        return -1;
    }
    *ret_stores = stores;
    return 0;
}

static int read_source(const struct access *a, struct buf *out, struct kc_error *err) {
    struct offset_stores stores;
    if (open_stores(a, &stores, err) < 0)
        return err_wrap(err, NULL, "Failed to retrieve offsets for source connector %s", a->connector);
    int rc = offset_store_refresh(a->h->offsets, OFFSETS_TIMEOUT_MS, err);
    if (rc == 0) {
        struct source_list list = {.out = out, .seen = map_new(NULL)};
        buf_add_text(out, "{\"offsets\":[");
        if (stores.own)
            offset_store_each(stores.own, a->connector, add_source_offset, &list);
        offset_store_each(a->h->offsets, a->connector, add_source_offset, &list);
        buf_add_text(out, "]}");
        map_free(list.seen);
    }
    offset_store_free(stores.own);
    return rc == 0 ? 0 : err_wrap(err, NULL, "Failed to retrieve offsets for source connector %s", a->connector);
}

/* Entries of the offset topic for `body`, memory in `arena`. */
static int make_entries(struct offset_store *store, const struct access *a, struct kc_arena *arena,
                        const struct offsets_body *body, struct offset_entry *entries, struct kc_error *err) {
    for (size_t i = 0; i < body->count; i++) {
        AUTO_TEXT key = offset_store_key(store, a->connector, &body->partitions[i], &entries[i].key_len, err);
        if (!key || offsets_body_check_primitive(&body->offsets[i], err) < 0)
            return -1;
        entries[i].key = kc_arena_copy(arena, key, entries[i].key_len);
        if (body->offsets[i].tag != KC_V_NULL)
            entries[i].value = kc_value_to_json(arena, &body->offsets[i], &entries[i].value_len);
    }
    return 0;
}

enum { ABORT_MS = 5000 };

/* In a transaction of the connector's first task, whose producer is fenced by that. */
static int write_transaction(const struct access *a, struct offset_store *store, const struct offset_entry *entries,
                             size_t count, struct kc_error *err) {
    struct transaction_limits limits = {.timeout_ms = OFFSETS_TIMEOUT_MS};
    AUTO_TEXT id = task_transactional_id(a->h->conf, a->connector, 0);
    AUTO_TEXT client_id = NULL;
    if (asprintf(&client_id, "connector-producer-%s-0", a->connector) < 0)
        abort();
    AUTO(props) props = client_props_transactional(a->h->conf->text, a->config, client_id);
    rd_kafka_conf_t *conf =
        transaction_conf(props, id, "for connectors when exactly-once source support is enabled", err);
    AUTO(rd) rk = conf ? client_new(CLIENT_PRODUCER, conf, err) : NULL;
    if (!rk || transaction_init(rk, &limits, err) < 0 || transaction_begin(rk, err) < 0)
        return -1;
    if (offset_store_produce(store, rk, entries, count, err) == 0 && transaction_commit(rk, &limits, err) == 0)
        return 0;
    struct transaction_limits shortly = {.timeout_ms = ABORT_MS}; /* else readers wait until it expires */
    struct kc_error ignored = {0};
    (void)!transaction_abort(rk, &shortly, &ignored);
    return -1;
}

/* Those entries that are tombstones, or those that are not. */
static int write_some(struct offset_store *store, const struct offset_entry *entries, size_t count, bool tombstones,
                      struct kc_error *err) {
    for (size_t i = 0; store && i < count; i++) {
        if (tombstones == !entries[i].value && offset_store_set(store, &entries[i], 1, OFFSETS_TIMEOUT_MS, err) < 0)
            return -1;
    }
    return 0;
}

/* Tombstones go to the second store first, so that a value removed from the first does not shine through; the rest is
 * copied there as well as possible. */
static int write_stores(const struct access *a, struct kc_arena *arena, const struct offset_stores *stores,
                        const struct offsets_body *body, struct kc_error *err) {
    struct offset_store *first = offset_stores_first(stores), *second = offset_stores_second(stores);
    struct offset_entry *entries = kc_arena_zalloc(arena, (body->count + 1) * sizeof(*entries));
    struct kc_error second_err = {0};
    if (make_entries(first, a, arena, body, entries, err) < 0 ||
        write_some(second, entries, body->count, true, err) < 0)
        return -1;
    int rc = worker_exactly_once(a->h->conf) ? write_transaction(a, first, entries, body->count, err)
                                             : offset_store_set(first, entries, body->count, OFFSETS_TIMEOUT_MS, err);
    if (rc == 0 && write_some(second, entries, body->count, false, &second_err) < 0)
        kc_log(KC_WARN, LOG_HERDER, "Offsets of %s are changed in its own topic but not in the worker's: %s",
               a->connector, second_err.text);
    return rc;
}

static int write_source(const struct access *a, struct kc_arena *arena, const struct offsets_body *body,
                        struct kc_error *err) {
    struct offset_stores stores;
    for (size_t i = 0; i < body->count; i++) {
        if (offsets_body_check_primitive(&body->partitions[i], err) < 0 ||
            offsets_body_check_primitive(&body->offsets[i], err) < 0)
            return -1;
    }
    if (open_stores(a, &stores, err) < 0)
        return -1;
    int rc = write_stores(a, arena, &stores, body, err);
    offset_store_free(stores.own);
    return rc;
}

static int alter_source(const struct access *a, struct kc_arena *arena, const struct offsets_body *body,
                        struct kc_error *err) {
    if (ask_connector(a, body->partitions, body->offsets, body->count, err) < 0)
        return -1;
    return write_source(a, arena, body, err);
}

/* Connect's own exceptions are told as they are. @source ConnectUtils.maybeWrap */
static int failed_source(const struct access *a, struct kc_error *err) {
    if (strncmp(err->exception, "org.apache.kafka.connect.", 25) == 0)
        return -1;
    return err_wrap(err, NULL, "Failed to modify offsets for source connector %s", a->connector);
}

/* Every known partition with a null offset. */
struct source_maps {
    struct kc_arena *arena;
    struct offsets_body body;
    size_t room;
};

static void add_source_map(void *arg, const char *partition_json, const char *offset_json) {
    struct source_maps *m = arg;
    struct kc_value value;
    struct kc_error err = {0};
    size_t len = strlen(partition_json);
    char *text = kc_arena_copy(m->arena, partition_json, len);
    (void)offset_json;
    if (kc_value_from_json(m->arena, text, len, &value, &err) < 0)
        return; /* not possible: the store has parsed it */
    if (m->body.count == m->room) {
        size_t room = m->room ? 2 * m->room : 16, size = sizeof(struct kc_value);
        m->body.partitions = arena_grow(m->arena, m->body.partitions, m->room * size, room * size);
        m->body.offsets = arena_grow(m->arena, m->body.offsets, m->room * size, room * size);
        m->room = room;
    }
    m->body.partitions[m->body.count] = kc_json_expand(m->arena, value);
    m->body.offsets[m->body.count++] = kc_null();
}

static int reset_source(const struct access *a, struct kc_arena *arena, struct kc_error *err) {
    struct source_maps maps = {.arena = arena};
    struct offset_stores stores;
    if (open_stores(a, &stores, err) < 0)
        return -1;
    if (stores.own)
        offset_store_each(stores.own, a->connector, add_source_map, &maps);
    offset_store_free(stores.own);
    if (offset_store_refresh(a->h->offsets, OFFSETS_TIMEOUT_MS, err) < 0)
        return -1;
    offset_store_each(a->h->offsets, a->connector, add_source_map, &maps);
    if (ask_connector(a, maps.body.partitions, maps.body.offsets, maps.body.count, err) < 0)
        return -1;
    return maps.body.count ? write_source(a, arena, &maps.body, err) : 0;
}

/* ---- the requests --------------------------------------------------------------------------------------------------
 */

static int read_offsets(struct herder *h, struct errand *e) {
    struct access a = {0};
    (void)h;
    int rc = access_open(&a, e);
    if (rc == 0)
        rc = a.plugin->kind == KC_KIND_SINK ? read_sink(&a, &e->op->req->json, &e->err)
                                            : read_source(&a, &e->op->req->json, &e->err);
    kc_config_free(a.config);
    return rc;
}

static void answer_offsets(struct herder_request *req, struct errand *e) {
    if (e->rc < 0)
        answer_error(req, &e->err);
    else
        answer(req, 200);
}

static void offsets_read(struct herder *h, struct errand *e) {
    (void)h;
    answer_offsets(op_take(TAKE(e->op)), e);
}

static struct errand *offsets_errand(struct herder *h, struct op *op, const struct snapshot_connector *c,
                                     int (*run)(struct herder *h, struct errand *e),
                                     void (*then)(struct herder *h, struct errand *e)) {
    struct errand *e = errand_new(h, run, then);
    e->op = op;
    e->config = kc_config_copy(c->config);
    return e;
}

void run_offsets(struct herder *h, struct op *op) {
    AUTO(snapshot) snap = config_store_snapshot(h->configs);
    const struct snapshot_connector *c = config_snapshot_find(snap, op->req->connector);
    if (!c || !c->config) {
        answer_fail(op->req, ERR_NOT_FOUND, "Connector %s not found", op->req->connector);
        op_free(op);
    } else {
        errand_to_pool(offsets_errand(h, op, c, read_offsets, offsets_read));
    }
}

static int modify(const struct access *a, struct kc_arena *arena, struct herder_request *req, struct kc_error *err) {
    bool sink = a->plugin->kind == KC_KIND_SINK, alter = req->op == HERDER_ALTER_OFFSETS;
    struct offsets_body body = {0};
    if (!alter && sink)
        return reset_sink(a, arena, err);
    if (!alter)
        return reset_source(a, arena, err) < 0 ? failed_source(a, err) : 0;
    if (offsets_body_parse(arena, req->body, req->body_len, &body, err) < 0)
        return -1;
    if (sink)
        return alter_sink(a, arena, &body, err);
    return alter_source(a, arena, &body, err) < 0 ? failed_source(a, err) : 0;
}

static int modify_offsets(struct herder *h, struct errand *e) {
    struct access a = {0};
    struct herder_request *req = e->op->req;
    AUTO(arena) arena = arena_new(0);
    (void)h;
    int rc = access_open(&a, e);
    if (rc == 0)
        rc = modify(&a, arena, req, &e->err);
    if (rc == 0)
        say_done(&req->json, a.plugin, req->op == HERDER_ALTER_OFFSETS ? "altered" : "reset");
    kc_config_free(a.config);
    return rc;
}

static void offsets_modified(struct herder *h, struct errand *e) {
    struct herder_request *req = op_take(TAKE(e->op));
    herder_end(h);
    answer_offsets(req, e);
}

static void start_modifying(struct herder *h, struct op *op, const struct snapshot_connector *c) {
    herder_begin(h, "modifying offsets for connector %s", op->req->connector);
    errand_to_pool(offsets_errand(h, op, c, modify_offsets, offsets_modified));
}

static void modify_after_fencing(struct herder *h, struct op *op, const struct kc_error *err);

/* The config topic was read to its end; the answer's preconditions hold now or not. */
static void check_and_modify(struct herder *h, struct op *op) {
    const struct snapshot_connector *c = config_snapshot_find(h->snap, op->req->connector);
    if (!c || !c->config) {
        answer_fail(op->req, ERR_NOT_FOUND, "Connector %s not found", op->req->connector);
        op_free(op);
    } else if (c->target != TARGET_STOPPED || c->task_count != 0) {
        answer_fail(
            op->req, ERR_BAD_REQUEST,
            "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the "
            "specified connector by issuing a 'PUT' request to the '/connectors/%s/stop' endpoint",
            op->req->connector);
        op_free(op);
    } else if (!op->fenced && worker_exactly_once(h->conf) && strcmp(herder_json_type(c->config), "source") == 0) {
        op->fenced = modify_after_fencing;
        fence_connector(h, op, c->name);
    } else {
        start_modifying(h, op, c);
    }
}

/* Somebody may have resumed the connector meanwhile: everything is looked at again, in a turn of its own. */
static void modify_after_fencing(struct herder *h, struct op *op, const struct kc_error *err) {
    struct kc_error why = {0};
    if (!err) {
        struct op *again = op_add(h, run_modify_offsets, op->req, NULL, clock_ms());
        if (again)
            again->fenced = modify_after_fencing;
        op_free(op);
        return;
    }
    why = *err;
    err_wrap(&why, NULL, "Failed to perform zombie fencing for source connector prior to modifying offsets");
    answer_error(op_take(op), &why);
}

static int refresh_first(struct herder *h, struct errand *e) {
    return config_store_refresh(h->configs, h->conf->worker_sync_timeout_ms, &e->err);
}

static void refreshed_first(struct herder *h, struct errand *e) {
    struct op *op = TAKE(e->op);
    herder_end(h);
    if (e->rc < 0) {
        err_wrap(&e->err, NULL, "Failed to read to end of config topic before modifying connector offsets");
        answer_error(op_take(op), &e->err);
        return;
    }
    config_snapshot_unref(h->snap);
    h->snap = config_store_snapshot(h->configs);
    check_and_modify(h, op);
}

void run_modify_offsets(struct herder *h, struct op *op) {
    if (h->needs_reconfig_rebalance) {
        answer_fail(
            op->req, ERR_REBALANCING,
            "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config "
            "change)");
        op_free(op);
    } else if (!herder_is_leader(h)) {
        answer_no_leader(h, op_take(op));
    } else {
        herder_begin(h, "reading to the end of the config topic");
        struct errand *e = errand_new(h, refresh_first, refreshed_first);
        e->op = op;
        errand_to_store(e);
    }
}
