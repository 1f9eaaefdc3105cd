/* Two readers, one for each form of log4j's configuration, that fill the same plan.
 * @source org.apache.logging.log4j.core.config (YamlConfiguration, StrSubstitutor),
 * org.apache.log4j.PropertyConfigurator */
#include "connect/log_plan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/properties.h"
#include "config/yaml_tree.h"
#include "connect/base/comma_list.h"
#include "connect/base/err.h"

enum { FILE_MAX = 1 << 20, NOTES_MAX = 1 << 14, TEXT_MAX = 1 << 14, MAX_NESTING = 8 };

struct reader {
    struct log_plan *plan;
    const struct yaml_tree *yaml;   /* the Configuration, or NULL */
    const struct kc_config *config; /* the properties, or NULL */
    log_plan_lookup *lookup;
    void *arg;
    int nesting; /* of references that are being resolved */
};

struct log_plan *log_plan_free(struct log_plan *plan) {
    if (!plan)
        return NULL;
    for (size_t i = 0; i < plan->count; i++)
        free(plan->levels[i].logger);
    free(plan->levels);
    free(plan->file);
    buf_done(&plan->notes);
    free(plan);
    return NULL;
}

/* ---- ${…} -------------------------------------------------------------------------------------------------------- */

/* An entry of the configuration's Properties, or of a properties file. */
static const char *own_property(const struct reader *r, const char *name) {
    if (r->config)
        return kc_config_get(r->config, name);
    const struct yaml_tree *list = yaml_tree_get(yaml_tree_get(r->yaml, "Properties"), "Property"), *item;
    for (size_t i = 0; (item = yaml_tree_item(list, i)); i++) {
        const char *own = yaml_tree_text(item, "name");
        if (own && strcmp(own, name) == 0)
            return yaml_tree_text(item, "value");
    }
    return NULL;
}

static int resolve(struct reader *r, const char *text, struct buf *to);

/* The inside of ${…}: "name", "sys:name", "env:name", maybe with ":-default". */
static int reference(struct reader *r, const char *inside, size_t len, struct buf *to) {
    AUTO_TEXT name = strndup(inside, len);
    char *otherwise = name ? strstr(name, ":-") : NULL;
    if (otherwise) {
        *otherwise = 0;
        otherwise += 2;
    }
    const char *value = NULL, *colon = name ? strchr(name, ':') : NULL;
    if (colon) {
        AUTO_TEXT kind = strndup(name, (size_t)(colon - name));
        value = kind ? r->lookup(r->arg, kind, colon + 1) : NULL;
        if (value)
            return buf_add_text(to, value);
    } else if (name) {
        value = r->config ? r->lookup(r->arg, "sys", name) : NULL; /* log4j 1 asks the system first */
        value = value ? value : own_property(r, name);
    }
    value = value ? value : otherwise;
    if (!value) {
        buf_printf(&r->plan->notes, "${%s} has no value\n", name ? name : "");
        return -1;
    }
    return resolve(r, value, to);
}

/* Appends `text` with its references replaced. */
static int resolve(struct reader *r, const char *text, struct buf *to) {
    if (++r->nesting > MAX_NESTING) {
        buf_printf(&r->plan->notes, "references go round in a circle: %s\n", text);
        return -1;
    }
    for (const char *open; (open = strstr(text, "${"));) {
        const char *close = strchr(open, '}');
        if (!close)
            break;
        (void)buf_add(to, text, (size_t)(open - text));
        if (reference(r, open + 2, (size_t)(close - open) - 2, to) < 0)
            return -1;
        text = close + 1;
    }
    r->nesting--;
    return buf_add_text(to, text);
}

/* malloc'ed; NULL when a reference has no value (noted) or `text` is NULL. */
static char *resolved(struct reader *r, const char *text) {
    AUTO_BUF to;
    buf_init(&to, TEXT_MAX);
    r->nesting = 0;
    if (!text || resolve(r, text, &to) < 0)
        return NULL;
    return to.len ? buf_take(&to) : strdup("");
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

static void set_level(struct reader *r, const char *logger, const char *text) {
    struct log_plan *plan = r->plan;
    AUTO_TEXT name = resolved(r, text);
    enum kc_level level;
    if (!name || !name[0] || strcasecmp(name, "null") == 0 || strcasecmp(name, "inherited") == 0)
        return;
    if (log_level_parse(name, &level) < 0) {
        buf_printf(&plan->notes, "unknown level '%s' of logger %s\n", name, logger);
        return;
    }
    if (strcasecmp(logger, "root") == 0) {
        plan->has_root = true;
        plan->root = level;
        return;
    }
    struct log_plan_level *grown = reallocarray(plan->levels, plan->count + 1, sizeof *grown);
    if (!grown)
        return;
    plan->levels = grown;
    grown[plan->count] = (struct log_plan_level){.logger = strdup(logger), .level = level};
    plan->count += grown[plan->count].logger != NULL;
}

/* Parents before their children: setting a parent's level sets its children's too. */
static int shorter_first(const void *a, const void *b) {
    size_t x = strlen(((const struct log_plan_level *)a)->logger),
           y = strlen(((const struct log_plan_level *)b)->logger);
    return (x > y) - (x < y);
}

/* An appender that the root logger names: `kind` without "Appender" at its end. */
static void use_appender(struct reader *r, const char *name, const char *kind, const char *file, const char *append) {
    static const char *const files[] = {"File", "RollingFile", "RandomAccessFile", "RollingRandomAccessFile",
                                        "DailyRollingFile"};
    struct log_plan *plan = r->plan;
    if (strcasecmp(kind, "Console") == 0) {
        plan->console = true;
        return;
    }
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (strcasecmp(kind, files[i]) != 0)
            continue;
        AUTO_TEXT path = resolved(r, file);
        if (!path || !path[0]) {
            buf_printf(&plan->notes, "appender %s has no file that can be named\n", name);
        } else if (plan->file) {
            buf_printf(&plan->notes, "appender %s is a second file, only %s is written\n", name, plan->file);
        } else {
            plan->file = TAKE(path);
            plan->truncate = append && strcasecmp(append, "false") == 0;
            if (strcasestr(kind, "Rolling"))
                buf_printf(&plan->notes, "%s is not rolled by this worker: move it away, and it is made anew\n",
                           plan->file);
        }
        return;
    }
    buf_printf(&plan->notes, "appender %s is of type %s: only Console and the File types are known\n", name, kind);
}

/* ---- log4j2's YAML ----------------------------------------------------------------------------------------------- */

static void use_yaml_appender(struct reader *r, const char *ref) {
    const struct yaml_tree *kinds = yaml_tree_get(r->yaml, "Appenders"), *item;
    for (size_t k = 0; kinds && kinds->kind == TREE_MAP && k < kinds->count; k++) {
        for (size_t i = 0; (item = yaml_tree_item(kinds->items[k], i)); i++) {
            const char *name = yaml_tree_text(item, "name");
            if (name && strcmp(name, ref) == 0) {
                use_appender(r, ref, kinds->keys[k], yaml_tree_text(item, "fileName"), yaml_tree_text(item, "append"));
                return;
            }
        }
    }
    buf_printf(&r->plan->notes, "there is no appender %s\n", ref);
}

static void read_yaml(struct reader *r) {
    const struct yaml_tree *loggers = yaml_tree_get(r->yaml, "Loggers"), *root = yaml_tree_get(loggers, "Root"), *item;
    const char *const kinds[] = {"Logger", "AsyncLogger"};
    root = root ? root : yaml_tree_get(loggers, "AsyncRoot");
    root = yaml_tree_item(root, 0);
    set_level(r, "root", yaml_tree_text(root, "level"));
    for (size_t i = 0; (item = yaml_tree_item(yaml_tree_get(root, "AppenderRef"), i)); i++)
        if (yaml_tree_text(item, "ref"))
            use_yaml_appender(r, yaml_tree_text(item, "ref"));
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        for (size_t i = 0; (item = yaml_tree_item(yaml_tree_get(loggers, kinds[k]), i)); i++) {
            const char *name = yaml_tree_text(item, "name");
            if (!name)
                continue;
            set_level(r, name, yaml_tree_text(item, "level"));
            if (yaml_tree_get(item, "AppenderRef"))
                buf_printf(&r->plan->notes, "logger %s has appenders of its own: its lines go where all go\n", name);
        }
    }
}

static int parse_yaml(struct reader *r, const char *text, size_t len, const char *file, struct kc_error *err) {
    AUTO(yaml_tree) root = yaml_tree_parse(text, len, file, err);
    if (!root)
        return -1;
    r->yaml = yaml_tree_get(root, "Configuration");
    if (!r->yaml || r->yaml->kind != TREE_MAP)
        return err_set(err, ERR_BAD_CONFIG, "%s: there is no Configuration in it", file);
    read_yaml(r);
    r->yaml = NULL;
    return 0;
}

/* ---- log4j 1's properties ---------------------------------------------------------------------------------------- */

static void use_properties_appender(struct reader *r, const char *name) {
    char key[256];
    snprintf(key, sizeof key, "log4j.appender.%s", name);
    const char *class_name = kc_config_get(r->config, key);
    if (!class_name) {
        buf_printf(&r->plan->notes, "there is no appender %s\n", name);
        return;
    }
    const char *dot = strrchr(class_name, '.'), *own = dot ? dot + 1 : class_name, *end = strstr(own, "Appender");
    AUTO_TEXT kind = strndup(own, end ? (size_t)(end - own) : strlen(own));
    snprintf(key, sizeof key, "log4j.appender.%s.File", name);
    const char *file = kc_config_get(r->config, key);
    snprintf(key, sizeof key, "log4j.appender.%s.Append", name);
    if (kind)
        use_appender(r, name, kind, file, kc_config_get(r->config, key));
}

/* "LEVEL, APPENDER, …" of the root (`logger` NULL) or of a logger. */
static void read_logger(struct reader *r, const char *logger, const char *value) {
    const char *comma = strchr(value, ','), *item;
    size_t len = comma ? (size_t)(comma - value) : strlen(value);
    AUTO_TEXT text = strndup(value, len);
    char *level = text;
    while (level && *level == ' ')
        level++;
    for (size_t n = level ? strlen(level) : 0; n && level[n - 1] == ' '; n--)
        level[n - 1] = 0;
    set_level(r, logger ? logger : "root", level);
    if (logger && comma)
        buf_printf(&r->plan->notes, "logger %s has appenders of its own: its lines go where all go\n", logger);
    for (const char *pos = comma; !logger && pos && comma_list_next(&pos, &item, &len);) {
        AUTO_TEXT name = strndup(item, len);
        if (name)
            use_properties_appender(r, name);
    }
}

static int parse_properties(struct reader *r, const char *text, size_t len, const char *file, struct kc_error *err) {
    static const char *const prefixes[] = {"log4j.logger.", "log4j.category."};
    AUTO(props) config = kc_config_new();
    if (properties_parse(text, len, file, config, err) < 0)
        return -1;
    const char *root = kc_config_get(config, "log4j.rootLogger");
    root = root ? root : kc_config_get(config, "log4j.rootCategory");
    if (!root)
        return err_set(err, ERR_BAD_CONFIG, "%s: there is no log4j.rootLogger in it", file);
    r->config = config;
    read_logger(r, NULL, root);
    for (size_t i = 0; i < kc_config_count(config); i++) {
        const char *key = kc_config_key(config, i);
        for (size_t k = 0; k < COUNT_OF(prefixes); k++)
            if (strncmp(key, prefixes[k], strlen(prefixes[k])) == 0)
                read_logger(r, key + strlen(prefixes[k]), kc_config_value(config, i));
    }
    r->config = NULL;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static bool ends_with(const char *file, const char *end) {
    size_t len = strlen(file), n = strlen(end);
    return len >= n && strcasecmp(file + len - n, end) == 0;
}

struct log_plan *log_plan_parse(const char *text, size_t len, const char *file, log_plan_lookup *lookup, void *arg,
                                struct kc_error *err) {
    AUTO(log_plan) plan = calloc(1, sizeof *plan);
    struct reader r = {.plan = plan, .lookup = lookup, .arg = arg};
    int rc;
    if (!plan) {
        err_set(err, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    buf_init(&plan->notes, NOTES_MAX);
    if (ends_with(file, ".yaml") || ends_with(file, ".yml"))
        rc = parse_yaml(&r, text, len, file, err);
    else if (ends_with(file, ".properties"))
        rc = parse_properties(&r, text, len, file, err);
    else
        rc = err_set(err, ERR_BAD_CONFIG, "%s: only .yaml and .properties (log4j 1) are read", file);
    if (rc == 0 && plan->count)
        qsort(plan->levels, plan->count, sizeof *plan->levels, shorter_first);
    return rc < 0 ? NULL : TAKE(plan);
}

struct log_plan *log_plan_load(const char *file, log_plan_lookup *lookup, void *arg, struct kc_error *err) {
    size_t len;
    AUTO_TEXT text = file_read(file, FILE_MAX, &len, err);
    if (!text) {
        err_prefix(err, "%s", file);
        return NULL;
    }
    return log_plan_parse(text, len, file, lookup, arg, err);
}
