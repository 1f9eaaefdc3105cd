/* Everything a plugin author sees: values, schemas, records, option rows and the callbacks of connectors, tasks,
 * converters, transforms, predicates and config providers.  Plain C11, standard headers only, safe to include from C++.
 *
 * A shared object on `plugin.path` exports one table:
 *
 *     const struct kc_plugin *const kc_plugins[] = { &my_plugin, NULL };
 *
 * and links against nothing: every function declared here is found in the kconnectd executable at load time.
 * Built-in plugins use nothing else.  examples/hello_sink/ is a complete connector, examples/hello_parts/ has one of
 * each other kind.
 *
 * Conventions: 0 or a negative number is returned where a call can fail, and then `err` holds what went wrong.  Times
 * are milliseconds since the epoch unless the name says otherwise.  Text is UTF-8.  Arguments are borrowed for the
 * call.
 */
#ifndef CONNECT_PLUGIN_H
#define CONNECT_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a structure below changes shape; a plugin built for another number is refused with a clear message. */
#define KC_ABI 2

#if defined(__GNUC__)
#define KC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define KC_CHECKED           __attribute__((warn_unused_result))
#else
#define KC_PRINTF(fmt, args)
#define KC_CHECKED
#endif

/* ---- Errors ------------------------------------------------------------------------------------------------------ */

enum { KC_ERROR_TEXT = 2048, KC_ERROR_CLASS = 96 };

/* One failure. The caller owns it; nothing in it is allocated.  `exception` is the Java class name that users see in
 * traces, dead letter headers and REST answers; `code` is one of the project's error codes (connect/base/err.h), 0 =
 * none. Start from `struct kc_error err = {0};`. */
struct kc_error {
    int code;
    bool retriable; /* trying the same again may help */
    bool fatal;     /* the task or worker must end */
    char exception[KC_ERROR_CLASS];
    char text[KC_ERROR_TEXT];
    char cause[KC_ERROR_TEXT]; /* "class: message" of the exception behind this one, "" when none */
};

/* Sets `err` (may be NULL) to an exception of a Java class with a printf text; always returns -1, so that
 * `return kc_fail(err, …)` reads well.  The short forms below name the usual classes.
 * RetriableException sets retriable. @thread any  @blocks no */
int kc_fail(struct kc_error *err, const char *exception, const char *fmt, ...) KC_PRINTF(3, 4);

#define KC_CONNECT_EXCEPTION   "org.apache.kafka.connect.errors.ConnectException"
#define KC_DATA_EXCEPTION      "org.apache.kafka.connect.errors.DataException"
#define KC_CONFIG_EXCEPTION    "org.apache.kafka.common.config.ConfigException"
#define KC_RETRIABLE_EXCEPTION "org.apache.kafka.connect.errors.RetriableException"
#define KC_NOT_FOUND_EXCEPTION "org.apache.kafka.connect.errors.NotFoundException"

enum kc_level { KC_TRACE, KC_DEBUG, KC_INFO, KC_WARN, KC_ERROR, KC_FATAL };

/* Logs one line with the context of the calling thread, e.g. "[s3-sink|task-0] ". `logger` is a dotted name that
 * /admin/loggers can tune, by habit the Java class or package name. @thread any  @blocks for the write of one line */
void kc_log(enum kc_level level, const char *logger, const char *fmt, ...) KC_PRINTF(3, 4);
bool kc_log_on(enum kc_level level, const char *logger);

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* Bump allocator of one batch. Nothing inside is freed singly; a batch's arena is reset or freed as a whole. */
struct kc_arena;

/* Memory of `size` bytes, aligned for any type, not cleared; never NULL (the process aborts when memory is exhausted,
 * so sizes taken from input must be checked against a limit first). @thread owner of the arena */
void *kc_arena_alloc(struct kc_arena *arena, size_t size);
void *kc_arena_zalloc(struct kc_arena *arena, size_t size);
char *kc_arena_strdup(struct kc_arena *arena, const char *s);
/* Copy of `len` bytes with a NUL added. */
char *kc_arena_copy(struct kc_arena *arena, const void *data, size_t len);
char *kc_arena_printf(struct kc_arena *arena, const char *fmt, ...) KC_PRINTF(2, 3);

/* ---- Values ------------------------------------------------------------------------------------------------------ */

enum kc_type { /* Connect's schema types, in Java's order */
               KC_INT8,
               KC_INT16,
               KC_INT32,
               KC_INT64,
               KC_FLOAT32,
               KC_FLOAT64,
               KC_BOOLEAN,
               KC_STRING,
               KC_BYTES,
               KC_ARRAY,
               KC_MAP,
               KC_STRUCT
};

enum kc_tag { /* what a value holds */
              KC_V_NULL,
              KC_V_BOOLEAN, /* b */
              KC_V_INT8,    /* i, for all four */
              KC_V_INT16,
              KC_V_INT32,
              KC_V_INT64,
              KC_V_FLOAT32, /* f: the float widened; the tag remembers */
              KC_V_FLOAT64, /* f */
              KC_V_STRING,  /* s, len: UTF-8, not NUL-terminated */
              KC_V_BYTES,   /* bytes, len */
              KC_V_ARRAY,   /* items, len = count */
              KC_V_MAP,     /* entries, len = count; in the order of the input */
              KC_V_STRUCT,  /* st */
              KC_V_DECIMAL, /* dec: java.math.BigDecimal */
              KC_V_DATE,    /* i: java.util.Date, ms since the epoch; the schema name says Date, Time or Timestamp */
              KC_V_JSON /* s, len: checked text of one schemaless JSON value, not yet taken apart; see kc_json_expand */
};

struct kc_entry;
struct kc_struct;
struct kc_decimal;

/* 16 bytes. Pointers lead into the batch's arena or into memory that outlives the batch. */
struct kc_value {
    uint8_t tag;
    uint8_t flags;
    uint16_t reserved;
    uint32_t len; /* bytes or elements */
    union {
        bool b;
        int64_t i;
        double f;
        const char *s;
        const uint8_t *bytes;
        struct kc_value *items;
        struct kc_entry *entries;
        struct kc_struct *st;
        const struct kc_decimal *dec;
    };
};

enum { KC_MAP_UNORDERED = 1 }; /* flags of a MAP that Java would hold in a HashMap: order means nothing */

struct kc_entry {
    struct kc_value key, value;
};

/* Fixed point number of any size: unscaled × 10^-scale; big-endian two's complement, as java.math.BigInteger. */
struct kc_decimal {
    int32_t scale;
    uint32_t len;
    const uint8_t *unscaled;
};

struct kc_schema;
struct kc_struct {
    const struct kc_schema *schema; /* borrowed: kept alive by the record or by the schema around it */
    struct kc_value *fields;        /* schema->field_count values; NULL tag = unset */
};

static inline struct kc_value kc_null(void) {
    struct kc_value v = {0, 0, 0, 0, {false}};
    return v;
}
struct kc_value kc_bool(bool b);
struct kc_value kc_int(enum kc_type type, int64_t i); /* KC_INT8 … KC_INT64 */
struct kc_value kc_double(double f);                  /* FLOAT64 */
struct kc_value kc_float(float f);                    /* FLOAT32 */
struct kc_value kc_string(const char *s);             /* borrows s; NULL gives the null value */
struct kc_value kc_text(const char *s, size_t len);
struct kc_value kc_bytes(const void *data, size_t len);
struct kc_value kc_date(int64_t ms);

/* The entry of a MAP whose key is the string `key`, or NULL. A KC_V_JSON value must be expanded first. */
const struct kc_value *kc_map_get(const struct kc_value *map, const char *key);
/* A MAP of `capacity` entries with len 0; kc_map_put adds at the end without looking for duplicates. */
struct kc_value kc_map_new(struct kc_arena *arena, uint32_t capacity);
void kc_map_put(struct kc_value *map, const char *key, struct kc_value value);

/* Takes a KC_V_JSON value wholly apart into `arena`: nothing of the result is KC_V_JSON. Other values are returned as
 * they are. @errors none: the text was checked when the value was made */
struct kc_value kc_json_expand(struct kc_arena *arena, struct kc_value v);
/* The same one level deep: objects and arrays inside stay KC_V_JSON, which is cheaper when only a field is wanted. */
struct kc_value kc_json_open(struct kc_arena *arena, struct kc_value v);
/* Checks `text` and returns it as schemaless value: scalars at once, objects and arrays as KC_V_JSON that points into
 * `text`; blanks alone give null. As in Java, the first JSON value counts and what follows it is ignored.
 * @errors com.fasterxml.jackson.core.JsonParseException and its like, with the reason and the offset */
int kc_value_from_json(struct kc_arena *arena, const char *text, size_t len, struct kc_value *ret_value,
                       struct kc_error *err) KC_CHECKED;
/* The value as JSON text, NUL-terminated, in `arena` (schemaless rules; bytes as base64). */
char *kc_value_to_json(struct kc_arena *arena, const struct kc_value *v, size_t *ret_len);
/* The value as Java prints it (String.valueOf): `{a=2}`, `[1, 2]`, `Struct{f=1}`, `1.0E10`; NUL-terminated, in `arena`.
 */
char *kc_value_to_text(struct kc_arena *arena, const struct kc_value *v, size_t *ret_len);
/* Deep copy into `arena`: nothing of the copy points into the original's memory. */
struct kc_value kc_value_copy(struct kc_arena *arena, const struct kc_value *v);
bool kc_value_equal(const struct kc_value *a, const struct kc_value *b);
/* Java's name of the value's class, e.g. "java.lang.String", for error texts. */
const char *kc_value_java_class(const struct kc_value *v);

/* ---- Schemas ----------------------------------------------------------------------------------------------------- */

struct kc_field {
    const char *name;
    int32_t index;
    const struct kc_schema *schema;
};

struct kc_parameter {
    const char *name, *value;
};

/* Immutable and counted: made by a builder, shared freely between threads. Compare pointers first, then
 * kc_schema_equal. */
struct kc_schema {
    enum kc_type type;
    bool optional;
    bool has_version;
    bool has_default;
    int32_t version;
    const char *name; /* NULL when none */
    const char *doc;
    struct kc_value default_value;
    uint32_t parameter_count, field_count;
    const struct kc_parameter *parameters;
    const struct kc_field *fields;        /* STRUCT */
    const struct kc_schema *key_schema;   /* MAP */
    const struct kc_schema *value_schema; /* MAP and ARRAY */
};

const struct kc_schema *kc_schema_ref(const struct kc_schema *schema);   /* one more reference; NULL is fine */
const struct kc_schema *kc_schema_unref(const struct kc_schema *schema); /* the last one frees; returns NULL */
/* Gives one reference to the arena: it is dropped when the arena is reset or freed. Returns `schema`. */
const struct kc_schema *kc_schema_keep(struct kc_arena *arena, const struct kc_schema *schema);
bool kc_schema_equal(const struct kc_schema *a, const struct kc_schema *b);
const struct kc_field *kc_schema_field(const struct kc_schema *schema, const char *name);

/* The plain schema of a primitive type, optional or not; static, counting it is harmless. */
const struct kc_schema *kc_schema_of(enum kc_type type, bool optional);

/* A STRUCT value with every field unset. `schema` must live as long as the value (kc_schema_keep). */
struct kc_value kc_struct_new(struct kc_arena *arena, const struct kc_schema *schema);
/* Sets a field. @errors DataException: no such field, or the value does not fit. @source Struct.put */
int kc_struct_put(struct kc_value *st, const char *field, struct kc_value value, struct kc_error *err) KC_CHECKED;
/* The field's value, the schema's default where it is unset; NULL when there is no such field. @source Struct.get */
const struct kc_value *kc_struct_get(const struct kc_value *st, const char *field);

struct kc_schema_builder; /* one thread */
struct kc_schema_builder *kc_schema_builder_new(enum kc_type type);
void kc_schema_builder_free(struct kc_schema_builder *b);
void kc_schema_optional(struct kc_schema_builder *b, bool optional);
void kc_schema_name(struct kc_schema_builder *b, const char *name);
void kc_schema_version(struct kc_schema_builder *b, int32_t version);
void kc_schema_doc(struct kc_schema_builder *b, const char *doc);
void kc_schema_parameter(struct kc_schema_builder *b, const char *name, const char *value);
int kc_schema_default(struct kc_schema_builder *b, const struct kc_value *v, struct kc_error *err) KC_CHECKED;
int kc_schema_add_field(struct kc_schema_builder *b, const char *name, const struct kc_schema *schema,
                        struct kc_error *err) KC_CHECKED;
/* Key (MAP) and element schema; NULL means that the type of the elements is not known. */
void kc_schema_elements(struct kc_schema_builder *b, const struct kc_schema *key, const struct kc_schema *value);
/* Ends the builder (freed in any case); the caller owns one reference of the result. NULL when name, version, doc,
 * default or optional was set twice to different values (kc_schema_default and kc_schema_add_field report that, too).
 */
const struct kc_schema *kc_schema_build(struct kc_schema_builder *b);

/* ---- Records ----------------------------------------------------------------------------------------------------- */

#define KC_NO_TIMESTAMP INT64_MIN

struct kc_header {
    const char *key;
    const struct kc_schema *schema; /* NULL: schemaless */
    struct kc_value value;
};

struct kc_source_partition; /* see kc_source_partition_of */

/* A sink or source record. Key and value start as BYTES (or null) on the sink side and become BYTES on the source side;
 * converters and transforms change records in place and never move them. */
struct kc_record {
    const char *topic;
    int32_t partition; /* -1: let the producer choose (source) */
    bool dropped;      /* filtered by a transform or failed and tolerated: nobody looks at it any more */
    bool skipped;      /* set around one transform whose predicate did not match; that transform must leave it alone */
    bool log_append_time;
    int64_t timestamp;                                 /* ms, KC_NO_TIMESTAMP when none */
    const struct kc_schema *key_schema, *value_schema; /* NULL: schemaless */
    struct kc_value key, value;
    struct kc_header *headers;
    uint32_t header_count;
    int32_t original_partition; /* sink: where it was read, whatever transforms did */
    const char *original_topic;
    int64_t offset; /* sink: in original_topic/original_partition; source, in commit_record: where the record was
                       written, -1 when it was not */
    const struct kc_source_partition *source_partition; /* source: NULL when the record carries no offset */
    struct kc_value source_offset;                      /* source: MAP of strings, longs and so on */
};

struct kc_batch {
    struct kc_arena *arena; /* lives until every record is through */
    struct kc_record *records;
    uint32_t count;
    uint32_t capacity; /* source: at most this many records are wanted from one poll */
};

/* A cleared record at the end of a source batch, or NULL when the batch is full. */
struct kc_record *kc_batch_add(struct kc_batch *batch);
static inline bool kc_record_live(const struct kc_record *r) {
    return !r->dropped && !r->skipped;
}
/* Adds at the end, keeping order and duplicates. */
void kc_record_add_header(struct kc_arena *arena, struct kc_record *r, const char *key, const struct kc_schema *schema,
                          struct kc_value value);

/* ---- Options ----------------------------------------------------------------------------------------------------- */

enum kc_option_type {                   /* ConfigDef.Type; the C type of the field that receives the value */
                      KC_OPT_T_BOOLEAN, /* bool */
                      KC_OPT_T_STRING,  /* const char *, NULL when null */
                      KC_OPT_T_INT,     /* int32_t */
                      KC_OPT_T_SHORT,   /* int16_t */
                      KC_OPT_T_LONG,    /* int64_t */
                      KC_OPT_T_DOUBLE,  /* double */
                      KC_OPT_T_LIST,    /* struct kc_list */
                      KC_OPT_T_CLASS,   /* const char *: the class name as resolved */
                      KC_OPT_T_PASSWORD /* struct kc_secret */
};

struct kc_list {
    const char *const *items;
    size_t count;
};

/* A secret has no printer: whoever shows options writes KC_HIDDEN instead. */
struct kc_secret {
    const char *value; /* NULL when not set */
};
#define KC_HIDDEN "[hidden]"

enum kc_importance { KC_HIGH, KC_MEDIUM, KC_LOW };
enum kc_width { KC_WIDTH_NONE, KC_SHORT, KC_MEDIUM_WIDTH, KC_LONG };

struct kc_config;
struct kc_plugin;

/* One option: it parses, sets the default, validates, masks, documents and answers the validate endpoint.
 * Texts of errors follow Java's ConfigDef. A row that nothing reads but that Java accepts has `offset` KC_NO_FIELD. */
struct kc_option {
    const char *name;
    enum kc_option_type type;
    size_t offset;   /* of the field in the conf struct */
    bool required;   /* no default: a missing key is an error */
    const char *def; /* default as text; NULL with !required means null */
    enum kc_importance importance;
    enum kc_width width;
    const char *group;
    int order_in_group;       /* 0: counted from the order of the rows of the group */
    const char *display_name; /* NULL: the name */
    const char *doc;
    const char *const *dependents; /* NULL-terminated */
    /* validators; those that are set are applied in this order until one fails */
    bool has_min, has_max;
    double min, max;
    bool not_empty;            /* NonEmptyString */
    const char *const *one_of; /* ValidString / ValidList: NULL-terminated allowed values */
    bool one_of_ignores_case;  /* CaseInsensitiveValidString */
    bool list_not_empty, list_unique;
    /* Any other rule; `text` is the parsed value as text (lists joined by ","), NULL when null. The error's text is the
     * whole message ("Invalid value … for configuration <name>: …"); it must not show a PASSWORD. `range_text` is what
     * Java's toString of the validator says ("[0,...,10]"), shown in the documentation. */
    int (*check)(const char *name, const char *text, struct kc_error *err);
    const char *range_text;
    /* validate endpoint: recommended values and visibility; NULL = none and visible */
    const char *const *recommended;
    bool (*visible)(const char *name, const struct kc_config *config);
    int kind;      /* KC_OPT_T_CLASS: which kind of plugin (enum kc_plugin_kind), KC_ANY_CLASS when none of ours */
    bool addition; /* the Java class does not have it: validate answers show it to those who set it, so that to all
                      others they are Java's; the documentation always has it */
};
#define KC_NO_FIELD  ((size_t)-1)
#define KC_ANY_CLASS (-1)
#define KC_OPTION_END \
    { .name = NULL }

/* Text configuration in the order given: keys are unique, a value may be NULL (JSON null). Texts are borrowed: good
 * until the entry is set again or removed, or the configuration is freed. One thread at a time, unless all only read.
 */
const char *kc_config_get(const struct kc_config *config, const char *key);
bool kc_config_has(const struct kc_config *config, const char *key);
size_t kc_config_count(const struct kc_config *config);
const char *kc_config_key(const struct kc_config *config, size_t i);
const char *kc_config_value(const struct kc_config *config, size_t i);
void kc_config_set(struct kc_config *config, const char *key, const char *value); /* copies; replaces in place */
void kc_config_remove(struct kc_config *config, const char *key);
struct kc_config *kc_config_new(void);
struct kc_config *kc_config_copy(const struct kc_config *config);
struct kc_config *kc_config_free(struct kc_config *config);
/* A copy of the entries whose key starts with `prefix`, the prefix cut off. Caller frees. */
struct kc_config *kc_config_with_prefix(const struct kc_config *config, const char *prefix);

/* Collects what is wrong with single options, so that all problems are reported at once. */
struct kc_problems;
/* Adds an error text to option `name` (created when the rows do not have it). */
void kc_problem(struct kc_problems *problems, const char *name, const char *fmt, ...) KC_PRINTF(3, 4);
/* Whether any error was recorded for `name`. */
bool kc_problem_has(const struct kc_problems *problems, const char *name);

/* ---- Plugins ----------------------------------------------------------------------------------------------------- */

enum kc_plugin_kind {
    KC_KIND_SINK,
    KC_KIND_SOURCE,
    KC_KIND_CONVERTER,
    KC_KIND_HEADER_CONVERTER,
    KC_KIND_TRANSFORMATION,
    KC_KIND_PREDICATE,
    KC_KIND_CONFIG_PROVIDER,
    KC_KIND_COUNT,
    KC_KIND_NAMED /* option rows only: any of the class names in .one_of, which are not plugins of ours (formats …) */
};

struct kc_topic_partition {
    const char *topic;
    int32_t partition;
};

struct kc_topic_offset {
    const char *topic;
    int32_t partition;
    int64_t offset; /* next offset to consume; in pre_commit -1 = do not commit this partition */
};

/* Callbacks of a connector instance into the worker. @thread any  @blocks no */
struct kc_connector_context {
    void *worker;
    const char *name;
    void (*request_task_reconfiguration)(struct kc_connector_context *ctx);
    void (*raise_error)(struct kc_connector_context *ctx, const struct kc_error *err); /* FAILED, not stopped */
};

enum kc_exactly_once { KC_EXACTLY_ONCE_UNSUPPORTED, KC_EXACTLY_ONCE_SUPPORTED };

/* A connector: runs on its own thread, produces the configurations of its tasks.
 * `conf` is the struct filled from `options`; it and `config` live as long as the instance. All but `task_configs` may
 * be NULL. */
struct kc_connector_ops {
    /* Rules across options, for the validate endpoint and before create and update. `conf` holds what could be parsed.
     * @thread any  @blocks may look at the outside world for a few seconds */
    void (*validate)(const struct kc_config *config, const void *conf, struct kc_problems *problems);
    /* @thread connector  @errors the connector becomes FAILED */
    int (*start)(struct kc_connector_context *ctx, const struct kc_config *config, const void *conf, void **ret_self,
                 struct kc_error *err);
    /* Appends at most `max_tasks` configurations (owned by the caller afterwards) to ret_configs[0 … *ret_count).
     * @thread connector */
    int (*task_configs)(void *self, const struct kc_config *config, const void *conf, int max_tasks,
                        struct kc_config **ret_configs, int *ret_count, struct kc_error *err);
    /* Frees self. @thread connector */
    void (*stop)(void *self);
    /* Source, offsets REST: checks and applies a change made from outside; NULL = any change is fine. `partitions` and
     * `offsets` are MAPs or null values, `count` of each. */
    int (*alter_offsets)(const struct kc_config *config, const struct kc_value *partitions,
                         const struct kc_value *offsets, size_t count, struct kc_error *err);
    /* Source: whether it delivers exactly once with this configuration, on a worker that can; asked when
     * exactly.once.support is required. NULL: nobody knows (Java's null). enum kc_exactly_once, or -1 with err. */
    int (*exactly_once_support)(const struct kc_config *config, struct kc_error *err);
    /* Source: whether its tasks can say where transactions end; asked when transaction.boundary is connector. NULL:
     * they cannot. 1, 0, or -1 with err. */
    int (*can_define_transaction_boundaries)(const struct kc_config *config, struct kc_error *err);
};

/* What a sink task may ask of the worker. @thread task, inside a callback  @blocks no */
struct kc_sink_context {
    void *worker;
    const char *connector; /* name */
    int task;
    const struct kc_config *config;
    void (*request_commit)(struct kc_sink_context *ctx);
    void (*pause)(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count);
    void (*resume)(struct kc_sink_context *ctx, const struct kc_topic_partition *tps, size_t count);
    /* Consume `topic`/`partition` from `offset` at the next poll. */
    void (*rewind)(struct kc_sink_context *ctx, const char *topic, int32_t partition, int64_t offset);
    /* Next poll (redelivery after KC_PUT_RETRY, or a put with an empty batch) after at most this time. One-shot. */
    void (*timeout)(struct kc_sink_context *ctx, int64_t ms);
    /* Hands one record that the connector cannot store to the errant record reporter (errors.tolerance, dead letters).
     * 0: reported, go on. -1: not tolerated, return KC_PUT_FAIL with `err`. */
    int (*report)(struct kc_sink_context *ctx, const struct kc_record *record, const struct kc_error *cause,
                  struct kc_error *err);
    bool (*stopping)(const struct kc_sink_context *ctx); /* @thread any */
    /* Set by the task in `start` when it never looks at the headers of records: unless a transform might, they are not
     * even parsed then, and records come without. */
    bool without_headers;
};

enum kc_put { KC_PUT_DONE, KC_PUT_RETRY, KC_PUT_FAIL };

/* A sink task: all callbacks on its own thread, one at a time. All but `put` may be NULL. An error of `start` or `open`
 * fails the task. */
struct kc_sink_task_ops {
    int (*start)(struct kc_sink_context *ctx, const void *conf, void **ret_self, struct kc_error *err);
    int (*open)(void *self, const struct kc_topic_partition *tps, size_t count, struct kc_error *err);
    /* The batch may be empty (time passes). Records and their memory are valid during the call only: keep copies.
     * RETRY: the same batch comes again later. FAIL: the task fails. @blocks may, while it works; prefer to come back
     */
    enum kc_put (*put)(void *self, const struct kc_batch *batch, struct kc_error *err);
    /* `offsets` come filled with the positions after all records that were put; lower them to what is safely stored, or
     * set -1. NULL callback: everything that was put counts. An error rewinds to the last committed offsets. */
    int (*pre_commit)(void *self, struct kc_topic_offset *offsets, size_t count, struct kc_error *err);
    void (*close)(void *self, const struct kc_topic_partition *tps, size_t count);
    void (*stop)(void *self); /* frees self */
};

/* Where the transactions of a task end, said by the task itself (transaction.boundary=connector on a worker with
 * exactly-once sources). A transaction begins with the first record after the end of the last one. Aborted records are
 * never seen by readers of committed records, but their source offsets are stored, so that they do not come again.
 * A commit and an abort at the same place fail the task. @thread task, inside poll  @blocks no */
struct kc_transaction_context {
    void *worker;
    /* After the batch that this poll gives. */
    void (*commit)(struct kc_transaction_context *tx);
    void (*abort)(struct kc_transaction_context *tx);
    /* After this record of the batch (as kc_batch_add gave it), even if transforms drop it. */
    void (*commit_record)(struct kc_transaction_context *tx, const struct kc_record *record);
    void (*abort_record)(struct kc_transaction_context *tx, const struct kc_record *record);
};

/* What a source task may ask of the worker. */
struct kc_source_context {
    void *worker;
    const char *connector;
    int task;
    const struct kc_config *config;
    bool (*stopping)(const struct kc_source_context *ctx); /* @thread any */
    /* The stored source offset (a MAP in `arena`, or null) of a source partition (a MAP). Reads the offsets topic to
     * its end first. @thread task  @blocks up to offset.flush.timeout.ms */
    int (*offset)(struct kc_source_context *ctx, struct kc_arena *arena, const struct kc_value *partition,
                  struct kc_value *ret_offset, struct kc_error *err);
    /* The handle of a source partition (a MAP); same map, same handle; valid until the task has stopped. Make it once,
     * not per record. @thread task */
    const struct kc_source_partition *(*partition)(struct kc_source_context *ctx, const struct kc_value *partition);
    /* Sleeps until `ms` passed or the task should stop or pause. @thread task */
    void (*wait)(struct kc_source_context *ctx, int64_t ms);
    struct kc_transaction_context *transaction; /* NULL: the worker decides where transactions end, if there are any */
};

/* A source task: all callbacks on its own thread, one at a time. All but `poll` may be NULL. An error of `start`, or
 * one of `poll` that is not retriable, fails the task. */
struct kc_source_task_ops {
    int (*start)(struct kc_source_context *ctx, const void *conf, void **ret_self, struct kc_error *err);
    /* Adds records to the empty batch (kc_batch_add); none is fine: wait a little first (ctx->wait), at most about a
     * second, so that pause and stop are prompt. Memory that records point to must live in batch->arena or as long as
     * the task. A retriable error is logged and polled again. @thread task  @blocks about a second */
    int (*poll)(void *self, struct kc_batch *batch, struct kc_error *err);
    void (*commit)(void *self); /* offsets were flushed */
    /* Each live record of a batch is acknowledged (or dropped): called in the order of acknowledgement; in exactly-once
     * tasks after its transaction was committed, in the order of the batches. record->offset is that of the record in
     * its topic, -1 when it was not written or the broker did not say. */
    void (*commit_record)(void *self, const struct kc_record *record);
    void (*stop)(void *self); /* frees self */
};

/* Converters work on a whole batch in place: key (is_key) or value of every live record from index `from` on.
 * They return the index of the first record that failed (err set) or batch->count. `configure` and `close` may be NULL
 * here and in the kinds that follow; `close` frees self. @thread the task's, all but `configure`: a thread of the
 * worker, before the task's is started */
struct kc_converter_ops {
    /* `config`: the options without their prefix plus "converter.type" key|value|header. */
    int (*configure)(const struct kc_config *config, const void *conf, bool is_key, void **ret_self,
                     struct kc_error *err);
    uint32_t (*to_connect)(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err);
    uint32_t (*from_connect)(void *self, struct kc_batch *batch, uint32_t from, bool is_key, struct kc_error *err);
    void (*close)(void *self);
};

struct kc_header_converter_ops {
    int (*configure)(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err);
    /* Fills header->schema and ->value from raw bytes (NULL data: null). */
    int (*to_connect)(void *self, struct kc_arena *arena, const char *topic, const void *data, size_t len,
                      struct kc_header *header, struct kc_error *err);
    /* ret_bytes: BYTES or null, in `arena` or borrowed from the header. */
    int (*from_connect)(void *self, struct kc_arena *arena, const char *topic, const struct kc_header *header,
                        struct kc_value *ret_bytes, struct kc_error *err);
    void (*close)(void *self);
};

/* A transform changes live records from index `from` on in place, or sets `dropped`. Returns as converters do. */
struct kc_transformation_ops {
    int (*configure)(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err);
    uint32_t (*apply)(void *self, struct kc_batch *batch, uint32_t from, struct kc_error *err);
    void (*close)(void *self);
};

struct kc_predicate_ops {
    int (*configure)(const struct kc_config *config, const void *conf, void **ret_self, struct kc_error *err);
    /* 1: the record matches, 0: it does not, -1: error, which counts as one of the transform. */
    int (*test)(void *self, const struct kc_record *record, struct kc_error *err);
    void (*close)(void *self);
};

/* Answers ${provider:path:key}. @thread any, one at a time per instance  @blocks may read files */
struct kc_config_provider_ops {
    int (*configure)(const struct kc_config *config, void **ret_self, struct kc_error *err);
    /* Fills `ret_values` with the wanted keys that exist (all keys when key_count is 0); ttl -1 = none. */
    int (*get)(void *self, const char *path, const char *const *keys, size_t key_count, struct kc_config *ret_values,
               int64_t *ret_ttl_ms, struct kc_error *err);
    void (*close)(void *self);
};

struct kc_plugin {
    uint32_t abi; /* KC_ABI */
    enum kc_plugin_kind kind;
    const char *class_name;               /* Java's, e.g. "io.confluent.connect.s3.S3SinkConnector" */
    const char *task_class;               /* connectors: Java's task class, written as task.class */
    const char *const *aliases;           /* further names, NULL-terminated; the simple names are derived */
    const char *version;                  /* shown in /connector-plugins; NULL = the worker's */
    const struct kc_option *options;      /* ends with KC_OPTION_END; NULL = none */
    size_t conf_size;                     /* bytes of the conf struct; 0 = none */
    const struct kc_option *task_options; /* connectors: NULL = options, conf_size used for tasks too */
    const struct kc_connector_ops *connector;
    const struct kc_sink_task_ops *sink_task;
    const struct kc_source_task_ops *source_task;
    const struct kc_converter_ops *converter;
    const struct kc_header_converter_ops *header_converter; /* a converter may be both */
    const struct kc_transformation_ops *transformation;
    const struct kc_predicate_ops *predicate;
    const struct kc_config_provider_ops *config_provider;
};

#ifdef __cplusplus
}
#endif
#endif
