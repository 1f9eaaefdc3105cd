/* Registry of plugins. Filled by main before any other thread runs, read only afterwards, emptied at the very end.
 * @source org.apache.kafka.connect.runtime.isolation.Plugins, PluginUtils, DelegatingClassLoader */
#include "connect/plugins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>

#include "config/builtin.h"
#include "config/parse.h"
#include "connect/base/arena.h"
#include "connect/base/buf.h"
#include "connect/base/err.h"
#include "connect/base/map.h"
#include "connect/base/version.h"
#include "connect/convert/builtin.h"
#include "connect/plugin_version.h"
#include "connect/transform/builtin.h"
#include "connect/validation.h"
#include "connectors/builtin.h"

#define LOG_PLUGINS "org.apache.kafka.connect.runtime.isolation.PluginScanner"

enum { PLUGINS_MAX = 4096, HANDLES_MAX = 1024, NAMES_TEXT_MAX = 64 * 1024 };

static struct {
    const struct kc_plugin *plugins[PLUGINS_MAX];
    size_t count;
    void *handles[HANDLES_MAX];
    size_t handle_count;
    struct kc_arena *arena;
    struct map *classes; /* full class name → the first plugin of it */
    struct map *aliases; /* name → full class name, or `ambiguous` */
    const char **class_names[KC_KIND_COUNT];
    const char **outer_classes; /* "…InsertField" of "…InsertField$Key", NULL-terminated */
} registry;

static const char ambiguous[] = "";

static const char *const kind_names[KC_KIND_COUNT] = {
    "sink", "source", "converter", "header_converter", "transformation", "predicate", "config_provider"};
static const char *const interfaces[KC_KIND_COUNT] = {"Connector",      "Connector", "Converter",     "HeaderConverter",
                                                      "Transformation", "Predicate", "ConfigProvider"};

const char *plugins_kind_name(enum kc_plugin_kind kind) {
    return kind_names[kind];
}

const char *plugins_version(const struct kc_plugin *plugin) {
    return plugin->version ? plugin->version : KAFKA_VERSION;
}

size_t plugins_count(void) {
    return registry.count;
}

const struct kc_plugin *plugins_at(size_t i) {
    return registry.plugins[i];
}

/* Whether the plugin is of this kind; some converters are header converters as well. */
static bool is_of_kind(const struct kc_plugin *plugin, enum kc_plugin_kind kind) {
    return plugin->kind == kind ||
           (kind == KC_KIND_HEADER_CONVERTER && plugin->kind == KC_KIND_CONVERTER && plugin->header_converter);
}

/* ---- Filling ----------------------------------------------------------------------------------------------------- */

/* Whether the callbacks are there that are called without a look; plugin.h says which may be missing. */
static bool is_complete(const struct kc_plugin *p) {
    const struct kc_converter_ops *c = p->converter;
    const struct kc_header_converter_ops *h = p->header_converter;
    switch (p->kind) {
    case KC_KIND_SINK:
        return p->connector && p->connector->task_configs && p->sink_task && p->sink_task->put;
    case KC_KIND_SOURCE:
        return p->connector && p->connector->task_configs && p->source_task && p->source_task->poll;
    case KC_KIND_CONVERTER:
        return c && c->to_connect && c->from_connect && (!h || (h->to_connect && h->from_connect));
    case KC_KIND_HEADER_CONVERTER:
        return h && h->to_connect && h->from_connect;
    case KC_KIND_TRANSFORMATION:
        return p->transformation && p->transformation->apply;
    case KC_KIND_PREDICATE:
        return p->predicate && p->predicate->test;
    default:
        return p->config_provider && p->config_provider->get;
    }
}

/* What is wrong with a plugin's table, or NULL. */
static const char *defect(const struct kc_plugin *p) {
    static const char *const lacks[KC_KIND_COUNT] = {[KC_KIND_SINK] = "lacks sink callbacks",
                                                     [KC_KIND_SOURCE] = "lacks source callbacks",
                                                     [KC_KIND_CONVERTER] = "lacks converter callbacks",
                                                     [KC_KIND_HEADER_CONVERTER] = "lacks header converter callbacks",
                                                     [KC_KIND_TRANSFORMATION] = "lacks transformation callbacks",
                                                     [KC_KIND_PREDICATE] = "lacks predicate callbacks",
                                                     [KC_KIND_CONFIG_PROVIDER] = "lacks config provider callbacks"};
    if (p->abi != KC_ABI)
        return "was built for another version of plugin.h";
    if (!p->class_name || !*p->class_name)
        return "has no class name";
    if ((unsigned)p->kind >= KC_KIND_COUNT)
        return "is of an unknown kind";
    if ((p->options || p->task_options) && !p->conf_size)
        return "has options but no conf_size";
    return is_complete(p) ? NULL : lacks[p->kind];
}

/* Adds a plugin; of one class the highest version stays. */
static void add(const struct kc_plugin *plugin, const char *location) {
    const char *wrong = defect(plugin);
    if (wrong || registry.count == PLUGINS_MAX) {
        kc_log(KC_ERROR, LOG_PLUGINS, "%s: plugin %s %s, left out", location,
               plugin->abi == KC_ABI && plugin->class_name ? plugin->class_name : "(unnamed)",
               wrong ? wrong : "is one too many");
        return;
    }
    for (size_t i = 0; i < registry.count; i++) {
        const struct kc_plugin *other = registry.plugins[i];
        if (strcmp(other->class_name, plugin->class_name) != 0)
            continue;
        bool newer = version_compare(plugins_version(plugin), plugins_version(other)) > 0;
        kc_log(KC_WARN, LOG_PLUGINS, "%s: plugin %s version %s is there already with version %s, using %s", location,
               plugin->class_name, plugins_version(plugin), plugins_version(other),
               plugins_version(newer ? plugin : other));
        if (newer)
            registry.plugins[i] = plugin;
        return;
    }
    registry.plugins[registry.count++] = plugin;
}

static void add_table(const struct kc_plugin *const *table, const char *location) {
    for (; *table; table++)
        add(*table, location);
}

/* @source plugins that stay out do not stop the worker: Java logs and goes on, too */
static void load_object(const char *path) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        kc_log(KC_ERROR, LOG_PLUGINS, "cannot load plugin %s, left out: %s", path, dlerror());
        return;
    }
    const struct kc_plugin *const *table = dlsym(handle, "kc_plugins");
    if (!table || registry.handle_count == HANDLES_MAX) {
        kc_log(KC_ERROR, LOG_PLUGINS, "cannot load plugin %s, left out: %s", path,
               table ? "too many plugin files" : "it exports no table kc_plugins");
        dlclose(handle);
        return;
    }
    registry.handles[registry.handle_count++] = handle;
    kc_log(KC_INFO, LOG_PLUGINS, "Loading plugin from: %s", path);
    add_table(table, path);
}

static bool ends_with(const char *s, const char *suffix) {
    size_t len = strlen(s), n = strlen(suffix);
    return len >= n && strcmp(s + len - n, suffix) == 0;
}

/* Loads the *.so of a folder in alphabetical order, and those of its folders (`depth` levels). Java archives are
 * counted. */
static void load_folder(const char *folder, int depth, size_t *ret_jars) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, /* filter= */ NULL, alphasort);
    for (int i = 0; i < count; i++) {
        struct stat st;
        AUTO_BUF path;
        buf_init(&path, 64 * 1024);
        (void)buf_printf(&path, "%s/%s", folder, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        if (!hidden && !path.failed && stat(buf_text(&path), &st) == 0) {
            if (S_ISDIR(st.st_mode) && depth > 0)
                load_folder(buf_text(&path), depth - 1, ret_jars);
            else if (S_ISREG(st.st_mode) && ends_with(entries[i]->d_name, ".so"))
                load_object(buf_text(&path));
            else if (S_ISREG(st.st_mode) && ends_with(entries[i]->d_name, ".jar"))
                ++*ret_jars;
        }
        free(entries[i]);
    }
    free(entries);
}

static void load_element(const char *path) {
    struct stat st;
    size_t jars = 0;
    if (stat(path, &st) != 0) {
        kc_log(KC_WARN, LOG_PLUGINS, "plugin.path names %s, which cannot be read; going on without it", path);
        return;
    }
    if (S_ISDIR(st.st_mode))
        load_folder(path, 1, &jars);
    else if (ends_with(path, ".jar"))
        jars = 1;
    else
        load_object(path);
    if (jars)
        kc_log(KC_WARN, LOG_PLUGINS,
               "%s holds %zu Java archives; this worker loads shared objects only and ignores them", path, jars);
}

static void load_path(const char *plugin_path) {
    static const struct kc_option row = {.name = "plugin.path", .type = KC_OPT_T_LIST, .offset = KC_NO_FIELD};
    AUTO(arena) arena = arena_new(0);
    struct option_parsed v;
    if (option_parse(&row, row.name, plugin_path, arena, &v, /* err= */ NULL) < 0)
        return;
    for (size_t i = 0; i < v.list.count; i++)
        if (*v.list.items[i])
            load_element(v.list.items[i]);
}

/* ---- Names ------------------------------------------------------------------------------------------------------- */

static void add_alias(const char *alias, const char *class_name) {
    const char *known = map_get(registry.aliases, alias);
    if (!known)
        map_put(registry.aliases, alias, (void *)(uintptr_t)class_name);
    else if (strcmp(known, class_name) != 0)
        map_put(registry.aliases, alias, (void *)(uintptr_t)ambiguous);
}

static const char *simple_name(const char *class_name) {
    const char *dot = strrchr(class_name, '.'), *dollar = strrchr(class_name, '$');
    const char *cut = dollar > dot ? dollar : dot;
    return cut ? cut + 1 : class_name;
}

/* The simple name without the last "Connector", "Converter", … in it and what follows. */
static const char *pruned_name(const char *simple, enum kc_plugin_kind kind) {
    const char *last = NULL;
    for (const char *s = simple; (s = strstr(s, interfaces[kind])) != NULL; s++)
        last = s;
    return last && last > simple ? kc_arena_copy(registry.arena, simple, (size_t)(last - simple)) : simple;
}

static void add_names(const struct kc_plugin *p) {
    const char *simple = simple_name(p->class_name);
    add_alias(simple, p->class_name);
    for (int kind = 0; kind < KC_KIND_COUNT; kind++)
        if (is_of_kind(p, (enum kc_plugin_kind)kind))
            add_alias(pruned_name(simple, (enum kc_plugin_kind)kind), p->class_name);
    for (const char *const *alias = p->aliases; alias && *alias; alias++)
        add_alias(*alias, p->class_name);
}

static int compare_plugins(const void *a, const void *b) {
    const struct kc_plugin *const *x = a, *const *y = b;
    if ((*x)->kind != (*y)->kind)
        return (*x)->kind < (*y)->kind ? -1 : 1;
    return strcmp((*x)->class_name, (*y)->class_name);
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect_class_names(enum kc_plugin_kind kind) {
    const char **names = kc_arena_zalloc(registry.arena, (registry.count + 1) * sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < registry.count; i++)
        if (is_of_kind(registry.plugins[i], kind))
            names[count++] = registry.plugins[i]->class_name;
    qsort(names, count, sizeof(*names), compare_texts);
    registry.class_names[kind] = names;
}

static void collect_outer_classes(void) {
    const char **names = kc_arena_zalloc(registry.arena, (registry.count + 1) * sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < registry.count; i++) {
        const char *class_name = registry.plugins[i]->class_name, *dollar = strrchr(class_name, '$');
        if (dollar)
            names[count++] = kc_arena_copy(registry.arena, class_name, (size_t)(dollar - class_name));
    }
    registry.outer_classes = names;
}

const char *const *plugins_class_names(enum kc_plugin_kind kind) {
    static const char *const none[] = {NULL};
    return registry.class_names[kind] ? registry.class_names[kind] : none;
}

/* ---- Look-ups ---------------------------------------------------------------------------------------------------- */

static const struct kc_plugin *by_class(const char *class_name) {
    return registry.classes ? map_get(registry.classes, class_name) : NULL;
}

/* By class name or alias, of any kind. */
static const struct kc_plugin *by_any_name(const char *name) {
    const struct kc_plugin *p = by_class(name);
    const char *class_name = p || !registry.aliases ? NULL : map_get(registry.aliases, name);
    return p ? p : class_name && *class_name ? by_class(class_name) : NULL;
}

const struct kc_plugin *plugins_find(const char *name, enum kc_plugin_kind kind) {
    const struct kc_plugin *p = by_any_name(name);
    return p && is_of_kind(p, kind) ? p : NULL;
}

static bool is_connector(const struct kc_plugin *p) {
    return p->kind == KC_KIND_SINK || p->kind == KC_KIND_SOURCE;
}

static void describe(const struct kc_plugin *p, struct buf *out) {
    (void)buf_printf(out,
                     "%sPluginDesc{klass=class %s, name='%s', version='%s', encodedVersion=%s, type=%s, typeName='%s', "
                     "location='classpath'}",
                     out->len ? ", " : "", p->class_name, p->class_name, plugins_version(p), plugins_version(p),
                     kind_names[p->kind], kind_names[p->kind]);
}

const struct kc_plugin *plugins_connector(const char *name, struct kc_error *err) {
    const struct kc_plugin *found = by_any_name(name);
    size_t count = 0;
    if (found && is_connector(found))
        return found;
    AUTO_BUF matches;
    AUTO_BUF all;
    buf_init(&matches, NAMES_TEXT_MAX);
    buf_init(&all, NAMES_TEXT_MAX);
    for (size_t i = 0; i < registry.count; i++) {
        const struct kc_plugin *p = registry.plugins[i];
        const char *simple = simple_name(p->class_name);
        size_t len = strlen(name);
        if (!is_connector(p))
            continue;
        describe(p, &all);
        if (strncmp(simple, name, len) == 0 && (!simple[len] || strcmp(simple + len, "Connector") == 0)) {
            (void)buf_printf(&matches, "%s%s", matches.len ? ", " : "", p->class_name);
            found = p;
            count++;
        }
    }
    if (count == 1)
        return found;
    if (count > 1)
        err_set_class(
            err, ERR_BAD_REQUEST, KC_CONNECT_EXCEPTION,
            "More than one connector matches alias %s. Please use full package and class name instead. Classes "
            "found: %s",
            name, buf_text(&matches));
    else
        err_set_class(err, ERR_BAD_REQUEST, KC_CONNECT_EXCEPTION,
                      "Failed to find any class that implements Connector and which name matches %s, available "
                      "connectors are: %s",
                      name, buf_text(&all));
    return NULL;
}

int plugins_check_version(const struct kc_plugin *plugin, const char *spec, bool *ret_malformed, struct kc_error *err) {
    struct version_range *range = NULL;
    int rc = version_range_parse(spec, &range, err);
    if (ret_malformed)
        *ret_malformed = rc < 0;
    if (rc == 0 && !version_range_has(range, plugins_version(plugin))) {
        AUTO_BUF text;
        buf_init(&text, NAMES_TEXT_MAX);
        (void)version_range_text(range, &text);
        rc = err_set(err, ERR_BAD_REQUEST,
                     "Plugin %s not found that matches the version range %s, available versions: [%s]",
                     plugin->class_name, buf_text(&text), plugins_version(plugin));
    }
    version_range_free(range);
    return rc;
}

/* ---- Classes for options (config/parse.h) ------------------------------------------------------------------------ */

/* Whether `class_name` is the class around a nested plugin class. */
static bool encloses(const char *class_name, const struct kc_plugin *p) {
    size_t len = strlen(class_name);
    return strncmp(p->class_name, class_name, len) == 0 && p->class_name[len] == '$';
}

static const char *find_class(const char *name) {
    const struct kc_plugin *p = by_any_name(name);
    if (p)
        return p->class_name;
    for (const char **outer = registry.outer_classes; outer && *outer; outer++)
        if (strcmp(*outer, name) == 0)
            return *outer;
    return NULL;
}

static int check_class(const char *class_name, int kind, struct kc_error *err) {
    const struct kc_plugin *p = by_class(class_name);
    if (p && is_of_kind(p, (enum kc_plugin_kind)kind))
        return 0;
    AUTO_BUF nested;
    buf_init(&nested, NAMES_TEXT_MAX);
    for (size_t i = 0; !p && i < registry.count; i++)
        if (encloses(class_name, registry.plugins[i]) && is_of_kind(registry.plugins[i], (enum kc_plugin_kind)kind))
            (void)buf_printf(&nested, "%s%s", nested.len ? ", " : "", registry.plugins[i]->class_name);
    if (nested.len)
        return err_set(err, ERR_BAD_CONFIG, "This class is abstract and cannot be created. Did you mean %s?",
                       buf_text(&nested));
    return err_set(err, ERR_BAD_CONFIG, "Class class %s does not implement the %s interface", class_name,
                   interfaces[kind]);
}

static const struct option_classes option_class_look_ups = {.find = find_class, .check = check_class};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

int plugins_init(const char *plugin_path, struct kc_error *err) {
    if (registry.arena)
        return err_set(err, ERR_INTERNAL, "the registry of plugins is filled already");
    registry.arena = arena_new(0);
    registry.aliases = map_new(/* free_value= */ NULL);
    add_table(builtin_connectors, "built in");
    add_table(builtin_converters, "built in");
    add_table(builtin_transforms, "built in");
    add_table(builtin_predicates, "built in");
    add_table(builtin_providers, "built in");
    if (plugin_path)
        load_path(plugin_path);
    qsort(registry.plugins, registry.count, sizeof(registry.plugins[0]), compare_plugins);
    registry.classes = map_new(/* free_value= */ NULL);
    for (size_t i = 0; i < registry.count; i++) {
        const struct kc_plugin *p = registry.plugins[i];
        if (!map_has(registry.classes, p->class_name))
            map_put(registry.classes, p->class_name, (void *)(uintptr_t)p);
        add_names(p);
    }
    for (int kind = 0; kind < KC_KIND_COUNT; kind++)
        collect_class_names((enum kc_plugin_kind)kind);
    collect_outer_classes();
    option_classes_set(&option_class_look_ups);
    return 0;
}

void plugins_done(void) {
    option_classes_set(/* classes= */ NULL);
    validation_forget_rows();
    registry.classes = map_free(registry.classes);
    registry.count = 0;
    memset(registry.class_names, 0, sizeof(registry.class_names));
    registry.outer_classes = NULL;
    registry.aliases = map_free(registry.aliases);
    registry.arena = arena_free(registry.arena);
    while (registry.handle_count)
        dlclose(registry.handles[--registry.handle_count]);
}
