/* Defaults of Avro fields as Avro bytes, straight from their JSON, and the encoding of single numbers.
 * @source org.apache.avro.io.parsing.ResolvingGrammarGenerator.encode */
#include <string.h>

#include "connect/base/err.h"
#include "connect/base/utf8.h"
#include "connect/convert/avro_data.h"
#include "connect/data/number_text.h"

int avro_put_long(struct buf *out, int64_t value) {
    uint8_t bytes[10];
    unsigned len = 0;
    uint64_t n = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    for (; n >= 0x80; n >>= 7)
        bytes[len++] = (uint8_t)(n | 0x80);
    bytes[len++] = (uint8_t)n;
    return buf_add(out, bytes, len);
}

/* Little endian, whatever this machine is. */
int avro_put_float(struct buf *out, double value, bool wide) {
    float narrow = (float)value;
    uint64_t bits;
    uint32_t low;
    uint8_t bytes[sizeof(bits)];
    memcpy(&bits, &value, sizeof(bits));
    memcpy(&low, &narrow, sizeof(low));
    if (!wide)
        bits = low;
    for (unsigned i = 0; i < sizeof(bits); i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    return buf_add(out, bytes, wide ? sizeof(value) : sizeof(narrow));
}

static int put(struct buf *out, const struct avro_schema *avro, const cJSON *json, unsigned depth,
               struct kc_error *err);

static int misfit(const struct avro_schema *avro, struct kc_error *err) {
    return err_set(err, ERR_BAD_DATA, "The default of a field is no %s", avro_type_name(avro->type));
}

static int put_integer(struct buf *out, const struct avro_schema *avro, const cJSON *json, struct kc_error *err) {
    char *end = NULL;
    if (!cJSON_IsNumber(json))
        return misfit(avro, err);
    int64_t n = json->valuestring ? strtoll(json->valuestring, &end, 10) : (int64_t)json->valuedouble;
    return end && *end ? misfit(avro, err) : avro_put_long(out, n);
}

static int put_float(struct buf *out, const struct avro_schema *avro, const cJSON *json, struct kc_error *err) {
    double value = json->valuedouble;
    if (!cJSON_IsNumber(json))
        return misfit(avro, err);
    if (json->valuestring)
        (void)number_parse_double(json->valuestring, strlen(json->valuestring), &value);
    return avro_put_float(out, value, avro->type == AVRO_DOUBLE);
}

/* Characters up to U+00FF stand for bytes. */
static int put_bytes(struct buf *out, const struct avro_schema *avro, const cJSON *json, struct kc_error *err) {
    AUTO_BUF bytes;
    buf_init(&bytes, out->max);
    const char *s = json->valuestring;
    if (!cJSON_IsString(json))
        return misfit(avro, err);
    for (size_t used, left = strlen(s); left; s += used, left -= used) {
        uint32_t c;
        used = utf8_get(s, left, &c);
        c = c == AVRO_NUL ? 0 : c;
        if (!used || c > 0xff)
            return misfit(avro, err);
        (void)buf_add_char(&bytes, (char)c);
    }
    if (avro->type == AVRO_FIXED && bytes.len != avro->size)
        return misfit(avro, err);
    if (avro->type == AVRO_BYTES)
        (void)avro_put_long(out, (int64_t)bytes.len);
    return buf_add(out, buf_text(&bytes), bytes.len);
}

static int put_text(struct buf *out, const struct avro_schema *avro, const cJSON *json, struct kc_error *err) {
    if (!cJSON_IsString(json))
        return misfit(avro, err);
    if (avro->type == AVRO_STRING) {
        size_t len = strlen(json->valuestring);
        return avro_put_long(out, (int64_t)len) < 0 ? -1 : buf_add(out, json->valuestring, len);
    }
    for (uint32_t i = 0; i < avro->count; i++)
        if (strcmp(avro->symbols[i], json->valuestring) == 0)
            return avro_put_long(out, i);
    return misfit(avro, err);
}

static int put_elements(struct buf *out, const struct avro_schema *avro, const cJSON *json, unsigned depth,
                        struct kc_error *err) {
    const cJSON *item;
    bool map = avro->type == AVRO_MAP;
    if (!(map ? cJSON_IsObject(json) : cJSON_IsArray(json)))
        return misfit(avro, err);
    if (cJSON_GetArraySize(json))
        (void)avro_put_long(out, cJSON_GetArraySize(json));
    cJSON_ArrayForEach(item, json) {
        if (map) {
            (void)avro_put_long(out, (int64_t)strlen(item->string));
            (void)buf_add_text(out, item->string);
        }
        if (put(out, avro->items, item, depth, err) < 0)
            return -1;
    }
    return avro_put_long(out, 0);
}

/* A field that the default leaves out has a default of its own. */
static int put_record(struct buf *out, const struct avro_schema *avro, const cJSON *json, unsigned depth,
                      struct kc_error *err) {
    if (!cJSON_IsObject(json))
        return misfit(avro, err);
    for (uint32_t i = 0; i < avro->count; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, avro->fields[i].name);
        if (!item)
            item = avro->fields[i].default_value;
        if (!item)
            return misfit(avro, err);
        if (put(out, avro->fields[i].schema, item, depth, err) < 0)
            return -1;
    }
    return 0;
}

static int put(struct buf *out, const struct avro_schema *avro, const cJSON *json, unsigned depth,
               struct kc_error *err) {
    if (++depth > AVRO_MAX_DEPTH) /* a record whose default leaves itself out */
        return misfit(avro, err);
    switch (avro->type) {
    case AVRO_NULL:
        return cJSON_IsNull(json) ? 0 : misfit(avro, err);
    case AVRO_BOOLEAN:
        return cJSON_IsBool(json) ? buf_add_char(out, cJSON_IsTrue(json) ? 1 : 0) : misfit(avro, err);
    case AVRO_INT:
    case AVRO_LONG:
        return put_integer(out, avro, json, err);
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return put_float(out, avro, json, err);
    case AVRO_BYTES:
    case AVRO_FIXED:
        return put_bytes(out, avro, json, err);
    case AVRO_STRING:
    case AVRO_ENUM:
        return put_text(out, avro, json, err);
    case AVRO_ARRAY:
    case AVRO_MAP:
        return put_elements(out, avro, json, depth, err);
    case AVRO_RECORD:
        return put_record(out, avro, json, depth, err);
    default: /* the default of a union belongs to its first branch */
        if (!avro->count || avro_put_long(out, 0) < 0)
            return misfit(avro, err);
        return put(out, avro->branches[0], json, depth, err);
    }
}

int avro_encode_default(struct buf *out, const struct avro_schema *avro, const cJSON *json, struct kc_error *err) {
    return put(out, avro, json, 0, err);
}
