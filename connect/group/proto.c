/* Subscription and assignment bytes; see proto.h for the structs. */
#include "connect/group/proto.h"

#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/kafka/wire_codec.h"

/* In the task numbers of an element: the connector itself. */
enum { CONNECTOR_TASK = -1 };
enum {
    ALLOCATION_MAX_BYTES = 64 << 20,
    NAMES_MAX_BYTES =
        64 << 20 /* names repeated for every task of what others send: they may claim more than they sent */
};

static const char *const protocol_names[] = {
    [GROUP_EAGER] = "default", [GROUP_COMPATIBLE] = "compatible", [GROUP_SESSIONED] = "sessioned"};

const char *group_protocol_name(enum group_protocol protocol) {
    return protocol_names[protocol];
}

int group_protocol_parse(const char *name, size_t len, enum group_protocol *ret_protocol) {
    for (size_t i = 0; i < COUNT_OF(protocol_names); i++)
        if (strlen(protocol_names[i]) == len && memcmp(name, protocol_names[i], len) == 0) {
            *ret_protocol = (enum group_protocol)i;
            return 0;
        }
    return -1;
}

struct assignment *assignment_new(void) {
    struct assignment *asg = calloc(1, sizeof *asg);
    if (!asg)
        abort();
    asg->offset = -1;
    return asg;
}

struct assignment *assignment_free(struct assignment *asg) {
    if (!asg)
        return NULL;
    free(asg->leader);
    free(asg->leader_url);
    free(asg->member_id);
    work_done(&asg->work);
    work_done(&asg->revoked);
    work_done(&asg->added);
    free(asg);
    return NULL;
}

struct assignment *assignment_clone(const struct assignment *asg) {
    struct assignment *copy = assignment_new();
    copy->version = asg->version;
    copy->error = asg->error;
    copy->offset = asg->offset;
    copy->delay_ms = asg->delay_ms;
    copy->leader = asg->leader ? strdup(asg->leader) : NULL;
    copy->leader_url = asg->leader_url ? strdup(asg->leader_url) : NULL;
    copy->member_id = asg->member_id ? strdup(asg->member_id) : NULL;
    work_copy(&copy->work, &asg->work);
    work_copy(&copy->revoked, &asg->revoked);
    work_copy(&copy->added, &asg->added);
    return copy;
}

bool assignment_is_leader(const struct assignment *asg) {
    return asg->leader && asg->member_id && strcmp(asg->leader, asg->member_id) == 0;
}

/* ---- writing ---- */

/* What is assigned of one connector. */
struct element {
    const char *connector;
    bool marker; /* the connector itself */
    int32_t task_count, written;
    int32_t *tasks; /* a part of one common array */
};

static struct element *element_of(struct map *elements, const char *connector) {
    struct element *e = map_get(elements, connector);
    if (!e) {
        e = calloc(1, sizeof *e);
        if (!e)
            abort();
        e->connector = connector;
        map_put(elements, connector, e);
    }
    return e;
}

/* Gathers the task numbers per connector; returns their common array. */
static int32_t *gather(struct map *elements, const struct work *w) {
    for (size_t i = 0; i < w->connector_count; i++)
        element_of(elements, w->connectors[i])->marker = true;
    for (size_t i = 0; i < w->task_count; i++)
        element_of(elements, w->tasks[i].connector)->task_count++;
    int32_t *numbers = reallocarray(NULL, w->task_count + 1, sizeof *numbers), *room = numbers;
    if (!numbers)
        abort();
    void *value;
    for (size_t i = 0; map_next(elements, &i, NULL, &value);) {
        struct element *e = value;
        e->tasks = room;
        room += e->task_count;
    }
    for (size_t i = 0; i < w->task_count; i++) {
        struct element *e = element_of(elements, w->tasks[i].connector);
        e->tasks[e->written++] = w->tasks[i].number;
    }
    return numbers;
}

/* One element per connector: those that run here first, then those of which only tasks do, in order of appearance. */
static void add_work(struct buf *out, const struct work *w) {
    struct map *elements = map_new(free);
    int32_t *numbers = gather(elements, w);
    buf_add_i32(out, (int32_t)map_count(elements));
    void *value;
    for (size_t i = 0; map_next(elements, &i, NULL, &value);) {
        const struct element *e = value;
        wire_add_string(out, e->connector);
        buf_add_i32(out, e->task_count + e->marker);
        if (e->marker)
            buf_add_i32(out, CONNECTOR_TASK);
        for (int32_t j = 0; j < e->task_count; j++)
            buf_add_i32(out, e->tasks[j]);
    }
    free(numbers);
    map_free(elements);
}

int assignment_encode(struct buf *out, const struct assignment *asg, int16_t version) {
    buf_add_i16(out, version);
    buf_add_i16(out, asg->error);
    wire_add_string(out, asg->leader ? asg->leader : "");
    wire_add_string(out, asg->leader_url ? asg->leader_url : "");
    buf_add_i64(out, asg->offset);
    add_work(out, &asg->work);
    if (version >= GROUP_COMPATIBLE) {
        add_work(out, &asg->revoked);
        buf_add_i32(out, asg->delay_ms);
    }
    return out->failed ? -1 : 0;
}

int subscription_encode(struct buf *out, int16_t version, const char *url, int64_t offset,
                        const struct assignment *allocation) {
    buf_add_i16(out, version);
    wire_add_string(out, url);
    buf_add_i64(out, offset);
    if (version < GROUP_COMPATIBLE)
        return out->failed ? -1 : 0;
    if (!allocation) {
        buf_add_i32(out, -1);
        return out->failed ? -1 : 0;
    }
    AUTO_BUF bytes;
    buf_init(&bytes, ALLOCATION_MAX_BYTES);
    if (assignment_encode(&bytes, allocation, version) < 0) {
        out->failed = true;
        return -1;
    }
    return wire_add_bytes(out, bytes.data, bytes.len);
}

/* ---- reading ---- */

static int malformed(struct kc_error *err, const char *what, const char *why) {
    return err_set_class(err, ERR_BAD_DATA, "org.apache.kafka.common.protocol.types.SchemaException",
                         "Malformed worker group %s: %s", what, why);
}

/* Reads a text that may not hold a NUL byte. */
static char *read_text(struct wire_reader *r) {
    char *text = wire_text(wire_read_string(r));
    if (!text)
        r->failed = true;
    return text;
}

static void read_work(struct wire_reader *r, struct work *w, bool nullable) {
    int32_t count = wire_read_array(r, 6, nullable);
    size_t names = 0;
    for (int32_t i = 0; i < count && !r->failed; i++) {
        AUTO_TEXT connector = read_text(r);
        int32_t tasks = wire_read_array(r, 4, false);
        if (connector)
            names += (strlen(connector) + 1) * (size_t)tasks;
        if (names > NAMES_MAX_BYTES)
            r->failed = true;
        for (int32_t j = 0; j < tasks && !r->failed; j++) {
            int32_t number = wire_read_i32(r);
            if (number == CONNECTOR_TASK)
                work_append_connector(w, connector);
            else
                work_append_task(w, connector, number);
        }
    }
}

struct assignment *assignment_decode(const void *data, size_t len, struct kc_error *err) {
    struct wire_reader r = wire_reader(data, len);
    AUTO(assignment) asg = assignment_new();
    asg->version = wire_read_i16(&r);
    if (!r.failed && asg->version < 0) {
        err_set_class(err, ERR_BAD_DATA, "org.apache.kafka.common.protocol.types.SchemaException",
                      "Unsupported assignment version: %d", asg->version);
        return NULL;
    }
    asg->error = wire_read_i16(&r);
    asg->leader = read_text(&r);
    asg->leader_url = read_text(&r);
    asg->offset = wire_read_i64(&r);
    read_work(&r, &asg->work, false);
    if (!r.failed && asg->version >= GROUP_COMPATIBLE) {
        if (wire_left(&r) > 0)
            read_work(&r, &asg->revoked, true);
        if (wire_left(&r) > 0)
            asg->delay_ms = wire_read_i32(&r);
    }
    if (r.failed) {
        malformed(err, "assignment", "the bytes end early or a length is wrong");
        return NULL;
    }
    return TAKE(asg);
}

struct subscription *subscription_free(struct subscription *sub) {
    if (!sub)
        return NULL;
    free(sub->url);
    assignment_free(sub->allocation);
    free(sub);
    return NULL;
}

struct subscription *subscription_decode(const void *data, size_t len, struct kc_error *err) {
    struct wire_reader r = wire_reader(data, len);
    AUTO(subscription) sub = calloc(1, sizeof *sub);
    if (!sub)
        abort();
    sub->version = wire_read_i16(&r);
    if (!r.failed && sub->version < 0) {
        err_set_class(err, ERR_BAD_DATA, "org.apache.kafka.common.protocol.types.SchemaException",
                      "Unsupported subscription version: %d", sub->version);
        return NULL;
    }
    sub->url = read_text(&r);
    sub->offset = wire_read_i64(&r);
    struct wire_bytes allocation = {NULL, 0};
    if (!r.failed && sub->version >= GROUP_COMPATIBLE && wire_left(&r) > 0)
        allocation = wire_read_nullable_bytes(&r);
    if (r.failed) {
        malformed(err, "subscription", "the bytes end early or a length is wrong");
        return NULL;
    }
    if (allocation.data && !(sub->allocation = assignment_decode(allocation.data, allocation.len, err)))
        return NULL;
    return TAKE(sub);
}
