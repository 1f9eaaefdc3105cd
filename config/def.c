/* Look-ups in tables of option rows and the words that Java prints for what a row says. */
#include "config/def.h"

#include <string.h>

size_t option_count(const struct kc_option *rows) {
    size_t n = 0;
    while (rows && rows[n].name)
        n++;
    return n;
}

const struct kc_option *option_find(const struct kc_option *rows, const char *name) {
    for (const struct kc_option *row = rows; row && row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

const char *option_type_name(enum kc_option_type type) {
    static const char *const names[] = {
        [KC_OPT_T_BOOLEAN] = "BOOLEAN", [KC_OPT_T_STRING] = "STRING", [KC_OPT_T_INT] = "INT",
        [KC_OPT_T_SHORT] = "SHORT",     [KC_OPT_T_LONG] = "LONG",     [KC_OPT_T_DOUBLE] = "DOUBLE",
        [KC_OPT_T_LIST] = "LIST",       [KC_OPT_T_CLASS] = "CLASS",   [KC_OPT_T_PASSWORD] = "PASSWORD",
    };
    return names[type];
}

const char *option_importance_name(enum kc_importance importance) {
    static const char *const names[] = {[KC_HIGH] = "HIGH", [KC_MEDIUM] = "MEDIUM", [KC_LOW] = "LOW"};
    return names[importance];
}

const char *option_width_name(enum kc_width width) {
    static const char *const names[] = {
        [KC_WIDTH_NONE] = "NONE", [KC_SHORT] = "SHORT", [KC_MEDIUM_WIDTH] = "MEDIUM", [KC_LONG] = "LONG"};
    return names[width];
}

int option_order(const struct kc_option *rows, const struct kc_option *row) {
    int place = 1;
    if (!row->group)
        return -1;
    for (const struct kc_option *r = rows; r && r->name; r++) {
        if (!r->group || strcmp(r->group, row->group) != 0)
            continue;
        if (r->order_in_group)
            return row->order_in_group;
        place += r < row;
    }
    return place;
}
