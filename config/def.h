/* Option rows (struct kc_option, plugin.h) by short macros. One row says everything about one option:
 *
 *     static const struct kc_option rows[] = {
 *         OPT_STRING("s3.bucket.name", struct s3_sink_conf, bucket, .required = true, .importance = KC_HIGH,
 *                    .group = "S3", .doc = "Bucket that receives the objects."),
 *         OPT_INT("flush.size", struct s3_sink_conf, flush_size, .required = true, .has_min = true, .min = 1, …),
 *         KC_OPTION_END };
 */
#ifndef CONFIG_DEF_H
#define CONFIG_DEF_H

#include "connect/plugin.h"

#define OPT_ROW(key, t, conf, field, ...) \
    { .name = (key), .type = (t), .offset = offsetof(conf, field), __VA_ARGS__ }
#define OPT_BOOLEAN(key, conf, field, ...)  OPT_ROW(key, KC_OPT_T_BOOLEAN, conf, field, __VA_ARGS__)
#define OPT_STRING(key, conf, field, ...)   OPT_ROW(key, KC_OPT_T_STRING, conf, field, __VA_ARGS__)
#define OPT_INT(key, conf, field, ...)      OPT_ROW(key, KC_OPT_T_INT, conf, field, __VA_ARGS__)
#define OPT_SHORT(key, conf, field, ...)    OPT_ROW(key, KC_OPT_T_SHORT, conf, field, __VA_ARGS__)
#define OPT_LONG(key, conf, field, ...)     OPT_ROW(key, KC_OPT_T_LONG, conf, field, __VA_ARGS__)
#define OPT_DOUBLE(key, conf, field, ...)   OPT_ROW(key, KC_OPT_T_DOUBLE, conf, field, __VA_ARGS__)
#define OPT_LIST(key, conf, field, ...)     OPT_ROW(key, KC_OPT_T_LIST, conf, field, __VA_ARGS__)
#define OPT_CLASS(key, conf, field, ...)    OPT_ROW(key, KC_OPT_T_CLASS, conf, field, __VA_ARGS__)
#define OPT_PASSWORD(key, conf, field, ...) OPT_ROW(key, KC_OPT_T_PASSWORD, conf, field, __VA_ARGS__)

size_t option_count(const struct kc_option *rows);
const struct kc_option *option_find(const struct kc_option *rows, const char *name);
const char *option_type_name(enum kc_option_type type); /* "BOOLEAN", … */
const char *option_importance_name(enum kc_importance importance);
const char *option_width_name(enum kc_width width);
/* Place of a row in its group: -1 without a group; what the rows say when one row of the group says anything (then 0 is
 * 0); else counted from 1 in the order of the rows. */
int option_order(const struct kc_option *rows, const struct kc_option *row);

#endif
