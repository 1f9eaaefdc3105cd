/* See java_map.h. */
#include "connect/store/java_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "connect/base/err.h"

enum { /* java.io.ObjectStreamConstants */
       TC_NULL = 0x70,
       TC_REFERENCE = 0x71,
       TC_CLASSDESC = 0x72,
       TC_OBJECT = 0x73,
       TC_ARRAY = 0x75,
       TC_BLOCKDATA = 0x77,
       TC_ENDBLOCKDATA = 0x78
};
enum { BASE_HANDLE = 0x7e0000, MAP_HANDLES = 2 /* of the map's class and of the map */ };

/* The stream's header and the class: java.util.HashMap, its serial version, "has writeObject", its two fields. */
static const char map_head[] = "\xac\xed\x00\x05\x73\x72\x00\x11java.util.HashMap"
                               "\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03\x00\x02"
                               "F\x00\x0aloadFactorI\x00\x09threshold\x78\x70";
/* byte[] without fields. */
static const char array_class[] = "\x72\x00\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\x00\x00\x78\x70";

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* An array that was read: a later reference may name it. */
struct array {
    const uint8_t *data;
    size_t len;
};

struct reader {
    const uint8_t *data;
    size_t len, at;
    uint32_t class_handle; /* of byte[]; 0: not seen yet */
    uint32_t next_handle;
    struct array *arrays; /* by order; handles follow class_handle */
    size_t count, room;
    struct kc_error *err;
};

static int bad(struct reader *r, const char *what) {
    return err_set(r->err, ERR_BAD_DATA, "%s at byte %zu of %zu", what, r->at, r->len);
}

static int need(struct reader *r, size_t count) {
    return r->len - r->at >= count ? 0 : bad(r, "the data is cut short");
}

static int read_byte(struct reader *r, uint8_t *ret_byte) {
    if (need(r, 1) < 0)
        return -1;
    *ret_byte = r->data[r->at++];
    return 0;
}

static int read_int(struct reader *r, uint32_t *ret_number) {
    if (need(r, 4) < 0)
        return -1;
    const uint8_t *p = r->data + r->at;
    *ret_number = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    r->at += 4;
    return 0;
}

/* Exactly these bytes. */
static int expect(struct reader *r, const char *bytes, size_t count, const char *otherwise) {
    size_t there = r->len - r->at < count ? r->len - r->at : count;
    if (memcmp(r->data + r->at, bytes, there) != 0)
        return bad(r, otherwise);
    if (there < count)
        return need(r, count);
    r->at += count;
    return 0;
}

/* loadFactor, threshold, and the block with the capacity and the number of entries. */
static int read_fields(struct reader *r, uint32_t *ret_count) {
    uint32_t bits, ignored, count;
    float load_factor;
    if (read_int(r, &bits) < 0)
        return -1;
    memcpy(&load_factor, &bits, sizeof(load_factor));
    if (isnan(load_factor) || load_factor <= 0)
        return bad(r, "the map has an illegal load factor");
    if (read_int(r, &ignored) < 0 || expect(r, "\x77\x08", 2, "the map's sizes are missing") < 0 ||
        read_int(r, &ignored) < 0 || read_int(r, &count) < 0)
        return -1;
    if (count > INT32_MAX)
        return bad(r, "the map has a negative number of entries");
    *ret_count = count;
    return 0;
}

static int read_class(struct reader *r) {
    uint32_t handle;
    if (need(r, 1) < 0)
        return -1;
    if (r->data[r->at] == TC_CLASSDESC) {
        if (expect(r, array_class, sizeof(array_class) - 1, "an object that is no byte array") < 0)
            return -1;
        r->class_handle = r->next_handle++;
        return 0;
    }
    if (r->data[r->at] != TC_REFERENCE)
        return bad(r, "no class of an array");
    r->at++;
    if (read_int(r, &handle) < 0)
        return -1;
    return r->class_handle && handle == r->class_handle ? 0 : bad(r, "an array of another class");
}

static int read_array(struct reader *r, struct array *ret_array) {
    uint32_t len;
    if (read_class(r) < 0 || read_int(r, &len) < 0)
        return -1;
    if (len > INT32_MAX)
        return bad(r, "an array of negative length");
    if (need(r, len) < 0)
        return -1;
    *ret_array = (struct array){.data = r->data + r->at, .len = len};
    r->at += len;
    if (r->count == r->room) {
        r->room = r->room ? 2 * r->room : 64;
        r->arrays = reallocarray(r->arrays, r->room, sizeof(*r->arrays));
        if (!r->arrays)
            abort();
    }
    r->arrays[r->count++] = *ret_array;
    r->next_handle++;
    return 0;
}

/* An array seen before. Only the first array has a class description, so that the others' handles follow each other. */
static int read_reference(struct reader *r, struct array *ret_array) {
    uint32_t handle, first = BASE_HANDLE + MAP_HANDLES + 1;
    if (read_int(r, &handle) < 0)
        return -1;
    if (handle < first || handle - first >= r->count)
        return bad(r, "a reference to something that is no byte array");
    *ret_array = r->arrays[handle - first];
    return 0;
}

/* A byte[] or null. */
static int read_object(struct reader *r, struct array *ret_array) {
    uint8_t tag;
    if (read_byte(r, &tag) < 0)
        return -1;
    *ret_array = (struct array){0};
    if (tag == TC_NULL)
        return 0;
    if (tag == TC_ARRAY)
        return read_array(r, ret_array);
    if (tag == TC_REFERENCE)
        return read_reference(r, ret_array);
    r->at--;
    return bad(r, tag == TC_OBJECT ? "an object that is no byte array" : "something that is no byte array");
}

static int read_map(struct reader *r, void (*f)(void *arg, const struct java_map_entry *entry), void *arg) {
    uint32_t count = 0;
    if (expect(r, map_head, 4, "this is no Java serialization stream: invalid header") < 0 ||
        expect(r, map_head + 4, sizeof(map_head) - 5, "the object is no java.util.HashMap") < 0 ||
        read_fields(r, &count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        struct array key, value;
        if (read_object(r, &key) < 0 || read_object(r, &value) < 0)
            return -1;
        struct java_map_entry entry = {
            .key = key.data, .key_len = key.len, .value = value.data, .value_len = value.len};
        f(arg, &entry);
    }
    if (expect(r, "\x78", 1, "the map does not end behind its last entry") < 0)
        return -1;
    return r->at == r->len ? 0 : bad(r, "there is something behind the map");
}

int java_map_decode(const void *data, size_t len, void (*f)(void *arg, const struct java_map_entry *entry), void *arg,
                    struct kc_error *err) {
    if (!len)
        return err_set(err, ERR_BAD_DATA, "there is no data");
    struct reader r = {.data = data, .len = len, .next_handle = BASE_HANDLE + MAP_HANDLES, .err = err};
    int rc = read_map(&r, f, arg);
    free(r.arrays);
    return rc;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void add_array(struct buf *out, const void *data, size_t len, bool *first) {
    if (!data) {
        (void)!buf_add_char(out, TC_NULL);
        return;
    }
    (void)!buf_add_char(out, TC_ARRAY);
    if (*first) {
        (void)!buf_add(out, array_class, sizeof(array_class) - 1);
    } else {
        (void)!buf_add_char(out, TC_REFERENCE);
        (void)!buf_add_i32(out, BASE_HANDLE + MAP_HANDLES);
    }
    *first = false;
    (void)!buf_add_i32(out, (int32_t)((uint32_t)len));
    (void)!buf_add(out, data, len);
}

int java_map_encode(struct buf *out, const struct java_map_entry *entries, size_t count) {
    uint32_t capacity = 16;
    bool first = true;
    while (capacity < 1U << 30 && capacity / 4 * 3 < count)
        capacity *= 2;
    (void)!buf_add(out, map_head, sizeof(map_head) - 1);
    (void)!buf_add_i32(out, (int32_t)(0x3f400000)); /* 0.75 */
    (void)!buf_add_i32(out, (int32_t)(count ? capacity / 4 * 3 : 0));
    (void)!buf_add(out, "\x77\x08", 2);
    (void)!buf_add_i32(out, (int32_t)(capacity));
    (void)!buf_add_i32(out, (int32_t)((uint32_t)count));
    for (size_t i = 0; i < count; i++) {
        add_array(out, entries[i].key, entries[i].key_len, &first);
        add_array(out, entries[i].value, entries[i].value_len, &first);
    }
    (void)!buf_add_char(out, TC_ENDBLOCKDATA);
    return out->failed ? -1 : 0;
}
