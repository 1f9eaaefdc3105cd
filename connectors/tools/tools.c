/* What the connectors for testing share; see tools.h. No state. */
#include "connectors/tools/tools.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { WAIT_MAX_MS = 1000 };

/* ---- options ----------------------------------------------------------------------------------------------------- */

static int number(const struct kc_config *config, const char *name, const char *def, int64_t min, int64_t max,
                  int64_t *ret_number, struct kc_error *err) {
    const char *text = kc_config_get(config, name), *digits;
    char *end;
    if (!text)
        text = def;
    if (!text)
        return kc_fail(err, "java.lang.NumberFormatException", "Cannot parse null string: null");
    digits = text + (*text == '-' || *text == '+');
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (!*digits || digits[strspn(digits, "0123456789")] || *end || errno || n < min || n > max)
        return kc_fail(err, "java.lang.NumberFormatException", "For input string: \"%s\"", text);
    *ret_number = n;
    return 0;
}

int tools_int(const struct kc_config *config, const char *name, const char *def, int32_t *ret_number,
              struct kc_error *err) {
    int64_t n;
    if (number(config, name, def, INT32_MIN, INT32_MAX, &n, err) < 0)
        return -1;
    *ret_number = (int32_t)n;
    return 0;
}

int tools_long(const struct kc_config *config, const char *name, const char *def, int64_t *ret_number,
               struct kc_error *err) {
    return number(config, name, def, INT64_MIN, INT64_MAX, ret_number, err);
}

int tools_invalid(struct kc_error *err, const char *text, const struct kc_error *cause) {
    kc_fail(err, KC_CONNECT_EXCEPTION, "%s", text);
    snprintf(err->cause, sizeof(err->cause), "%.90s: %.1900s", cause->exception, cause->text);
    return -1;
}

bool tools_true(const struct kc_config *config, const char *name) {
    const char *text = kc_config_get(config, name);
    return text && strcasecmp(text, "true") == 0;
}

int tools_numbered_tasks(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                         struct kc_config **ret_configs, int *ret_count, struct kc_error *err) {
    (void)self, (void)conf, (void)err;
    for (int i = 0; i < max_tasks; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        ret_configs[i] = kc_config_copy(config);
        kc_config_set(ret_configs[i], "id", id);
    }
    *ret_count = max_tasks;
    return 0;
}

/* ---- output ------------------------------------------------------------------------------------------------------ */

/* As Jackson escapes: \b \t \n \f \r, other control characters as \u00XX. `out` has room for six bytes. */
static size_t escape(unsigned char c, char *out) {
    static const char plain[] = "\b\t\n\f\r", letters[] = "btnfr";
    const char *known = c ? strchr(plain, c) : NULL;
    if (known || c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = known ? letters[known - plain] : (char)c;
        return 2;
    }
    if (c >= 0x20) {
        out[0] = (char)c;
        return 1;
    }
    static const char hex[] = "0123456789ABCDEF";
    memcpy(out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

char *tools_json_text(const char *text) {
    if (!text)
        return strdup("null");
    char *json = malloc(6 * strlen(text) + 3);
    size_t len = 0;
    if (!json)
        abort();
    json[len++] = '"';
    for (; *text; text++)
        len += escape((unsigned char)*text, json + len);
    json[len++] = '"';
    json[len] = 0;
    return json;
}

int64_t tools_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- positions --------------------------------------------------------------------------------------------------- */

int tools_next_seqno(struct kc_source_context *ctx, struct kc_arena *arena, int32_t id, int64_t *ret_next,
                     const struct kc_source_partition **ret_partition, struct kc_error *err) {
    struct kc_value partition = kc_map_new(arena, 1), offset;
    kc_map_put(&partition, "id", kc_int(KC_INT32, id));
    if (ctx->offset(ctx, arena, &partition, &offset, err) < 0)
        return -1;
    offset = kc_json_expand(arena, offset);
    const struct kc_value *seqno = offset.tag == KC_V_MAP ? kc_map_get(&offset, "seqno") : NULL;
    if (offset.tag != KC_V_NULL && (!seqno || seqno->tag != KC_V_INT64))
        return kc_fail(err, KC_CONNECT_EXCEPTION,
                       "The stored offset of the source partition {\"id\":%d} has no number as \"seqno\"", (int)id);
    *ret_next = seqno ? seqno->i + 1 : 0;
    *ret_partition = ctx->partition(ctx, &partition);
    return 0;
}

/* ---- pace -------------------------------------------------------------------------------------------------------- */

uint32_t throttle_allows(const struct throttle *t, int64_t sent, int64_t now_ms, uint32_t wanted,
                         int64_t *ret_wait_ms) {
    double elapsed_ms = (double)(now_ms - t->start_ms), rate = (double)t->per_second / 1000;
    if (t->per_second < 0)
        return wanted;
    double may = (elapsed_ms > 0 ? floor(elapsed_ms * rate) : 0) + 1 - (double)sent;
    if (may >= 1)
        return may < wanted ? (uint32_t)may : wanted;
    double wait_ms = t->per_second ? (double)sent / rate - elapsed_ms + 1 : WAIT_MAX_MS;
    *ret_wait_ms = wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms < 1 ? 1 : (int64_t)wait_ms;
    return 0;
}
