/* See org_json.h. @source org.json.JSONObject.toString, numberToString; Jackson reads the numbers again as BigDecimal
 */
#include "connect/convert/org_json.h"

#include <string.h>

#include "connect/base/arena.h"
#include "connect/base/json.h"
#include "connect/data/decimal.h"
#include "connect/data/java_hash.h"
#include "connect/data/json_bytes.h"
#include "connect/data/json_scan.h"
#include "connect/data/json_walk.h"

static void add(struct buf *out, struct kc_arena *arena, struct json_text text);

static void add_string(struct buf *out, struct kc_value text) {
    (void)json_write_text(out, text.s, text.len, false);
}

static void add_object(struct buf *out, struct kc_arena *arena, struct json_text object) {
    struct json_text name, value;
    struct kc_value map = kc_map_new(arena, json_walk_count_members(object));
    struct json_walk w = json_walk_start(object);
    while (json_walk_member(&w, &name, &value))
        map.entries[map.len++] = (struct kc_entry){json_text_string(arena, name), kc_text(value.s, value.len)};
    java_map_last_wins(&map);
    const struct kc_entry **order = java_hash_map_order(arena, &map);
    (void)buf_add_char(out, '{');
    for (uint32_t i = 0; i < map.len; i++) {
        (void)buf_add_text(out, i ? "," : "");
        add_string(out, order[i]->key);
        (void)buf_add_char(out, ':');
        add(out, arena, (struct json_text){order[i]->value.s, order[i]->value.len});
    }
    (void)buf_add_char(out, '}');
}

static void add_array(struct buf *out, struct kc_arena *arena, struct json_text array) {
    struct json_text item;
    bool first = true;
    struct json_walk w = json_walk_start(array);
    (void)buf_add_char(out, '[');
    for (; json_walk_item(&w, &item); first = false) {
        (void)buf_add_text(out, first ? "" : ",");
        add(out, arena, item);
    }
    (void)buf_add_char(out, ']');
}

static void add_number(struct buf *out, struct kc_arena *arena, struct json_text number) {
    struct kc_decimal dec;
    size_t len = number.len;
    if (memchr(number.s, '.', len) && !memchr(number.s, 'e', len) && !memchr(number.s, 'E', len)) {
        while (number.s[len - 1] == '0')
            len--;
        len -= number.s[len - 1] == '.';
    }
    bool plain = decimal_parse(arena, number.s, len, &dec) < 0; /* more digits than anybody shows */
    if (plain || decimal_text(out, &dec) < 0)
        (void)buf_add(out, number.s, number.len);
}

static void add(struct buf *out, struct kc_arena *arena, struct json_text text) {
    if (*text.s == '{')
        add_object(out, arena, text);
    else if (*text.s == '[')
        add_array(out, arena, text);
    else if (*text.s == '"')
        add_string(out, json_text_string(arena, text));
    else if (*text.s == '-' || json_is_digit(*text.s))
        add_number(out, arena, text);
    else
        (void)buf_add(out, text.s, text.len);
}

int org_json_write(struct buf *out, struct kc_arena *arena, const char *text, size_t len, struct kc_error *err) {
    struct json_scan scan;
    if (json_check(arena, text, len, &scan, err) < 0)
        return -1;
    add(out, arena, scan.text);
    return 0;
}
