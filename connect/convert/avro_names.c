/* Names between Connect and Avro, and which schemas are special. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "connect/base/url_text.h"
#include "connect/convert/avro_data.h"

#define GENERALIZED_UNION "org.apache.kafka.connect.data.Union"
#define GENERALIZED_ENUM  "org.apache.kafka.connect.data.Enum"
#define AVRO_ENUM         AVRO_NAMESPACE ".Enum"

enum { MAX_SCRUBBED = 1 << 20 };

bool avro_is_union(const struct kc_schema *schema) {
    return schema->type == KC_STRUCT && ((schema->name && strcmp(schema->name, AVRO_NAMESPACE ".Union") == 0) ||
                                         schema_parameter(schema, GENERALIZED_UNION));
}

bool avro_is_fixed(const struct kc_schema *schema, uint32_t *ret_size) {
    if (schema->type != KC_BYTES || !schema->name)
        return false;
    const char *size = schema_parameter(schema, "connect.fixed.size");
    if (!size)
        return false;
    char *end;
    unsigned long n = strtoul(size, &end, 10);
    if (ret_size)
        *ret_size = *end || n > INT32_MAX ? 0 : (uint32_t)n;
    return true;
}

bool avro_is_enum(const struct avro_options *options, const struct kc_schema *schema) {
    return (options->generalized || options->enhanced) && schema->type == KC_STRING &&
           (schema_parameter(schema, GENERALIZED_ENUM) || schema_parameter(schema, AVRO_ENUM));
}

bool avro_has_plain_keys(const struct avro_options *options, const struct kc_schema *map) {
    return map->key_schema && map->key_schema->type == KC_STRING &&
           (!map->key_schema->optional || options->optional_map_keys);
}

const char *avro_enum_parameter(const struct avro_options *options) {
    return options->generalized ? GENERALIZED_ENUM : AVRO_ENUM;
}

/* ---- scrubbing ---- */

static bool fine(const char *name, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    return !len || !isdigit((unsigned char)*name);
}

/* One part: percent encoding as java.net.URLEncoder, then every other character an underscore. */
static void scrub_part(struct buf *out, const char *part, size_t len) {
    if (fine(part, len)) {
        (void)buf_add(out, part, len);
        return;
    }
    if (isdigit((unsigned char)*part))
        (void)buf_add_char(out, 'x');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)part[i];
        if (isalnum(c))
            (void)buf_add_char(out, (char)c);
        else if (strchr("_.-* ", c))
            (void)buf_add_char(out, '_');
        else
            (void)buf_printf(out, "_%02X", c);
    }
}

const char *avro_scrub(struct kc_arena *arena, const struct avro_options *options, const char *name) {
    if (!options->scrub_names || !name || fine(name, strlen(name)))
        return name;
    AUTO_BUF out;
    buf_init(&out, MAX_SCRUBBED);
    scrub_part(&out, name, strlen(name));
    return kc_arena_copy(arena, buf_text(&out), out.len);
}

const char *avro_scrub_full(struct kc_arena *arena, const struct avro_options *options, const char *name) {
    if (!options->scrub_names || !name)
        return name;
    AUTO_BUF out;
    buf_init(&out, MAX_SCRUBBED);
    for (const char *part = name;;) {
        size_t len = strcspn(part, ".");
        scrub_part(&out, part, len);
        if (!part[len])
            break;
        (void)buf_add_char(&out, '.');
        part += len + 1;
    }
    return kc_arena_copy(arena, buf_text(&out), out.len);
}

const char *avro_branch_field(struct kc_arena *arena, const struct avro_options *options,
                              const struct avro_schema *branch, uint32_t index) {
    if (options->generalized)
        return kc_arena_printf(arena, "connect_union_field_%u", index);
    if (avro_is_named(branch))
        return options->enhanced ? branch->full_name : avro_scrub(arena, options, branch->name);
    return avro_type_name(branch->type);
}
